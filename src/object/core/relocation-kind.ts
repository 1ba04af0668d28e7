/** What a CO-RE relocation asks of the target: enum bpf_core_relo_kind of include/uapi/linux/bpf.h. */
export const CoreRelocationKind = {
  FieldByteOffset: 0,
  FieldByteSize: 1,
  FieldExists: 2,
  FieldSigned: 3,
  FieldLshiftU64: 4,
  FieldRshiftU64: 5,
  TypeIdLocal: 6,
  TypeIdTarget: 7,
  TypeExists: 8,
  TypeSize: 9,
  EnumvalExists: 10,
  EnumvalValue: 11,
  TypeMatches: 12,
} as const;
export type CoreRelocationKind = (typeof CoreRelocationKind)[keyof typeof CoreRelocationKind];

/** Whether a relocation is about a field, a type or an enumerator; undefined for kinds that do not exist. */
export function relocationSubject(kind: number): "field" | "type" | "enumerator" | undefined {
  switch (kind) {
    case CoreRelocationKind.FieldByteOffset:
    case CoreRelocationKind.FieldByteSize:
    case CoreRelocationKind.FieldExists:
    case CoreRelocationKind.FieldSigned:
    case CoreRelocationKind.FieldLshiftU64:
    case CoreRelocationKind.FieldRshiftU64:
      return "field";
    case CoreRelocationKind.TypeIdLocal:
    case CoreRelocationKind.TypeIdTarget:
    case CoreRelocationKind.TypeExists:
    case CoreRelocationKind.TypeSize:
    case CoreRelocationKind.TypeMatches:
      return "type";
    case CoreRelocationKind.EnumvalExists:
    case CoreRelocationKind.EnumvalValue:
      return "enumerator";
    default:
      return undefined;
  }
}
