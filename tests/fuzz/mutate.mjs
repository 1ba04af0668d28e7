/** Numbers that parsers trip over: signs, ends of ranges, lengths one off. */
const EXTREMES = [
  0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
  0xfffffff8, 0xffffffff,
];
const MOST_EDITS = 6;
const LONGEST_BLOCK = 64;

/** Random numbers that a seed repeats: mulberry32. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % below;
  }

  of(list) {
    return list[this.below(list.length)];
  }
}

/** Each changes bytes at a random place; those that change the length return other bytes. */
const edits = [
  (bytes, random) => {
    bytes[random.below(bytes.length)] ^= 1 << random.below(8);
  },
  (bytes, random) => {
    bytes[random.below(bytes.length)] = random.of(EXTREMES);
  },
  (bytes, random) => put(bytes, random, 2, 2),
  (bytes, random) => put(bytes, random, 4, 4),
  (bytes, random) => put(bytes, random, 4, 1),
  (bytes, random) => put(bytes, random, 8, 8),
  // Cut off.
  (bytes, random) => bytes.slice(0, random.below(bytes.length) + 1),
  // A block taken out.
  (bytes, random) => {
    const at = random.below(bytes.length);
    const to = Math.min(bytes.length, at + 1 + random.below(LONGEST_BLOCK));
    return concat(bytes.subarray(0, at), bytes.subarray(to));
  },
  // A block twice.
  (bytes, random) => {
    const at = random.below(bytes.length);
    const to = Math.min(bytes.length, at + 1 + random.below(LONGEST_BLOCK));
    return concat(bytes.subarray(0, to), bytes.subarray(at));
  },
  // A block over another.
  (bytes, random) => {
    const at = random.below(bytes.length);
    bytes.copyWithin(random.below(bytes.length), at, at + random.below(LONGEST_BLOCK));
  },
];

function put(bytes, random, size, alignment) {
  if (bytes.length < size) return;
  const at = random.below(Math.floor((bytes.length - size) / alignment) + 1) * alignment;
  const value = BigInt(random.of(EXTREMES)) + (random.below(4) === 0 ? BigInt(bytes.length) : 0n);
  const isLittle = random.below(4) !== 0;
  for (let i = 0; i < size; i++) {
    bytes[isLittle ? at + i : at + size - 1 - i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }
}

function concat(a, b) {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

/** A copy of a file with one to six edits, never empty. */
export function mutate(file, random) {
  let bytes = file.slice();
  for (let left = 1 + random.below(MOST_EDITS); left > 0; left--) {
    const changed = random.of(edits)(bytes, random);
    if (changed instanceof Uint8Array && changed.length > 0) bytes = changed;
  }
  return bytes;
}
