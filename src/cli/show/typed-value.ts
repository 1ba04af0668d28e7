import {
  type Btf,
  BtfKind,
  type BtfMember,
  type BtfType,
  type BtfValue,
  decodeValue,
} from "../../btf/index.js";
import { formatIpv4, formatIpv6, formatMac } from "../../packet/index.js";
import { hexText, jsonInteger } from "./json.js";
import type { ShownValue } from "./shown-value.js";

/** Names of members that hold an address where they are arrays of bytes. */
const MAC_NAME = /mac|lladdr|(^|_)(eth|hw|addr|src|dst|source|dest)(_|$)/i;
const IP_NAME = /addr|(^|_)(ip(v?[46])?|vip|src|dst|source|dest|gateway|nexthop)(_|$)/i;
/** Bytes of an array that are shown. */
const SHOWN_BYTES = 64;
const MAX_DEPTH = 32;

/** A value of a BTF type, with addresses as people write them where type or name tells them. */
export function typedValue(btf: Btf, typeId: number, bytes: Uint8Array, littleEndian = true): ShownValue {
  return new Shower(btf, bytes).show(typeId, decodeValue(btf, typeId, bytes, littleEndian), 0, "", 0);
}

/** A value without an address in it, such as a sum: what `decodeValue` would have given. */
export function plainValue(btf: Btf, typeId: number, value: BtfValue): ShownValue {
  return new Shower(btf, undefined).show(typeId, value, 0, "", 0);
}

/** Bytes whose type nobody knows, as bpftool shows them. */
export function untypedValue(bytes: Uint8Array): ShownValue {
  return { kind: "scalar", text: spaced(bytes), json: hexText(bytes), isBreakable: true };
}

class Shower {
  readonly #btf: Btf;
  /** The bytes that the value was decoded from. */
  readonly #bytes: Uint8Array | undefined;

  constructor(btf: Btf, bytes: Uint8Array | undefined) {
    this.#btf = btf;
    this.#bytes = bytes;
  }

