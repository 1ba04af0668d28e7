import { Errno, UpdateFlag } from "../uapi/index.js";
import { BpfMap, type MapDefinition, type MapHost } from "./map.js";

const DEFAULT_HASHES = 5;
const U32_MAX = 0xffffffff;

/** Bits of the filter, by the rule of kernel/bpf/bloom_filter.c: about n k / ln 2, a power of two. */
export function bloomFilterBits(maxEntries: number, hashes: number): number {
  const product = maxEntries * hashes;
  const bits = Math.floor(product / 5) * 7;
  if (product > U32_MAX || bits > 2 ** 31) return 2 ** 32;
  return bits <= 64 ? 64 : 2 ** Math.ceil(Math.log2(bits));
}

/** BLOOM_FILTER: a set of values that never forgets one, and may take others for its own. */
export class BloomFilterMap extends BpfMap {
  readonly #bits: number;
  readonly #hashes: number;
  readonly #base: number;
  readonly #seed: number;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id);
    this.#hashes = Number((definition.mapExtra ?? 0n) & 0xfn) || DEFAULT_HASHES;
    this.#bits = bloomFilterBits(definition.maxEntries, this.#hashes);
    this.#base = host.arena.alloc(this.#bits / 8, 16, `map ${definition.name}`);
    this.#seed = host.random32();
  }

  /** FNV-1a with a final mix, one seed for each hash. */
  #bit(value: number, index: number): number {
    const { u8 } = this.host.arena;
    let hash = this.#seed + Math.imul(index, 0x9e3779b9);
    for (let i = 0; i < this.definition.valueSize; i++) hash = Math.imul(hash ^ u8[value + i], 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return ((hash ^ (hash >>> 13)) >>> 0) % this.#bits;
  }

  override push(value: number, flags: number): number {
    if (flags !== UpdateFlag.Any) return -Errno.EINVAL;
    const { u8 } = this.host.arena;
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(value, i);
      u8[this.#base + Math.floor(bit / 8)] |= 1 << (bit & 7);
    }
    return 0;
  }

  override peek(value: number): number {
    const { u8 } = this.host.arena;
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(value, i);
      if (((u8[this.#base + Math.floor(bit / 8)] >> (bit & 7)) & 1) === 0) return -Errno.ENOENT;
    }
    return 0;
  }

  protected override store(_key: number, value: number, flags: number): number {
    return this.push(value, flags);
  }

  /** Whether the filter may hold a value: the user's look-up, which has the value for its key. */
  has(value: Uint8Array): boolean {
    return this.peek(this.placeValue("BPF_MAP_LOOKUP_ELEM", value)) === 0;
  }

  override nextKey(_key?: Uint8Array): undefined {
    throw this.error("BPF_MAP_GET_NEXT_KEY", Errno.EOPNOTSUPP);
  }

  /** A filter cannot list what it holds. */
  override *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {}

  protected override destroy(): void {
    this.host.arena.free(this.#base);
  }
}
