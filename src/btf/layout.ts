/** Numbers of BTF's binary layout (Documentation/bpf/btf.rst). */
export const BTF_MAGIC = 0xeb9f;
export const BTF_HEADER_SIZE = 24;
export const TYPE_SIZE = 12;

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
