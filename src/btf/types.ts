/**
 * BTF's 19 kinds as plain data (Documentation/bpf/btf.rst, include/uapi/linux/btf.h). Type 0 is
 * void. Every `type` is a type id in the same Btf; offsets and sizes are in bytes unless they say
 * bits.
 */
export const BtfKind = {
  Void: 0,
  Int: 1,
  Ptr: 2,
  Array: 3,
  Struct: 4,
  Union: 5,
  Enum: 6,
  Fwd: 7,
  Typedef: 8,
  Volatile: 9,
  Const: 10,
  Restrict: 11,
  Func: 12,
  FuncProto: 13,
  Var: 14,
  Datasec: 15,
  Float: 16,
  DeclTag: 17,
  TypeTag: 18,
  Enum64: 19,
} as const;
export type BtfKind = (typeof BtfKind)[keyof typeof BtfKind];

export interface BtfVoid {
  readonly kind: typeof BtfKind.Void;
  readonly name: "";
}

export interface BtfInt {
  readonly kind: typeof BtfKind.Int;
  readonly name: string;
  readonly size: number;
  readonly bits: number;
  /** Bit offset within the storage; 0 in everything that compilers of today write. */
  readonly bitOffset: number;
  readonly encoding: { readonly signed: boolean; readonly char: boolean; readonly bool: boolean };
}

/** Ptr, Typedef, Volatile, Const, Restrict and TypeTag: one type seen through another. */
export interface BtfModifier {
  readonly kind:
    | typeof BtfKind.Ptr
    | typeof BtfKind.Typedef
    | typeof BtfKind.Volatile
    | typeof BtfKind.Const
    | typeof BtfKind.Restrict
    | typeof BtfKind.TypeTag;
  readonly name: string;
  readonly type: number;
  /** Linux 6.15: a tag that is an attribute (kind_flag of TypeTag). */
  readonly isAttribute?: boolean;
}

export interface BtfArray {
  readonly kind: typeof BtfKind.Array;
  readonly name: "";
  readonly type: number;
  readonly indexType: number;
  readonly length: number;
}

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  /** From the start of the struct. */
  readonly bitOffset: number;
  /** 0 unless a bit-field. */
  readonly bitFieldSize: number;
}

export interface BtfComposite {
  readonly kind: typeof BtfKind.Struct | typeof BtfKind.Union;
  readonly name: string;
  readonly size: number;
  readonly members: readonly BtfMember[];
  /** kind_flag: members carry bit-field sizes. */
  readonly hasBitFields: boolean;
}

export interface BtfEnum {
  readonly kind: typeof BtfKind.Enum | typeof BtfKind.Enum64;
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

export interface BtfFwd {
  readonly kind: typeof BtfKind.Fwd;
  readonly name: string;
  readonly isUnion: boolean;
}

export interface BtfFunc {
  readonly kind: typeof BtfKind.Func;
  readonly name: string;
  /** Its FuncProto. */
  readonly type: number;
  readonly linkage: "static" | "global" | "extern";
}

export interface BtfFuncProto {
  readonly kind: typeof BtfKind.FuncProto;
  readonly name: "";
  readonly returnType: number;
  /** A last parameter of type 0 without a name stands for `...`. */
  readonly params: readonly { readonly name: string; readonly type: number }[];
}

export interface BtfVar {
  readonly kind: typeof BtfKind.Var;
  readonly name: string;
  readonly type: number;
  readonly linkage: "static" | "global" | "extern";
}

export interface BtfDatasec {
  readonly kind: typeof BtfKind.Datasec;
  readonly name: string;
  readonly size: number;
  readonly variables: readonly { readonly type: number; readonly offset: number; readonly size: number }[];
}

export interface BtfFloat {
  readonly kind: typeof BtfKind.Float;
  readonly name: string;
  readonly size: number;
}

export interface BtfDeclTag {
  readonly kind: typeof BtfKind.DeclTag;
  readonly name: string;
  readonly type: number;
  /** Member or parameter that is tagged; -1 for the type itself. */
  readonly componentIndex: number;
  readonly isAttribute?: boolean;
}

export type BtfType =
  | BtfVoid
  | BtfInt
  | BtfModifier
  | BtfArray
  | BtfComposite
  | BtfEnum
  | BtfFwd
  | BtfFunc
  | BtfFuncProto
  | BtfVar
  | BtfDatasec
  | BtfFloat
  | BtfDeclTag;
