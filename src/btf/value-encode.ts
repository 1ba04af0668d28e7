import { ObjectFormatError, SyntaxProblem } from "../errors.js";
import { parseAddress } from "./address-text.js";
import type { Btf } from "./btf.js";
import { type BtfComposite, type BtfEnum, BtfKind, type BtfMember, type BtfType } from "./types.js";
import { bitFieldOf, isCharType } from "./value-walker.js";

/** No map or variable is larger: KMALLOC_MAX_SIZE and vmalloc end long before. */
const MAX_SIZE = 2 ** 30;

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
  const size = btf.sizeOf(typeId);
  if (size > MAX_SIZE) throw new ObjectFormatError(`a value of ${size} bytes is larger than any`);
  const bytes = new Uint8Array(size);
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
    if (at + size > this.#bytes.length) {
      throw new ObjectFormatError(`a part of ${size} bytes at ${at} is not within the value`, {
        section: ".BTF",
      });
    }
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
        this.#bits(at * 8 + type.bitOffset, type.bits, type, value, path);
        return;
      case BtfKind.Ptr:
      case BtfKind.Enum:
      case BtfKind.Enum64:
        this.#bits(at * 8, size * 8, type, value, path);
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
      case BtfKind.Datasec:
        for (const [name, each] of membersOf(value, path)) {
          const found = type.variables.find((variable) => this.#btf.name(variable.type) === name);
          if (found === undefined) throw new SyntaxProblem(`${path}: there is no variable "${name}"`);
          this.encode(found.type, at + found.offset, each, `${path}.${name}`);
        }
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
      const isNothing = size === 0 && text.length === 0;
      if (text.length >= size && !isNothing)
        throw new SyntaxProblem(`${path}: ${text.length} bytes and a NUL in ${size}`);
      this.#bytes.set(text, at);
      return true;
    }
    const address = parseAddress(value, size);
    if (address === undefined) return false;
    this.#bytes.set(address, at);
    return true;
  }

  #float(at: number, size: number, value: BtfInput, path: string): void {
    if (size !== 4 && size !== 8) {
      const raw = numberOf(value, path);
      checkRange(raw, size * 8, false, path);
      this.#write(at * 8, size * 8, raw);
      return;
    }
    if (typeof value !== "number") throw new SyntaxProblem(`${path}: not a number`);
    const view = new DataView(this.#bytes.buffer);
    if (size === 4) view.setFloat32(at, value, this.#le);
    else view.setFloat64(at, value, this.#le);
  }

  /** A number as so many bits of the value, from bit `first` on. */
  #bits(first: number, bits: number, type: BtfType, value: BtfInput, path: string): void {
    const isEnum = type.kind === BtfKind.Enum || type.kind === BtfKind.Enum64;
    const number = isEnum ? enumValue(type, value, path) : numberOf(value, path);
    const signed = isEnum ? type.signed : type.kind === BtfKind.Int && type.encoding.signed;
    checkRange(number, bits, signed, path);
    this.#write(first, bits, number);
  }

  #write(first: number, bits: number, number: bigint): void {
    for (let done = 0; done < bits; ) {
      const place = first + done;
      const count = Math.min(8 - (place % 8), bits - done);
      // Bits count from the least significant one, or from the most in big-endian values.
      const [from, shift] = this.#le ? [done, place % 8] : [bits - done - count, 8 - (place % 8) - count];
      const mask = (1 << count) - 1;
      const part = Number((number >> BigInt(from)) & BigInt(mask));
      const byte = place >>> 3;
      this.#bytes[byte] = (this.#bytes[byte] & ~(mask << shift)) | (part << shift);
      done += count;
    }
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
    for (const [name, member] of membersOf(value, path)) {
      const found = this.#findMember(type, name);
      if (found === undefined) {
        throw new SyntaxProblem(`${path}: there is no member "${name}"${memberNames(type)}`);
      }
      this.#member(found.member, at + found.offset, member, `${path}.${name}`);
    }
  }

  /** A member by name, also within anonymous structs and unions. */
  #findMember(
    type: BtfComposite,
    name: string,
    searched = new Set<BtfComposite>(),
  ): { member: BtfMember; offset: number } | undefined {
    searched.add(type);
    for (const member of type.members) {
      if (member.name === name) return { member, offset: 0 };
      if (member.name !== "") continue;
      const inner = this.#btf.resolved(member.type);
      const isComposite = inner.kind === BtfKind.Struct || inner.kind === BtfKind.Union;
      if (!isComposite || searched.has(inner)) continue;
      const found = this.#findMember(inner, name, searched);
      if (found !== undefined) return { member: found.member, offset: member.bitOffset / 8 + found.offset };
    }
    return undefined;
  }

  #member(member: BtfMember, at: number, value: BtfInput, path: string): void {
    const bitField = bitFieldOf(this.#btf, member);
    if (bitField === undefined) {
      this.encode(member.type, at + Math.floor(member.bitOffset / 8), value, path);
      return;
    }
    const { bitOffset, bits } = bitField;
    const type = this.#btf.resolved(member.type);
    this.#bits(at * 8 + bitOffset, bits, type, value, path);
  }
}

/** An object's entries, but those that are left out. */
function membersOf(value: BtfInput, path: string): [name: string, value: BtfInput][] {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
    throw new SyntaxProblem(`${path}: an object with members is wanted`);
  }
  return Object.entries(value).filter((entry): entry is [string, BtfInput] => entry[1] !== undefined);
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
