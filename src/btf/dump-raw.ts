import type { Btf } from "./btf.js";
import { type BtfEnum, type BtfInt, BtfKind, type BtfType } from "./types.js";

/** Kinds as bpftool and the kernel's documentation write them. */
const KIND_NAMES: Readonly<Record<BtfKind, string>> = {
  [BtfKind.Void]: "UNKNOWN",
  [BtfKind.Int]: "INT",
  [BtfKind.Ptr]: "PTR",
  [BtfKind.Array]: "ARRAY",
  [BtfKind.Struct]: "STRUCT",
  [BtfKind.Union]: "UNION",
  [BtfKind.Enum]: "ENUM",
  [BtfKind.Fwd]: "FWD",
  [BtfKind.Typedef]: "TYPEDEF",
  [BtfKind.Volatile]: "VOLATILE",
  [BtfKind.Const]: "CONST",
  [BtfKind.Restrict]: "RESTRICT",
  [BtfKind.Func]: "FUNC",
  [BtfKind.FuncProto]: "FUNC_PROTO",
  [BtfKind.Var]: "VAR",
  [BtfKind.Datasec]: "DATASEC",
  [BtfKind.Float]: "FLOAT",
  [BtfKind.DeclTag]: "DECL_TAG",
  [BtfKind.TypeTag]: "TYPE_TAG",
  [BtfKind.Enum64]: "ENUM64",
};

/**
 * All types as text, one after the other, as `bpftool btf dump … format raw` writes them: a line each,
 * with lines of their own for members, enumerators, parameters and variables. Of split BTF its own types
 * alone. Throws ObjectFormatError at a type that is malformed.
 */
export function* dumpRaw(btf: Btf): Generator<string> {
  for (let id = btf.firstId; id < btf.length; id++) yield dumpRawType(btf, id);
}

/** One type as `dumpRaw` writes it. */
export function dumpRawType(btf: Btf, id: number): string {
  const type = btf.type(id);
  const [facts, ...parts] = factsOf(btf, type);
  return [`[${id}] ${KIND_NAMES[type.kind]} ${quoted(type.name)}${facts}`, ...parts].join("\n\t");
}

function quoted(name: string): string {
  return `'${name === "" ? "(anon)" : name}'`;
}

/** What stands behind a type's name, and the lines of its parts. */
function factsOf(btf: Btf, type: BtfType): string[] {
  switch (type.kind) {
    case BtfKind.Void:
      return [""];
    case BtfKind.Int: {
      const { size, bitOffset, bits } = type;
      return [` size=${size} bits_offset=${bitOffset} nr_bits=${bits} encoding=${encodingName(type)}`];
    }
    case BtfKind.Array:
      return [` type_id=${type.type} index_type_id=${type.indexType} nr_elems=${type.length}`];
    case BtfKind.Struct:
    case BtfKind.Union:
      return [
        ` size=${type.size} vlen=${type.members.length}`,
        ...type.members.map(({ name, type: member, bitOffset, bitFieldSize }) => {
          const bitField = bitFieldSize === 0 ? "" : ` bitfield_size=${bitFieldSize}`;
          return `${quoted(name)} type_id=${member} bits_offset=${bitOffset}${bitField}`;
        }),
      ];
    case BtfKind.Enum:
    case BtfKind.Enum64:
      return [
        ` encoding=${type.signed ? "SIGNED" : "UNSIGNED"} size=${type.size} vlen=${type.values.length}`,
        ...type.values.map(({ name, value }) => `${quoted(name)} val=${value}${valueSuffix(type)}`),
      ];
    case BtfKind.Fwd:
      return [` fwd_kind=${type.isUnion ? "union" : "struct"}`];
    case BtfKind.Func:
      return [` type_id=${type.type} linkage=${type.linkage}`];
    case BtfKind.FuncProto:
      return [
        ` ret_type_id=${type.returnType} vlen=${type.params.length}`,
        ...type.params.map((param) => `${quoted(param.name)} type_id=${param.type}`),
      ];
    case BtfKind.Var:
      return [` type_id=${type.type}, linkage=${type.linkage}`];
    case BtfKind.Datasec:
      return [
        ` size=${type.size} vlen=${type.variables.length}`,
        ...type.variables.map(({ type: id, offset, size }) => {
          const variable = `${KIND_NAMES[btf.kind(id)]} ${quoted(btf.name(id))}`;
          return `type_id=${id} offset=${offset} size=${size} (${variable})`;
        }),
      ];
    case BtfKind.Float:
      return [` size=${type.size}`];
    case BtfKind.DeclTag:
      return [` type_id=${type.type} component_idx=${type.componentIndex}`];
    default:
      return [` type_id=${type.type}`];
  }
}

function encodingName({ encoding }: BtfInt): string {
  const { signed, char, bool } = encoding;
  if (Number(signed) + Number(char) + Number(bool) > 1) return "UNKN";
  return signed ? "SIGNED" : char ? "CHAR" : bool ? "BOOL" : "(none)";
}

function valueSuffix({ kind, signed }: BtfEnum): string {
  if (kind === BtfKind.Enum) return "";
  return signed ? "LL" : "ULL";
}
