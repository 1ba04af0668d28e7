/** Numbers of BTF's binary layout (Documentation/bpf/btf.rst). */
export const BTF_MAGIC = 0xeb9f;
export const BTF_HEADER_SIZE = 24;
export const TYPE_SIZE = 12;

/** struct btf_ext_header with the place of CO-RE relocations, which the oldest lack. */
export const BTF_EXT_HEADER_SIZE = 32;
/** The line has 22 bits of bpf_line_info's last word, the column 10. */
export const MAX_LINE = 0x3fffff;
export const MAX_COLUMN = 0x3ff;

/** Encodings of integers: BTF_INT_* of include/uapi/linux/btf.h. */
export const INT_SIGNED = 1;
export const INT_CHAR = 2;
export const INT_BOOL = 4;

/** Linkage of functions and variables, by number. */
export const LINKAGE = ["static", "global", "extern"] as const;

/** Bytes behind a type's 12, by kind: fixed, and for each of its `vlen` entries. */
export function trailerSize(kind: number, vlen: number): number | undefined {
  switch (kind) {
    case 1: // Int
    case 14: // Var
    case 17: // DeclTag
      return 4;
    case 3: // Array
      return 12;
    case 4: // Struct
    case 5: // Union
    case 15: // Datasec
    case 19: // Enum64
      return vlen * 12;
    case 6: // Enum
    case 13: // FuncProto
      return vlen * 8;
    case 2:
    case 7:
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
    case 16:
    case 18:
      return 0;
    default:
      return undefined;
  }
}
