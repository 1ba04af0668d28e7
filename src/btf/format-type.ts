import type { Btf } from "./btf.js";
import { declare } from "./c-declaration.js";
import { BtfKind, type BtfType } from "./types.js";

/**
 * A type's name as C has it, in one line: "struct xdp_md *", "int (*)(void *, long)", "char[16]". What
 * has no name is "struct {…}". Functions and variables are declared: "int main(void)", "u64 packets".
 * Throws ObjectFormatError for types that do not exist or refer to themselves.
 */
export function formatType(btf: Btf, id: number): string {
  const type = btf.type(id);
  switch (type.kind) {
    case BtfKind.Func:
    case BtfKind.Var:
      return declare(btf, type.type, type.name, spell);
    case BtfKind.Datasec:
    case BtfKind.DeclTag:
      return type.name;
    default:
      return declare(btf, id, "", spell);
  }
}

function spell(_id: number, type: BtfType): string {
  const tagged = (word: string) => `${word} ${type.name === "" ? "{…}" : type.name}`;
  switch (type.kind) {
    case BtfKind.Void:
      return "void";
    case BtfKind.Struct:
      return tagged("struct");
    case BtfKind.Union:
      return tagged("union");
    case BtfKind.Enum:
    case BtfKind.Enum64:
      return tagged("enum");
    case BtfKind.Fwd:
      return tagged(type.isUnion ? "union" : "struct");
    default:
      return type.name;
  }
}
