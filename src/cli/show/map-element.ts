import { BtfKind, encodeValue } from "../../btf/index.js";
import type { TypedMap } from "../../object/index.js";
import { MapType } from "../../uapi/index.js";
import { holdsNumbers, isQueue, isZero } from "../map-elements.js";
import type { Json } from "./json.js";
import { inlineText, type ShownValue, valueJson } from "./shown-value.js";
import { sumOf } from "./sum.js";
import { typedValue, untypedValue } from "./typed-value.js";

/** A map's value as it is shown: one, or one for each CPU with their sum where that means something. */
export type ShownElement =
  | { readonly kind: "one"; readonly value: ShownValue }
  | {
      readonly kind: "per-cpu";
      readonly sum: ShownValue | undefined;
      readonly values: readonly ShownValue[];
      /** Of each value, whether all its bytes are zero. */
      readonly isZero: readonly boolean[];
    };

/** Shows keys and values of one map by its types. */
export class ElementShower {
  readonly #map: TypedMap;

  constructor(map: TypedMap) {
    this.#map = map;
  }

  key(bytes: Uint8Array): ShownValue {
    const { keyTypeId, keySize } = this.#map.spec;
    const { btf } = this.#map;
    if (btf !== undefined && keyTypeId !== undefined)
      return typedValue(btf, keyTypeId, bytes, this.#map.littleEndian);
    return keySize === 4 ? untypedNumber(bytes, this.#map.littleEndian) : untypedValue(bytes);
  }

  /** A key for people: of an LPM_TRIE as a prefix where its types tell an address, "next" for a queue's. */
  keyForPeople(bytes: Uint8Array): ShownValue {
    if (isQueue(this.#map)) return { kind: "scalar", text: "next", json: null };
    const key = this.key(bytes);
    if (this.#map.raw.type !== MapType.LpmTrie || key.kind !== "struct" || key.members.length !== 2)
      return key;
    const [[, length], [, address]] = key.members;
    if (address.kind !== "scalar" || typeof address.json !== "string") return key;
    return { kind: "scalar", text: `${address.text}/${inlineText(length)}`, json: null };
  }

  value(bytes: Uint8Array): ShownElement {
    const { valueSize, valueTypeId } = this.#map.spec;
    if (!this.#map.raw.isPerCpu) return { kind: "one", value: this.#one(bytes) };
    const stride = Math.ceil(valueSize / 8) * 8;
    const copies: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += stride) copies.push(bytes.subarray(at, at + valueSize));
    const values = copies.map((copy) => this.#one(copy));
    if (values.length === 1) return { kind: "one", value: values[0] };
    return { kind: "per-cpu", sum: this.#sum(bytes, valueTypeId), values, isZero: copies.map(isZero) };
  }

  #one(bytes: Uint8Array): ShownValue {
    const { valueTypeId } = this.#map.spec;
    const btf = this.#map.btf;
    if (holdsNumbers(this.#map) && bytes.length === 4) return untypedNumber(bytes, this.#map.littleEndian);
    return btf === undefined || valueTypeId === undefined
      ? untypedValue(bytes)
      : typedValue(btf, valueTypeId, bytes, this.#map.littleEndian);
  }

  #sum(bytes: Uint8Array, typeId: number | undefined): ShownValue | undefined {
    const btf = this.#map.btf;
    if (btf === undefined || typeId === undefined) return undefined;
    const values = this.#map.decodeValue(bytes);
    if (!Array.isArray(values)) return undefined;
    const sum = sumOf(btf, typeId, values);
    if (sum === undefined) return undefined;
    const { littleEndian } = this.#map;
    return typedValue(btf, typeId, encodeValue(btf, typeId, sum, littleEndian), littleEndian);
  }

  /** Orders keys: numbers by their size, all else by their bytes. */
  compareKeys(a: Uint8Array, b: Uint8Array): number {
    const { keyTypeId, keySize } = this.#map.spec;
    const type =
      this.#map.btf === undefined || keyTypeId === undefined ? undefined : this.#map.btf.resolved(keyTypeId);
    const isNumber = type === undefined ? keySize === 4 : type.kind === BtfKind.Int;
    for (let i = 0; i < a.length; i++) {
      const at = isNumber && this.#map.littleEndian ? a.length - 1 - i : i;
      if (a[at] !== b[at]) return a[at] - b[at];
    }
    return 0;
  }
}

/** Keys of arrays have no type in older objects, but are numbers all the same. */
function untypedNumber(bytes: Uint8Array, littleEndian: boolean): ShownValue {
  const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, littleEndian);
  return { kind: "scalar", text: String(value), json: value };
}

/** An element's value as JSON: the sum (or null) and the values of a per-CPU one. */
export function elementJson(element: ShownElement): { readonly value: Json; readonly values?: Json } {
  if (element.kind === "one") return { value: valueJson(element.value) };
  return {
    value: element.sum === undefined ? null : valueJson(element.sum),
    values: element.values.map(valueJson),
  };
}
