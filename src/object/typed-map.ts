import { type Btf, type BtfInput, type BtfValue, decodeValue, encodeValue } from "../btf/index.js";
import { KernelError, SyntaxProblem } from "../errors.js";
import { Errno } from "../uapi/index.js";
import type { MapSpec } from "./object-spec.js";

/** bpf(2)'s view of a map: bytes. Both kernels' maps are such. Errors are KernelErrors. */
export interface RawMap {
  readonly name: string;
  readonly type: number;
  /** Bytes of a value: every CPU's, each rounded up to 8, where they are per CPU. */
  readonly userValueSize: number;
  readonly isPerCpu: boolean;
  lookupElem(key: Uint8Array, flags?: number): Uint8Array;
  updateElem(key: Uint8Array, value: Uint8Array, flags?: number): void;
  deleteElem(key: Uint8Array): void;
  lookupAndDeleteElem(key: Uint8Array, flags?: number): Uint8Array;
  /** The key after `key`, or the first; undefined after the last. */
  nextKey(key?: Uint8Array): Uint8Array | undefined;
  entries(): Iterable<[key: Uint8Array, value: Uint8Array]>;
  freeze(): void;
}

/** BPF_ANY, BPF_NOEXIST and BPF_EXIST. */
const UPDATE_FLAGS = { any: 0, "no-exist": 1, exist: 2 } as const;

/**
 * A map whose keys and values are JavaScript values, typed by the object's BTF; bytes where it has
 * no types for them. Values of per-CPU maps are arrays with one value for each CPU.
 */
export class TypedMap implements Iterable<[BtfValue | Uint8Array, BtfValue | Uint8Array]> {
  readonly raw: RawMap;
  readonly spec: MapSpec;
  readonly #btf: Btf | undefined;
  readonly #littleEndian: boolean;

  constructor(raw: RawMap, spec: MapSpec, btf: Btf | undefined, littleEndian: boolean) {
    this.raw = raw;
    this.spec = spec;
    this.#btf = btf;
    this.#littleEndian = littleEndian;
  }

  get name(): string {
    return this.spec.name;
  }

  /** The types that the spec's type ids are of; undefined where there are none. */
  get btf(): Btf | undefined {
    return this.#btf;
  }

  /** Byte order of keys and values. */
  get littleEndian(): boolean {
    return this.#littleEndian;
  }

  /** The value of a key; undefined where the map does not have it. */
  get(key: BtfInput): BtfValue | Uint8Array | undefined {
    try {
      return this.decodeValue(this.raw.lookupElem(this.encodeKey(key)));
    } catch (error) {
      if (error instanceof KernelError && error.errno === Errno.ENOENT) return undefined;
      throw error;
    }
  }

  has(key: BtfInput): boolean {
    return this.get(key) !== undefined;
  }

  /** Sets a key's value: `when` says whether it may be new, must be, or must not. */
  set(key: BtfInput, value: BtfInput, when: keyof typeof UPDATE_FLAGS = "any"): void {
    this.raw.updateElem(this.encodeKey(key), this.encodeValue(value), UPDATE_FLAGS[when]);
  }

  /** Deletes a key; false where the map does not have it. */
  delete(key: BtfInput): boolean {
    try {
      this.raw.deleteElem(this.encodeKey(key));
      return true;
    } catch (error) {
      if (error instanceof KernelError && error.errno === Errno.ENOENT) return false;
      throw error;
    }
  }

  *[Symbol.iterator](): Iterator<[BtfValue | Uint8Array, BtfValue | Uint8Array]> {
    for (const [key, value] of this.raw.entries()) yield [this.decodeKey(key), this.decodeValue(value)];
  }

  *keys(): IterableIterator<BtfValue | Uint8Array> {
    for (const [key] of this) yield key;
  }

  encodeKey(key: BtfInput): Uint8Array {
    return this.#encode(this.spec.keyTypeId, this.spec.keySize, key, "key");
  }

  encodeValue(value: BtfInput): Uint8Array {
    const { valueTypeId, valueSize } = this.spec;
    if (!this.raw.isPerCpu) return this.#encode(valueTypeId, valueSize, value, "value");
    if (value instanceof Uint8Array) return value;
    const stride = Math.ceil(valueSize / 8) * 8;
    const cpus = this.raw.userValueSize / stride;
    if (!Array.isArray(value) || value.length !== cpus) {
      throw new SyntaxProblem(`value: map ${this.name} is per CPU: an array of ${cpus} values is wanted`);
    }
    const bytes = new Uint8Array(this.raw.userValueSize);
    value.forEach((one: BtfInput, cpu) => {
      bytes.set(this.#encode(valueTypeId, valueSize, one, `value[${cpu}]`), cpu * stride);
    });
    return bytes;
  }

  decodeKey(bytes: Uint8Array): BtfValue | Uint8Array {
    return this.#decode(this.spec.keyTypeId, bytes);
  }

  decodeValue(bytes: Uint8Array): BtfValue | Uint8Array {
    const { valueTypeId, valueSize } = this.spec;
    if (!this.raw.isPerCpu || valueTypeId === undefined || this.#btf === undefined) {
      return this.#decode(valueTypeId, bytes);
    }
    const stride = Math.ceil(valueSize / 8) * 8;
    const values: BtfValue[] = [];
    for (let at = 0; at < bytes.length; at += stride) {
      values.push(
        decodeValue(this.#btf, valueTypeId, bytes.subarray(at, at + valueSize), this.#littleEndian),
      );
    }
    return values;
  }

  #encode(typeId: number | undefined, size: number, value: BtfInput, what: string): Uint8Array {
    if (value instanceof Uint8Array) return value;
    if (this.#btf !== undefined && typeId !== undefined) {
      return encodeValue(this.#btf, typeId, value, this.#littleEndian);
    }
    const isNumber = typeof value === "number" || typeof value === "bigint";
    if (!isNumber || size > 8) {
      throw new SyntaxProblem(`${what}: map ${this.name} has no types: give ${size} bytes`);
    }
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(value)), true);
    return bytes.slice(0, size);
  }

  #decode(typeId: number | undefined, bytes: Uint8Array): BtfValue | Uint8Array {
    if (this.#btf === undefined || typeId === undefined) return bytes;
    return decodeValue(this.#btf, typeId, bytes, this.#littleEndian);
  }
}
