import { type Btf, BtfKind, elementType } from "../../btf/index.js";
import { ObjectFormatError } from "../../errors.js";
import { type Access, formatAccess } from "./access.js";
import { CoreRelocationKind } from "./relocation-kind.js";

/** What a relocation comes to for one access: what stands, or is to stand, in the instruction. */
export interface RelocationValue {
  readonly value: bigint;
  /** Whether the compiler must have come to the same for the object's own types. */
  readonly isCertain: boolean;
  /** What a memory access at that offset reads or writes; 0 and void for bit-fields, and where there is none. */
  readonly memory: { readonly size: number; readonly typeId: number };
  /** Whether the value has 32 bits, of which nobody says how they are extended to 64. */
  readonly isWord: boolean;
}

const NO_MEMORY = { size: 0, typeId: 0 };

function resultOf(value: number | bigint | boolean, isCertain = true, memory = NO_MEMORY): RelocationValue {
  return { value: BigInt(value), isCertain, memory, isWord: false };
}

/**
 * The value of a relocation for an access, or for none where the target has no such thing; undefined
 * where there is no value then (libbpf's bpf_core_calc_field_relo and its like).
 */
export function relocationValue(kind: number, access: Access | undefined): RelocationValue | undefined {
  switch (kind) {
    case CoreRelocationKind.FieldExists:
    case CoreRelocationKind.EnumvalExists:
    case CoreRelocationKind.TypeExists:
    case CoreRelocationKind.TypeMatches:
      return resultOf(access !== undefined);
    case CoreRelocationKind.TypeSize:
      return resultOf(access === undefined ? 0 : access.btf.sizeOf(access.rootId));
    case CoreRelocationKind.TypeIdLocal:
    case CoreRelocationKind.TypeIdTarget:
      // Ids change when objects are linked: what the compiler wrote says nothing.
      return resultOf(access?.rootId ?? 0, false);
    case CoreRelocationKind.EnumvalValue:
      return access === undefined ? undefined : enumeratorValue(access);
    default:
      return access === undefined ? undefined : fieldValue(kind, access);
  }
}

function enumeratorValue({ btf, accessors }: Access): RelocationValue {
  const [{ typeId, index }] = accessors;
  const type = btf.type(typeId);
  if (!("values" in type)) throw new ObjectFormatError(`type ${typeId} is no enum`, { section: ".BTF" });
  // Clang before version 15 does not say which enums are signed: 32 bits are taken for a signed number.
  const isWord = type.kind === BtfKind.Enum;
  const { value } = type.values[index];
  return { ...resultOf(isWord ? BigInt.asIntN(32, value) : value), isWord };
}

/** The size of the innermost element: that is what one instruction reads. */
function elementSize(btf: Btf, id: number): number {
  return btf.sizeOf(elementType(btf, id));
}

function fieldValue(kind: number, access: Access): RelocationValue {
  const { btf, accessors, bitOffset } = access;
  const { typeId, index, name } = accessors[accessors.length - 1];
  const fail = (why: string): never => {
    throw new ObjectFormatError(`CO-RE relocation of ${formatAccess(access)}: ${why}`, {
      section: ".BTF.ext",
    });
  };
  if (name === undefined) {
    if (kind === CoreRelocationKind.FieldByteSize) return resultOf(btf.sizeOf(typeId));
    if (kind !== CoreRelocationKind.FieldByteOffset)
      return fail("an element of an array has no such property");
    return resultOf(Math.floor(bitOffset / 8), true, { size: elementSize(btf, typeId), typeId });
  }

  const parent = btf.type(typeId);
  const member = "members" in parent ? parent.members[index] : fail("it is in no struct");
  const fieldType = btf.resolve(member.type);
  const type = btf.type(fieldType);
  const isBitField = member.bitFieldSize > 0;
  const isSigned = "encoding" in type ? type.encoding.signed : "values" in type && type.signed;
  const size = btf.sizeOf(fieldType);
  if (isBitField && ![1, 2, 4, 8].includes(size)) return fail(`a bit-field of ${size} bytes`);
  const bits = isBitField ? member.bitFieldSize : size * 8;
  const load = isBitField ? bitFieldLoad(bitOffset, bits, size) : { offset: Math.floor(bitOffset / 8), size };
  if (load === undefined) return fail("no 64 bits contain the bit-field");

  switch (kind) {
    case CoreRelocationKind.FieldByteOffset:
      if (isBitField) return resultOf(load.offset, false);
      return resultOf(load.offset, true, { size: elementSize(btf, fieldType), typeId: fieldType });
    case CoreRelocationKind.FieldByteSize:
      return resultOf(load.size, !isBitField);
    case CoreRelocationKind.FieldSigned:
      return resultOf(isSigned);
    case CoreRelocationKind.FieldLshiftU64: {
      const bit = bitOffset - load.offset * 8;
      return resultOf(btf.littleEndian ? 64 - bit - bits : 64 - load.size * 8 + bit, !isBitField);
    }
    case CoreRelocationKind.FieldRshiftU64:
      return resultOf(64 - bits);
    default:
      return fail(`kind ${kind} is unknown`);
  }
}

/** The smallest aligned load, of at least the field's type, that has a bit-field's bits in it. */
function bitFieldLoad(
  bitOffset: number,
  bits: number,
  typeSize: number,
): { readonly offset: number; readonly size: number } | undefined {
  for (let size = typeSize; size <= 8; size *= 2) {
    const offset = Math.floor(bitOffset / 8 / size) * size;
    if (bitOffset + bits <= (offset + size) * 8) return { offset, size };
  }
  return undefined;
}
