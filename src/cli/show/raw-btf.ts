import { type Btf, BtfKind, type BtfType } from "../../btf/index.js";
import { type Json, jsonInteger } from "./json.js";

/** A type as `bpftool btf dump … format raw` shows it: its own fields, and those of its parts. */
export interface RawType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly fields: readonly Field[];
  /** What the list of parts is called in JSON, and the parts. */
  readonly parts?: { readonly name: string; readonly list: readonly RawPart[] };
}

type Field = readonly [name: string, value: number | bigint | string];

interface RawPart {
  readonly name: string | undefined;
  readonly fields: readonly Field[];
  /** Text behind the fields. */
  readonly note?: string;
}

const KINDS = new Map<number, string>(
  Object.entries(BtfKind).map(([name, kind]) => [kind, name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase()]),
);
const ANONYMOUS = "(anon)";

/** One type of a BTF by its id. */
export function rawType(btf: Btf, id: number): RawType {
  const type = btf.type(id);
  return { id, kind: KINDS.get(type.kind) ?? "VOID", name: type.name || ANONYMOUS, ...content(btf, type) };
}

function content(btf: Btf, type: BtfType): Pick<RawType, "fields" | "parts"> {
  switch (type.kind) {
    case BtfKind.Int: {
      const { bool, char, signed } = type.encoding;
      const encoding = bool ? "BOOL" : char ? "CHAR" : signed ? "SIGNED" : "(none)";
      return {
        fields: [
          ["size", type.size],
          ["bits_offset", type.bitOffset],
          ["nr_bits", type.bits],
          ["encoding", encoding],
        ],
      };
    }
    case BtfKind.Array:
      return {
        fields: [
          ["type_id", type.type],
          ["index_type_id", type.indexType],
          ["nr_elems", type.length],
        ],
      };
    case BtfKind.Struct:
    case BtfKind.Union:
      return {
        fields: [
          ["size", type.size],
          ["vlen", type.members.length],
        ],
        parts: {
          name: "members",
          list: type.members.map((member) => ({
            name: member.name || ANONYMOUS,
            fields: [
              ["type_id", member.type],
              ["bits_offset", member.bitOffset],
              ...(member.bitFieldSize === 0 ? [] : ([["bitfield_size", member.bitFieldSize]] as const)),
            ],
          })),
        },
      };
    case BtfKind.Enum:
    case BtfKind.Enum64:
      return {
        fields: [
          ["encoding", type.signed ? "SIGNED" : "UNSIGNED"],
          ["size", type.size],
          ["vlen", type.values.length],
        ],
        parts: { name: "values", list: type.values.map(({ name, value }) => ({ name, fields: [["val", value]] })) },
      };
    case BtfKind.Fwd:
      return { fields: [["fwd_kind", type.isUnion ? "union" : "struct"]] };
    case BtfKind.FuncProto:
      return {
        fields: [
          ["ret_type_id", type.returnType],
          ["vlen", type.params.length],
        ],
        parts: {
          name: "params",
          list: type.params.map((param) => ({ name: param.name || ANONYMOUS, fields: [["type_id", param.type]] })),
        },
      };
    case BtfKind.Func:
    case BtfKind.Var:
      return {
        fields: [
          ["type_id", type.type],
          ["linkage", type.linkage],
        ],
      };
    case BtfKind.Datasec:
      return {
        fields: [
          ["size", type.size],
          ["vlen", type.variables.length],
        ],
        parts: {
          name: "vars",
          list: type.variables.map((variable) => ({
            name: undefined,
            fields: [
              ["type_id", variable.type],
              ["offset", variable.offset],
              ["size", variable.size],
            ],
            note: `(VAR '${btf.name(variable.type)}')`,
          })),
        },
      };
    case BtfKind.Float:
      return { fields: [["size", type.size]] };
    case BtfKind.DeclTag:
      return {
        fields: [
          ["type_id", type.type],
          ["component_idx", type.componentIndex],
        ],
      };
    case BtfKind.Void:
      return { fields: [] };
    default:
      return { fields: [["type_id", type.type]] };
  }
}

/** The lines of bpftool's text. */
export function rawLines(type: RawType): string[] {
  // bpftool has a comma in this one kind.
  const gap = type.kind === "VAR" ? ", " : " ";
  const fields = type.fields.map(([name, value]) => `${name}=${value}`).join(gap);
  const lines = [`[${type.id}] ${type.kind} '${type.name}'${fields === "" ? "" : ` ${fields}`}`];
  const suffix = valueSuffix(type);
  for (const { name, fields: own, note } of type.parts?.list ?? []) {
    const text = own.map(([field, value]) => `${field}=${value}${suffix}`).join(" ");
    lines.push(`\t${name === undefined ? "" : `'${name}' `}${text}${note === undefined ? "" : ` ${note}`}`);
  }
  return lines;
}

/** Values of 64-bit enums have C's suffixes. */
function valueSuffix({ kind, fields }: RawType): string {
  if (kind !== "ENUM64") return "";
  return fields.some(([, value]) => value === "SIGNED") ? "LL" : "ULL";
}

/** bpftool's JSON of a type. */
export function rawJson({ id, kind, name, fields, parts }: RawType): Json {
  const list = parts?.list.map((part) => ({
    ...(part.name === undefined ? {} : { name: part.name }),
    ...fieldsJson(part.fields),
  }));
  return { id, kind, name, ...fieldsJson(fields), ...(parts === undefined ? {} : { [parts.name]: list }) };
}

function fieldsJson(fields: readonly Field[]): { readonly [name: string]: Json } {
  return Object.fromEntries(
    fields.map(([name, value]) => [name, typeof value === "bigint" ? jsonInteger(value) : value]),
  );
}
