import type { Btf } from "./btf.js";
import type { BtfEnum, BtfInt } from "./types.js";
import { type NamedValue, ValueWalker } from "./value-walker.js";

/** A value in JavaScript: structs as objects, 64-bit integers and pointers as bigint. */
export type BtfValue = number | bigint | boolean | string | BtfValue[] | { [member: string]: BtfValue };

/**
 * The value of a type in bytes (little-endian unless told): integers of up to 32 bits as numbers,
 * wider ones as bigint, bool as boolean, enumerators by name (a number where none fits), arrays as
 * arrays, arrays of char as text where they hold a NUL-terminated printable one, structs and unions as
 * objects with the members of anonymous ones among their own; floating-point numbers of other sizes than
 * 4 and 8 as their bits. Throws ObjectFormatError where the bytes are too few or the type has no values.
 */
export function decodeValue(btf: Btf, typeId: number, bytes: Uint8Array, littleEndian = true): BtfValue {
  return new Decoder(btf, typeId, bytes, littleEndian).walk(typeId);
}

class Decoder extends ValueWalker<BtfValue> {
  protected integer(type: BtfInt, value: bigint): BtfValue {
    if (type.encoding.bool) return value !== 0n;
    return type.size > 4 ? value : Number(value);
  }

  protected enumerator(type: BtfEnum, value: bigint, name: string | undefined): BtfValue {
    return name ?? (type.size > 4 ? value : Number(value));
  }

  protected pointer(value: bigint): BtfValue {
    return value;
  }

  protected float(value: number): BtfValue {
    return value;
  }

  protected floatBits(value: bigint): BtfValue {
    return value;
  }

  protected text(value: string): BtfValue {
    return value;
  }

  protected array(elements: readonly BtfValue[]): BtfValue {
    return [...elements];
  }

  protected composite(members: readonly NamedValue<BtfValue>[]): BtfValue {
    const out: { [member: string]: BtfValue } = {};
    // Not by assignment, which means something else for a member called __proto__.
    const set = (name: string, value: BtfValue) =>
      Object.defineProperty(out, name, { value, enumerable: true, writable: true, configurable: true });
    for (const { name, value } of members) {
      if (name !== "") set(name, value);
      else if (typeof value === "object" && !Array.isArray(value)) {
        for (const [inner, each] of Object.entries(value)) set(inner, each);
      }
    }
    return out;
  }

  protected asMember(): undefined {
    return undefined;
  }
}
