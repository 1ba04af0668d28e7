import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { type BtfComposite, type BtfEnum, type BtfInt, BtfKind, type BtfMember } from "./types.js";

const MAX_DEPTH = 64;
/** Values that a byte may be a part of: in unions, and in structs around it. Hostile types have more. */
const MAX_VALUES_PER_BYTE = 64;
const SPARE_VALUES = 65536;
/** What is shown of bytes that no type fits. */
const BYTE: BtfInt = {
  kind: BtfKind.Int,
  name: "unsigned char",
  size: 1,
  bits: 8,
  bitOffset: 0,
  encoding: { signed: false, char: false, bool: false },
};

/** Where a member's bits are, if it has not all bits of its type: from the struct's start. */
export function bitFieldOf(btf: Btf, member: BtfMember): { bitOffset: number; bits: number } | undefined {
  if (member.bitFieldSize > 0) return { bitOffset: member.bitOffset, bits: member.bitFieldSize };
  const type = btf.resolved(member.type);
  // Until 2018 the integer said what the member says now (Documentation/bpf/btf.rst, BTF_KIND_INT).
  if (type.kind !== BtfKind.Int || (type.bits === type.size * 8 && type.bitOffset === 0)) return undefined;
  return { bitOffset: member.bitOffset + type.bitOffset, bits: type.bits };
}

/** Whether a one-byte type is C's plain char: by encoding, or by its name, which clang alone keeps. */
export function isCharType(btf: Btf, typeId: number): boolean {
  const type = btf.resolved(typeId);
  return type.kind === BtfKind.Int && type.size === 1 && (type.encoding.char || type.name === "char");
}

/** A member or variable with what was made of its value; nameless ones are structs and unions. */
export interface NamedValue<T> {
  readonly name: string;
  readonly value: T;
  readonly isZero: boolean;
}

/** Goes through the bytes of a value by its type; what is made of each part is for subclasses to say. */
export abstract class ValueWalker<T> {
  protected readonly btf: Btf;
  protected readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #left: number;

  /** Throws ObjectFormatError where the bytes are too few or the type has no values. */
  constructor(btf: Btf, typeId: number, bytes: Uint8Array, littleEndian: boolean) {
    const size = btf.sizeOf(typeId);
    if (bytes.length < size) {
      throw new ObjectFormatError(`${bytes.length} bytes are too few for a value of ${size}`);
    }
    this.btf = btf;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#littleEndian = littleEndian;
    this.#left = size * MAX_VALUES_PER_BYTE + SPARE_VALUES;
  }

  protected abstract integer(type: BtfInt, value: bigint): T;
  protected abstract enumerator(type: BtfEnum, value: bigint, name: string | undefined): T;
  protected abstract pointer(value: bigint): T;
  protected abstract float(value: number, size: number): T;
  /** A floating-point number of a size that JavaScript does not have, as its bits. */
  protected abstract floatBits(value: bigint): T;
  protected abstract text(value: string): T;
  protected abstract array(elements: readonly T[]): T;
  protected abstract composite(members: readonly NamedValue<T>[]): T;
  /** What a member is instead of what its type says, if anything. */
  protected abstract asMember(name: string, typeId: number, at: number): T | undefined;

