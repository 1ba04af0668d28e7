import { ObjectFormatError } from "../errors.js";
import { INT_BOOL, INT_CHAR, INT_SIGNED, LINKAGE } from "./layout.js";
import { type BtfComposite, type BtfEnum, BtfKind, type BtfMember, type BtfType } from "./types.js";

/** Gives the offset of a string in the string section, where it is put if it is not there yet. */
export type StringOffset = (text: string) => number;

const MAX_ENTRIES = 0xffff;

/**
 * A type as BTF has it: 32-bit words, which every part of it is made of. Throws ObjectFormatError for
 * what the layout has no room for.
 */
export function encodeType(type: BtfType, string: StringOffset): number[] {
  const fail = (why: string): never => {
    throw new ObjectFormatError(`BTF type "${type.name}": ${why}`, { section: ".BTF" });
  };
  const u32 = (value: number, what: string): number =>
    Number.isInteger(value) && value >= 0 && value <= 0xffffffff ? value : fail(`${what} ${value}`);
  /** The words that every type begins with, and those of its entries. */
  const words = (sizeOrType: number, vlen = 0, flag = false, rest: readonly number[] = []): number[] => {
    if (vlen > MAX_ENTRIES) fail(`${vlen} entries, of ${MAX_ENTRIES} that there can be`);
    const info = (vlen | (type.kind << 24) | (flag ? 1 << 31 : 0)) >>> 0;
    return [string(type.name), info, u32(sizeOrType, "size or type"), ...rest];
  };

  switch (type.kind) {
    case BtfKind.Void:
      return fail("void is not written: its id is 0");
    case BtfKind.Int: {
      const { signed, char, bool } = type.encoding;
      const encoding = (signed ? INT_SIGNED : 0) | (char ? INT_CHAR : 0) | (bool ? INT_BOOL : 0);
      if (type.bits > 0xff || type.bitOffset > 0xff) fail(`${type.bits} bits at ${type.bitOffset}`);
      return words(type.size, 0, false, [(encoding << 24) | (type.bitOffset << 16) | type.bits]);
    }
    case BtfKind.Ptr:
    case BtfKind.Typedef:
    case BtfKind.Volatile:
    case BtfKind.Const:
    case BtfKind.Restrict:
    case BtfKind.TypeTag:
      return words(type.type, 0, type.isAttribute === true);
    case BtfKind.Array:
      return words(0, 0, false, [type.type, type.indexType, u32(type.length, "length")]);
    case BtfKind.Struct:
    case BtfKind.Union: {
      const members = type.members.flatMap((member) => [
        string(member.name),
        member.type,
        memberPlace(type, member, fail),
      ]);
      return words(type.size, type.members.length, type.hasBitFields, members);
    }
    case BtfKind.Enum:
    case BtfKind.Enum64: {
      const values = type.values.flatMap(({ name, value }) => {
        const [low, high] = enumWords(type, value, fail);
        return type.kind === BtfKind.Enum ? [string(name), low] : [string(name), low, high];
      });
      return words(type.size, type.values.length, type.signed, values);
    }
    case BtfKind.Fwd:
      return words(0, 0, type.isUnion);
    case BtfKind.Func:
      return words(type.type, LINKAGE.indexOf(type.linkage));
    case BtfKind.FuncProto: {
      const params = type.params.flatMap((param) => [string(param.name), param.type]);
      return words(type.returnType, type.params.length, false, params);
    }
    case BtfKind.Var:
      return words(type.type, 0, false, [LINKAGE.indexOf(type.linkage)]);
    case BtfKind.Datasec: {
      const variables = type.variables.flatMap((variable) => [
        variable.type,
        u32(variable.offset, "offset"),
        u32(variable.size, "size"),
      ]);
      return words(type.size, type.variables.length, false, variables);
    }
    case BtfKind.Float:
      return words(type.size);
    case BtfKind.DeclTag:
      return words(type.type, 0, type.isAttribute === true, [type.componentIndex >>> 0]);
  }
}

function memberPlace(type: BtfComposite, member: BtfMember, fail: (why: string) => never): number {
  const { name, bitOffset, bitFieldSize } = member;
  const most = type.hasBitFields ? 0xffffff : 0xffffffff;
  const fits = bitOffset >= 0 && bitOffset <= most && bitFieldSize >= 0 && bitFieldSize <= 0xff;
  if (!fits || (bitFieldSize !== 0 && !type.hasBitFields)) {
    return fail(`member "${name}" of ${bitFieldSize} bits at bit ${bitOffset} cannot be written`);
  }
  return type.hasBitFields ? ((bitFieldSize << 24) | bitOffset) >>> 0 : bitOffset;
}

/** The low and the high half of an enumerator's value. */
function enumWords(type: BtfEnum, value: bigint, fail: (why: string) => never): [number, number] {
  const bits = type.kind === BtfKind.Enum ? 32 : 64;
  const wrapped = type.signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (wrapped !== value) fail(`enumerator ${value} is not of ${bits} ${type.signed ? "" : "unsigned "}bits`);
  const raw = BigInt.asUintN(bits, value);
  return [Number(raw & 0xffffffffn), Number(raw >> 32n)];
}