  /** `at` is where the value begins in the bytes, `name` the member that it is. */
  show(typeId: number, value: BtfValue, at: number, name: string, depth: number): ShownValue {
    const address = this.#address(typeId, at, name);
    if (address !== undefined) return { kind: "scalar", text: address, json: address };
    const type = this.#btf.resolved(typeId);
    if (Array.isArray(value) && type.kind === BtfKind.Array)
      return this.#array(type.type, value, at, name, depth);
    if (typeof value === "object" && depth < MAX_DEPTH) {
      if (type.kind === BtfKind.Struct || type.kind === BtfKind.Union) {
        return { kind: "struct", members: this.#members(type.members, value, at, depth) };
      }
      if (type.kind === BtfKind.Datasec) {
        return {
          kind: "struct",
          members: type.variables.map((variable) => {
            const own = this.#btf.name(variable.type);
            const inner = (value as Record<string, BtfValue>)[own];
            return [own, this.show(variable.type, inner, at + variable.offset, own, depth + 1)];
          }),
        };
      }
    }
    if (type.kind === BtfKind.Var) return this.show(type.type, value, at, name, depth + 1);
    return scalar(value, type, this.#typedefName(typeId));
  }

  #members(
    members: readonly BtfMember[],
    value: BtfValue,
    at: number,
    depth: number,
  ): [name: string, value: ShownValue][] {
    const own = value as Record<string, BtfValue>;
    return members.flatMap((member): [string, ShownValue][] => {
      const place = at + Math.floor(member.bitOffset / 8);
      if (member.name !== "") {
        // A bit-field begins within a byte: it is no address.
        const shown =
          member.bitFieldSize === 0
            ? this.show(member.type, own[member.name], place, member.name, depth + 1)
            : scalar(own[member.name], this.#btf.resolved(member.type), undefined);
        return [[member.name, shown]];
      }
      const inner = this.#btf.resolved(member.type);
      if (inner.kind !== BtfKind.Struct && inner.kind !== BtfKind.Union) return [];
      return this.#members(inner.members, own as BtfValue, place, depth + 1);
    });
  }

  #array(
    elementType: number,
    values: readonly BtfValue[],
    at: number,
    name: string,
    depth: number,
  ): ShownValue {
    const element = this.#btf.resolved(elementType);
    if (element.kind === BtfKind.Int && element.size === 1 && this.#bytes !== undefined) {
      const bytes = this.#bytes.subarray(at, at + values.length);
      return { kind: "scalar", text: spaced(bytes), json: values as number[], isBreakable: true };
    }
    const size = this.#btf.sizeOf(elementType);
    return {
      kind: "array",
      items: values.map((value, i) => this.show(elementType, value, at + i * size, name, depth + 1)),
    };
  }

  /** The innermost name by which a type is called: __be32 for what is a typedef of __u32. */
  #typedefName(typeId: number): string | undefined {
    let id = typeId;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const type = this.#btf.type(id);
      if (type.kind === BtfKind.Typedef && /^__be(16|32|64)$/.test(type.name)) return type.name;
      if (
        type.kind !== BtfKind.Typedef &&
        type.kind !== BtfKind.Const &&
        type.kind !== BtfKind.Volatile &&
        type.kind !== BtfKind.TypeTag
      ) {
        return undefined;
      }
      id = type.type;
    }
    return undefined;
  }

  #address(typeId: number, at: number, name: string): string | undefined {
    if (this.#bytes === undefined) return undefined;
    const type = this.#btf.resolved(typeId);
    const bytes = (length: number) => this.#bytes!.subarray(at, at + length);
    if (type.kind === BtfKind.Struct || type.kind === BtfKind.Union) {
      if (type.name === "in_addr" && type.size === 4) return formatIpv4(bytes(4));
      if (type.name === "in6_addr" && type.size === 16) return formatIpv6(bytes(16));
      return undefined;
    }
    if (type.kind === BtfKind.Int) {
      return this.#typedefName(typeId) === "__be32" ? formatIpv4(bytes(4)) : undefined;
    }
    if (type.kind !== BtfKind.Array) return undefined;
    const element = this.#btf.resolved(type.type);
    if (element.kind !== BtfKind.Int) return undefined;
    const size = element.size * type.length;
    if (size === 16 && element.size <= 4 && IP_NAME.test(name)) return formatIpv6(bytes(16));
    if (element.size !== 1) return undefined;
    if (size === 6 && MAC_NAME.test(name)) return formatMac(bytes(6));
    return size === 4 && IP_NAME.test(name) ? formatIpv4(bytes(4)) : undefined;
  }
}

function scalar(value: BtfValue, type: BtfType, typedef: string | undefined): ShownValue {
  if (typeof value === "string") {
    // An enumerator's name stands for itself; an array of char is text.
    const isEnum = type.kind === BtfKind.Enum || type.kind === BtfKind.Enum64;
    return { kind: "scalar", text: isEnum ? value : JSON.stringify(value), json: value };
  }
  if (typeof value === "bigint") {
    const text = type.kind === BtfKind.Ptr ? `0x${value.toString(16)}` : String(value);
    return { kind: "scalar", text, json: jsonInteger(value) };
  }
  // Network byte order, as C writes it: the number in JSON stays what is stored.
  if (typeof value === "number" && typedef === "__be16") {
    return { kind: "scalar", text: `htons(${((value & 0xff) << 8) | (value >> 8)})`, json: value };
  }
  if (typeof value === "number" || typeof value === "boolean") {
    return { kind: "scalar", text: String(value), json: value };
  }
  return { kind: "scalar", text: JSON.stringify(value), json: null };
}

/** "0a 00 00 09", cut where it is very long. */
function spaced(bytes: Uint8Array): string {
  const hex = Array.from(bytes.subarray(0, SHOWN_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join(
    " ",
  );
  return bytes.length > SHOWN_BYTES ? `${hex} ... (${bytes.length} bytes)` : hex;
}