  walk(typeId: number, at = 0, depth = 0): T {
    if (depth > MAX_DEPTH || this.#left-- <= 0) {
      throw new ObjectFormatError(`type ${typeId} is nested too deep`, { section: ".BTF" });
    }
    const type = this.btf.resolved(typeId);
    switch (type.kind) {
      case BtfKind.Int:
        return this.#int(type, at);
      case BtfKind.Ptr:
        return this.pointer(this.#raw(at, this.btf.pointerSize));
      case BtfKind.Enum:
      case BtfKind.Enum64:
        return this.#enum(type, this.#raw(at, type.size), type.size * 8);
      case BtfKind.Float:
        return this.#float(at, type.size);
      case BtfKind.Array:
        return this.#array(type.type, type.length, at, depth);
      case BtfKind.Struct:
      case BtfKind.Union:
        return this.composite(type.members.map((member) => this.#member(type, member, at, depth)));
      case BtfKind.Var:
        return this.walk(type.type, at, depth + 1);
      case BtfKind.Datasec:
        return this.composite(
          type.variables.map(({ type: variable, offset, size }) => ({
            name: this.btf.name(variable),
            value: this.#variable(variable, at + offset, size, depth),
            isZero: this.#isZero(at + offset, size),
          })),
        );
      default:
        throw new ObjectFormatError(`type ${typeId} ("${type.name}") has no values`);
    }
  }

  /**
   * A variable of a data section. Of an array that clang has split, only the part that is used is
   * there, though its type is that of the whole: such a part is shown as bytes.
   */
  #variable(typeId: number, at: number, size: number, depth: number): T {
    if (size >= this.btf.sizeOf(typeId)) return this.walk(typeId, this.#within(at, size), depth + 1);
    this.#within(at, size);
    const bytes = this.bytes.subarray(at, at + size);
    return this.array(Array.from(bytes, (byte) => this.integer(BYTE, BigInt(byte))));
  }

  /** Bytes as an unsigned number in the value's byte order. */
  #raw(at: number, size: number): bigint {
    this.#within(at, size);
    let value = 0n;
    for (let i = 0; i < size; i++) {
      const byte = this.bytes[this.#littleEndian ? at + size - 1 - i : at + i];
      value = (value << 8n) | BigInt(byte);
    }
    return value;
  }

  /** A type may say that its parts are where it is not. */
  #within(at: number, size: number): number {
    if (at + size <= this.bytes.length) return at;
    throw new ObjectFormatError(`a part of ${size} bytes at ${at} is not within the value`, {
      section: ".BTF",
    });
  }

  #isZero(at: number, size: number): boolean {
    for (let i = at; i < at + size; i++) if (this.bytes[i] !== 0) return false;
    return true;
  }

  #int(type: BtfInt, at: number): T {
    const { bits, bitOffset, size } = type;
    const shift = this.#littleEndian ? bitOffset : size * 8 - bitOffset - bits;
    return this.#intOf(type, this.#raw(at, size) >> BigInt(shift), bits);
  }

  #intOf(type: BtfInt, raw: bigint, bits: number): T {
    return this.integer(type, type.encoding.signed ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw));
  }

  #enum(type: BtfEnum, raw: bigint, bits: number): T {
    const value = type.signed ? BigInt.asIntN(bits, raw) : raw;
    const found = type.values.find((each) => BigInt.asUintN(64, each.value) === BigInt.asUintN(64, value));
    return this.enumerator(type, value, found?.name);
  }

  #float(at: number, size: number): T {
    this.#within(at, size);
    if (size === 4) return this.float(this.#view.getFloat32(at, this.#littleEndian), size);
    if (size === 8) return this.float(this.#view.getFloat64(at, this.#littleEndian), size);
    return this.floatBits(this.#raw(at, size));
  }

  #array(elementType: number, length: number, at: number, depth: number): T {
    const size = this.btf.sizeOf(elementType);
    this.#within(at, size * length);
    if (isCharType(this.btf, elementType)) {
      const text = this.#text(at, length);
      if (text !== undefined) return this.text(text);
    }
    // Of what has no size there may be any number, and nothing to tell them apart.
    const count = size === 0 ? 0 : length;
    return this.array(
      Array.from({ length: count }, (_, i) => this.walk(elementType, at + i * size, depth + 1)),
    );
  }

  /** Printable text up to a NUL, with nothing but NULs behind it. */
  #text(at: number, length: number): string | undefined {
    let text = "";
    let i = 0;
    for (; i < length; i++) {
      const byte = this.bytes[at + i];
      if (byte === 0) break;
      if (byte < 0x20 || byte > 0x7e) return undefined;
      text += String.fromCharCode(byte);
    }
    if (i === length && length > 0) return undefined;
    return this.#isZero(at + i, length - i) ? text : undefined;
  }

  #member(parent: BtfComposite, member: BtfMember, at: number, depth: number): NamedValue<T> {
    const { name, type } = member;
    const bitField = bitFieldOf(this.btf, member);
    if (bitField === undefined) {
      const byte = at + Math.floor(member.bitOffset / 8);
      const size = this.btf.sizeOf(type);
      this.#within(byte, size);
      const value = this.asMember(name, type, byte) ?? this.walk(type, byte, depth + 1);
      return { name, value, isZero: this.#isZero(byte, size) };
    }
    const { bitOffset, bits } = bitField;
    const first = Math.floor(bitOffset / 8);
    const last = Math.ceil((bitOffset + bits) / 8);
    const shift = this.#littleEndian ? bitOffset % 8 : last * 8 - bitOffset - bits;
    const raw = BigInt.asUintN(bits, this.#raw(at + first, last - first) >> BigInt(shift));
    const resolved = this.btf.resolved(type);
    const isZero = raw === 0n;
    if (resolved.kind === BtfKind.Int) return { name, value: this.#intOf(resolved, raw, bits), isZero };
    if ("values" in resolved) return { name, value: this.#enum(resolved, raw, bits), isZero };
    throw new ObjectFormatError(`bit-field "${name}" of "${parent.name}" is no integer`, { section: ".BTF" });
  }
}
