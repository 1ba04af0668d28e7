import { SyntaxProblem } from "../errors.js";
import { parseAddress } from "./address-text.js";
import type { Btf } from "./btf.js";
import { type BtfComposite, type BtfEnum, BtfKind, type BtfMember } from "./types.js";
import { isCharType } from "./value-decode.js";

/** What `encodeValue` takes: as `decodeValue` gives it, and addresses as text. */
export type BtfInput =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly BtfInput[]
  | { readonly [member: string]: BtfInput | undefined };

/**
 * A value of a type as bytes (little-endian unless told); padding and members that are left out are
 * zero. Text is an enumerator's name, the content of an array of char, or an address where four, six
 * or sixteen bytes are wanted ("10.0.0.9", "02:00:00:00:00:01", "2001:db8::1"), written in network
 * byte order. Throws SyntaxProblem that names the member: "value.addr[3]: 300 does not fit in 8 bits".
 */
export function encodeValue(btf: Btf, typeId: number, value: BtfInput, littleEndian = true): Uint8Array {
  const bytes = new Uint8Array(btf.sizeOf(typeId));
  new Encoder(btf, bytes, littleEndian).encode(typeId, 0, value, "value");
  return bytes;
}

class Encoder {
  readonly #btf: Btf;
  readonly #bytes: Uint8Array;
  readonly #le: boolean;

  constructor(btf: Btf, bytes: Uint8Array, littleEndian: boolean) {
    this.#btf = btf;
    this.#bytes = bytes;
    this.#le = littleEndian;
  }

  encode(typeId: number, at: number, value: BtfInput, path: string): void {
    const size = this.#btf.sizeOf(typeId);
    if (value instanceof Uint8Array) {
      if (value.length !== size)
        throw new SyntaxProblem(`${path}: ${value.length} bytes in place of ${size}`);
      this.#bytes.set(value, at);
      return;
    }
    const type = this.#btf.resolved(typeId);
    if (typeof value === "string" && !isNamed(type.kind) && this.#text(typeId, size, at, value, path)) return;
    switch (type.kind) {
      case BtfKind.Int:
        this.#integer(at, size * 8, type.encoding.signed, numberOf(value, path), path);
        return;
      case BtfKind.Ptr:
        this.#integer(at, 64, false, numberOf(value, path), path);
        return;
      case BtfKind.Enum:
      case BtfKind.Enum64:
        this.#integer(at, size * 8, type.signed, enumValue(type, value, path), path);
        return;
      case BtfKind.Float:
        this.#float(at, size, value, path);
        return;
      case BtfKind.Array:
        this.#array(type.type, type.length, at, value, path);
        return;
      case BtfKind.Struct:
      case BtfKind.Union:
        this.#composite(type, at, value, path);
        return;
      case BtfKind.Var:
        this.encode(type.type, at, value, path);
        return;
      default:
        throw new SyntaxProblem(`${path}: type "${type.name}" has no values`);
    }
  }

  /** Text for arrays of char, and addresses; false where it must be something else. */
  #text(typeId: number, size: number, at: number, value: string, path: string): boolean {
    const type = this.#btf.resolved(typeId);
    if (type.kind === BtfKind.Array && isCharType(this.#btf, type.type)) {
      const text = new TextEncoder().encode(value);
      if (text.length >= size) throw new SyntaxProblem(`${path}: ${text.length} bytes and a NUL in ${size}`);
      this.#bytes.set(text, at);
      return true;
    }
    const address = parseAddress(value, size);
    if (address === undefined) return false;
    this.#bytes.set(address, at);
    return true;
  }

  #integer(at: number, bits: number, signed: boolean, value: bigint, path: string): void {
    checkRange(value, bits, signed, path);
    const size = bits / 8;
    for (let i = 0; i < size; i++) {
      const byte = Number((value >> BigInt(i * 8)) & 0xffn);
      this.#bytes[this.#le ? at + i : at + size - 1 - i] = byte;
    }
  }

