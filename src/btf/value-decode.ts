import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { type BtfComposite, type BtfEnum, type BtfInt, BtfKind, type BtfMember } from "./types.js";

/** A value in JavaScript: structs as objects, 64-bit integers and pointers as bigint. */
export type BtfValue = number | bigint | boolean | string | BtfValue[] | { [member: string]: BtfValue };

const MAX_DEPTH = 64;

/**
 * The value of a type in bytes (little-endian unless told): integers of up to 32 bits as numbers,
 * wider ones as bigint, bool as boolean, enumerators by name (a number where none fits), arrays as
 * arrays, arrays of char as text where they hold a NUL-terminated printable one, structs and unions as
 * objects with the members of anonymous ones among their own. Throws ObjectFormatError where the bytes
 * are too few or the type has no values.
 */
export function decodeValue(btf: Btf, typeId: number, bytes: Uint8Array, littleEndian = true): BtfValue {
  const size = btf.sizeOf(typeId);
  if (bytes.length < size) {
    throw new ObjectFormatError(`${bytes.length} bytes are too few for a value of ${size}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return new Decoder(btf, view, littleEndian).decode(typeId, 0, 0);
}

class Decoder {
  readonly #btf: Btf;
  readonly #view: DataView;
  readonly #le: boolean;

  constructor(btf: Btf, view: DataView, littleEndian: boolean) {
    this.#btf = btf;
    this.#view = view;
    this.#le = littleEndian;
  }

  decode(typeId: number, at: number, depth: number): BtfValue {
    if (depth > MAX_DEPTH) throw new ObjectFormatError(`type ${typeId} is nested too deep`);
    const type = this.#btf.resolved(typeId);
    switch (type.kind) {
      case BtfKind.Int:
        return this.#int(type, this.#raw(at, type.size));
      case BtfKind.Ptr:
        return this.#view.getBigUint64(at, this.#le);
      case BtfKind.Enum:
      case BtfKind.Enum64:
        return enumName(type, this.#raw(at, type.size));
      case BtfKind.Float:
        return type.size === 4 ? this.#view.getFloat32(at, this.#le) : this.#view.getFloat64(at, this.#le);
      case BtfKind.Array:
        return this.#array(type.type, type.length, at, depth);
      case BtfKind.Struct:
      case BtfKind.Union:
        return this.#composite(type, at, depth);
      case BtfKind.Var:
        return this.decode(type.type, at, depth + 1);
      case BtfKind.Datasec:
        return Object.fromEntries(
          type.variables.map((variable) => [
            this.#btf.name(variable.type),
            this.decode(variable.type, at + variable.offset, depth + 1),
          ]),
        );
      default:
        throw new ObjectFormatError(`type ${typeId} ("${type.name}") has no values`);
    }
  }

  /** Bytes as an unsigned number in the value's byte order. */
  #raw(at: number, size: number): bigint {
    let value = 0n;
    for (let i = 0; i < size; i++) {
      const byte = this.#view.getUint8(this.#le ? at + size - 1 - i : at + i);
      value = (value << 8n) | BigInt(byte);
    }
    return value;
  }

  #int(type: BtfInt, raw: bigint): BtfValue {
    const value = type.encoding.signed ? BigInt.asIntN(type.size * 8, raw) : raw;
    if (type.encoding.bool) return value !== 0n;
    return type.size > 4 ? value : Number(value);
  }

  #array(elementType: number, length: number, at: number, depth: number): BtfValue {
    const element = this.#btf.resolved(elementType);
    const isChar = element.kind === BtfKind.Int && element.size === 1 && isCharType(this.#btf, elementType);
    if (isChar) {
      const text = this.#text(at, length);
      if (text !== undefined) return text;
    }
    const size = this.#btf.sizeOf(elementType);
    return Array.from({ length }, (_, i) => this.decode(elementType, at + i * size, depth + 1));
  }

  /** Printable text up to a NUL, with nothing but NULs behind it. */
  #text(at: number, length: number): string | undefined {
    let text = "";
    let i = 0;
    for (; i < length; i++) {
      const byte = this.#view.getUint8(at + i);
      if (byte === 0) break;
      if (byte < 0x20 || byte > 0x7e) return undefined;
      text += String.fromCharCode(byte);
    }
    if (i === length && length > 0) return undefined;
    for (; i < length; i++) if (this.#view.getUint8(at + i) !== 0) return undefined;
    return text;
  }

  #composite(type: BtfComposite, at: number, depth: number): { [member: string]: BtfValue } {
    const out: { [member: string]: BtfValue } = {};
    for (const member of type.members) {
      const value = this.#member(member, at, depth);
      if (member.name !== "") out[member.name] = value;
      else if (typeof value === "object" && !Array.isArray(value)) Object.assign(out, value);
    }
    return out;
  }

  #member(member: BtfMember, at: number, depth: number): BtfValue {
    const { bitFieldSize, bitOffset } = member;
    if (bitFieldSize === 0) return this.decode(member.type, at + Math.floor(bitOffset / 8), depth + 1);
    const type = this.#btf.resolved(member.type);
    const first = Math.floor(bitOffset / 8);
    const last = Math.ceil((bitOffset + bitFieldSize) / 8);
    const shift = this.#le ? bitOffset % 8 : last * 8 - bitOffset - bitFieldSize;
    const raw = (this.#raw(at + first, last - first) >> BigInt(shift)) & ((1n << BigInt(bitFieldSize)) - 1n);
    if (type.kind === BtfKind.Enum || type.kind === BtfKind.Enum64) return enumName(type, raw);
    if (type.kind !== BtfKind.Int) throw new ObjectFormatError(`bit-field ${member.name} is no integer`);
    const value = type.encoding.signed ? BigInt.asIntN(bitFieldSize, raw) : raw;
    if (type.encoding.bool) return value !== 0n;
    return type.size > 4 ? value : Number(value);
  }
}

function enumName(type: BtfEnum, raw: bigint): BtfValue {
  const value = type.signed ? BigInt.asIntN(type.size * 8, raw) : raw;
  const found = type.values.find((entry) => BigInt.asUintN(64, entry.value) === BigInt.asUintN(64, value));
  if (found !== undefined) return found.name;
  return type.size > 4 ? value : Number(value);
}

/** Whether a one-byte type is C's plain char: by encoding, or by its name, which clang alone keeps. */
export function isCharType(btf: Btf, typeId: number): boolean {
  const type = btf.resolved(typeId);
  return type.kind === BtfKind.Int && type.size === 1 && (type.encoding.char || type.name === "char");
}
