import type { Arena } from "../arena/index.js";

/** Offsets in an element; the key follows, then the value, each at a multiple of 8. */
export const Element = {
  /** Address of the next element of its bucket, or of the free list; 0 at the end. */
  Next: 0,
  Hash: 4,
  /** Links of the LRU lists. */
  LruPrev: 8,
  LruNext: 12,
  LruType: 16,
  LruRef: 17,
  /** 1 while the element is in a bucket. */
  IsLinked: 18,
  LruCpu: 20,
  Key: 24,
} as const;

/**
 * The memory of a hash map: a power of two of buckets (addresses of chains), and elements of one
 * size. An element's address stays the same while it is in the table, and deleting it moves no other.
 */
export class HashTable {
  readonly arena: Arena;
  readonly buckets: number;
  readonly mask: number;
  readonly elements: number;
  readonly stride: number;
  readonly keySize: number;
  /** Offset of the value in an element. */
  readonly valueOffset: number;
  readonly #seed: number;
  #count = 0;

  constructor(
    arena: Arena,
    shape: {
      keySize: number;
      valueSize: number;
      maxEntries: number;
      elements: number;
      name: string;
      seed: number;
    },
  ) {
    this.arena = arena;
    this.keySize = shape.keySize;
    this.valueOffset = Element.Key + Math.ceil(shape.keySize / 8) * 8;
    this.stride = this.valueOffset + Math.ceil(shape.valueSize / 8) * 8;
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, shape.maxEntries)));
    this.mask = buckets - 1;
    const what = `map ${shape.name}`;
    this.elements = arena.alloc(this.stride * shape.elements, 16, what);
    this.buckets = arena.alloc(buckets * 4, 16, what);
    this.#seed = shape.seed;
  }

  /** Elements in buckets. */
  get count(): number {
    return this.#count;
  }

  free(): void {
    this.arena.free(this.elements);
    this.arena.free(this.buckets);
  }

  /** Hash of the key at an address: multiply and rotate, four bytes at a time (as MurmurHash3 does). */
  hash(key: number): number {
    const { u8, view } = this.arena;
    let hash = this.#seed;
    const words = this.keySize & ~3;
    for (let i = 0; i < words; i += 4) hash = mix(hash, view.getInt32(key + i, true));
    let tail = 0;
    for (let i = this.keySize - 1; i >= words; i--) tail = (tail << 8) | u8[key + i];
    if (words !== this.keySize) hash = mix(hash, tail);
    hash ^= this.keySize;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  /** The element with the key at an address, or 0. */
  find(key: number, hash: number): number {
    const { u32 } = this.arena;
    for (let at = u32[(this.buckets >>> 2) + (hash & this.mask)]; at !== 0; at = u32[at >>> 2]) {
      if (u32[(at + Element.Hash) >>> 2] === hash && this.#hasKey(at, key)) return at;
    }
    return 0;
  }

  #hasKey(element: number, key: number): boolean {
    const { u8 } = this.arena;
    const own = element + Element.Key;
    for (let i = 0; i < this.keySize; i++) if (u8[own + i] !== u8[key + i]) return false;
    return true;
  }

  /** Gives an element its key and puts it at the head of its bucket. */
  link(element: number, key: number, hash: number): void {
    const { u8, u32 } = this.arena;
    u8.copyWithin(element + Element.Key, key, key + this.keySize);
    u32[(element + Element.Hash) >>> 2] = hash;
    const bucket = (this.buckets >>> 2) + (hash & this.mask);
    u32[element >>> 2] = u32[bucket];
    u32[bucket] = element;
    u8[element + Element.IsLinked] = 1;
    this.#count++;
  }

  unlink(element: number): void {
    const { u8, u32 } = this.arena;
    let at = (this.buckets >>> 2) + (u32[(element + Element.Hash) >>> 2] & this.mask);
    while (u32[at] !== element) at = u32[at] >>> 2;
    u32[at] = u32[element >>> 2];
    u8[element + Element.IsLinked] = 0;
    this.#count--;
  }

  isLinked(element: number): boolean {
    return this.arena.u8[element + Element.IsLinked] === 1;
  }

  /** The element after the one given, bucket by bucket; the first for 0; 0 after the last. */
  following(element: number): number {
    const { u32 } = this.arena;
    let bucket = 0;
    if (element !== 0) {
      if (u32[element >>> 2] !== 0) return u32[element >>> 2];
      bucket = (u32[(element + Element.Hash) >>> 2] & this.mask) + 1;
    }
    for (; bucket <= this.mask; bucket++) {
      const first = u32[(this.buckets >>> 2) + bucket];
      if (first !== 0) return first;
    }
    return 0;
  }

  /** The elements of a bucket, as they are now. */
  bucket(index: number, into: number[]): void {
    const { u32 } = this.arena;
    into.length = 0;
    for (let at = u32[(this.buckets >>> 2) + index]; at !== 0; at = u32[at >>> 2]) into.push(at);
  }
}

function mix(hash: number, word: number): number {
  const k = Math.imul(word, 0xcc9e2d51);
  const mixed = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