  #float(at: number, size: number, value: BtfInput, path: string): void {
    if (typeof value !== "number") throw new SyntaxProblem(`${path}: not a number`);
    const view = new DataView(this.#bytes.buffer);
    if (size === 4) view.setFloat32(at, value, this.#le);
    else view.setFloat64(at, value, this.#le);
  }

  #array(elementType: number, length: number, at: number, value: BtfInput, path: string): void {
    if (!Array.isArray(value)) throw new SyntaxProblem(`${path}: an array is wanted`);
    if (value.length > length)
      throw new SyntaxProblem(`${path}: ${value.length} elements in place of ${length}`);
    const size = this.#btf.sizeOf(elementType);
    value.forEach((element: BtfInput, index) => {
      this.encode(elementType, at + index * size, element, `${path}[${index}]`);
    });
  }

  #composite(type: BtfComposite, at: number, value: BtfInput, path: string): void {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      throw new SyntaxProblem(`${path}: an object with members is wanted`);
    }
    for (const [name, member] of Object.entries(value as { [member: string]: BtfInput | undefined })) {
      if (member === undefined) continue;
      const found = this.#findMember(type, name);
      if (found === undefined) {
        throw new SyntaxProblem(`${path}: there is no member "${name}"${memberNames(type)}`);
      }
      this.#member(found.member, at + found.offset, member, `${path}.${name}`);
    }
  }

  /** A member by name, also within anonymous structs and unions. */
  #findMember(type: BtfComposite, name: string): { member: BtfMember; offset: number } | undefined {
    for (const member of type.members) {
      if (member.name === name) return { member, offset: 0 };
      if (member.name !== "") continue;
      const inner = this.#btf.resolved(member.type);
      if (inner.kind !== BtfKind.Struct && inner.kind !== BtfKind.Union) continue;
      const found = this.#findMember(inner, name);
      if (found !== undefined) return { member: found.member, offset: member.bitOffset / 8 + found.offset };
    }
    return undefined;
  }

  #member(member: BtfMember, at: number, value: BtfInput, path: string): void {
    const { bitFieldSize, bitOffset } = member;
    if (bitFieldSize === 0) {
      this.encode(member.type, at + bitOffset / 8, value, path);
      return;
    }
    const type = this.#btf.resolved(member.type);
    const isEnum = type.kind === BtfKind.Enum || type.kind === BtfKind.Enum64;
    const number = isEnum ? enumValue(type, value, path) : numberOf(value, path);
    const signed = isEnum ? type.signed : type.kind === BtfKind.Int && type.encoding.signed;
    checkRange(number, bitFieldSize, signed, path);
    for (let i = 0; i < bitFieldSize; i++) {
      const bit = Number((number >> BigInt(this.#le ? i : bitFieldSize - 1 - i)) & 1n);
      const place = bitOffset + i;
      const mask = this.#le ? 1 << (place % 8) : 0x80 >> (place % 8);
      const byte = at + Math.floor(place / 8);
      this.#bytes[byte] = bit === 1 ? this.#bytes[byte] | mask : this.#bytes[byte] & ~mask;
    }
  }
}

function isNamed(kind: BtfKind): boolean {
  return kind === BtfKind.Enum || kind === BtfKind.Enum64;
}

function memberNames(type: BtfComposite): string {
  const names = type.members.map((member) => member.name).filter((name) => name !== "");
  return names.length === 0 ? "" : `; there are ${names.join(", ")}`;
}

function numberOf(value: BtfInput, path: string): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?(0x[0-9a-f]+|\d+)$/i.test(value)) {
    return value.startsWith("-") ? -BigInt(value.slice(1)) : BigInt(value);
  }
  throw new SyntaxProblem(`${path}: ${String(value)} is not an integer`);
}

function enumValue(type: BtfEnum, value: BtfInput, path: string): bigint {
  if (typeof value !== "string") return numberOf(value, path);
  const found = type.values.find((entry) => entry.name === value);
  if (found !== undefined) return found.value;
  const names = type.values.map((entry) => entry.name).join(", ");
  throw new SyntaxProblem(`${path}: "${value}" is none of ${names}`);
}

function checkRange(value: bigint, bits: number, signed: boolean, path: string): void {
  const size = BigInt(bits);
  const [least, most] = signed ? [-(1n << (size - 1n)), (1n << (size - 1n)) - 1n] : [0n, (1n << size) - 1n];
  if (value < least || value > most)
    throw new SyntaxProblem(`${path}: ${value} does not fit in ${bits} bits`);
}
