import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { MAX_CHAIN } from "./measure.js";
import { BtfKind, type BtfType } from "./types.js";

/** Writes the type at the end of a chain of pointers, arrays and so on: "int", "struct foo", "foo_t". */
export type SpellBase = (id: number, type: BtfType, extent: Extent) => string;

/** How deep a declaration is nested, and how many it has come to consist of. */
export interface Extent {
  depth: number;
  count: number;
}

/** Prototypes and structs within each other, and declarations within one: more than C sources have. */
const MAX_DEPTH = 64;
const MAX_COUNT = 200_000;

/** Guards the writing of a part of a declaration, since hostile types multiply as they nest. */
export function nested<T>(extent: Extent, id: number, write: () => T): T {
  if (extent.depth >= MAX_DEPTH || extent.count++ >= MAX_COUNT) throw tooDeep(id);
  extent.depth++;
  try {
    return write();
  } finally {
    extent.depth--;
  }
}

/**
 * A declaration of C: `name` as a thing of that type. Without a name it is a type name, as casts have it.
 *
 * C writes a type from the inside out: `int (*name[4])(void *)` is an array of pointers to functions. So
 * the declarator grows around the name while the chain is followed down to what it is made of.
 */
export function declare(
  btf: Btf,
  id: number,
  name: string,
  spellBase: SpellBase,
  extent: Extent = { depth: 0, count: 0 },
): string {
  return nested(extent, id, () => declareNested(btf, id, name, spellBase, extent));
}

function declareNested(btf: Btf, id: number, name: string, spellBase: SpellBase, extent: Extent): string {
  let declarator = name;
  let isPointer = false;
  let qualifiers: string[] = [];
  const wrapped = () => (isPointer ? `(${declarator})` : declarator);
  let current = id;
  for (let steps = 0; steps <= MAX_CHAIN; steps++) {
    const type = btf.type(current);
    switch (type.kind) {
      case BtfKind.Ptr: {
        const words = qualifiers.join(" ");
        const needsSpace = words !== "" && declarator !== "";
        declarator = `*${words}${needsSpace ? " " : ""}${declarator}`;
        qualifiers = [];
        isPointer = true;
        current = type.type;
        break;
      }
      case BtfKind.Const:
      case BtfKind.Volatile:
      case BtfKind.Restrict:
      case BtfKind.TypeTag: {
        const word = qualifier(type);
        // Clang puts the last of several tags first.
        if (!qualifiers.includes(word))
          qualifiers = isTag(word) ? [word, ...qualifiers] : [...qualifiers, word];
        current = type.type;
        break;
      }
      case BtfKind.Array:
        // A qualified array is an array of qualified elements (C11 §6.7.3).
        declarator = `${wrapped()}[${type.length}]`;
        isPointer = false;
        current = type.type;
        break;
      case BtfKind.FuncProto: {
        const params = type.params.map((param, i) =>
          param.type === 0 && i === type.params.length - 1
            ? "..."
            : declare(btf, param.type, param.name, spellBase, extent),
        );
        // GCC qualifies the types of functions that do not return; C has no meaning for it.
        qualifiers = [];
        const isVoid = params.length === 0 || (params.length === 1 && params[0] === "...");
        const prototype = `${wrapped()}(${isVoid ? "void" : params.join(", ")})`;
        declarator = declarator === "" ? ` ${prototype}` : prototype;
        isPointer = false;
        current = type.returnType;
        break;
      }
      default: {
        const tags = qualifiers.filter((word) => isTag(word));
        const before = qualifiers.filter((word) => !isTag(word));
        const base = [...before, spellBase(current, type, extent), ...tags].join(" ");
        const isJoined = declarator === "" || declarator.startsWith("[") || declarator.startsWith(" ");
        return isJoined ? base + declarator : `${base} ${declarator}`;
      }
    }
  }
  throw tooDeep(id);
}

function tooDeep(id: number): ObjectFormatError {
  return new ObjectFormatError(`type ${id} refers to itself, or is nested too deep`, { section: ".BTF" });
}

function qualifier(type: BtfType): string {
  switch (type.kind) {
    case BtfKind.Const:
      return "const";
    case BtfKind.Volatile:
      return "volatile";
    case BtfKind.Restrict:
      return "restrict";
    case BtfKind.TypeTag:
      return attribute("btf_type_tag", type.name, type.isAttribute === true);
    default:
      throw new ObjectFormatError(`"${type.name}" is no qualifier`, { section: ".BTF" });
  }
}

function isTag(word: string): boolean {
  return word.startsWith("__attribute__");
}

/** A tag as clang takes it; tags that are attributes themselves are written so. */
export function attribute(tag: "btf_type_tag" | "btf_decl_tag", name: string, isAttribute: boolean): string {
  return isAttribute ? `__attribute__((${name}))` : `__attribute__((${tag}(${JSON.stringify(name)})))`;
}
