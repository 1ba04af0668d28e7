const UNDERSCORE = 0x5f;
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The part of a type's name that CO-RE goes by: "task_struct" of "task_struct___old". What follows the
 * last "___" between two other characters is the flavour (libbpf's bpf_core_essential_name_len).
 */
export function essentialName(name: string): string {
  for (let end = name.length - 4; end > 0; end--) {
    const isSeparator = name.startsWith("___", end) && name[end - 1] !== "_" && name[end + 3] !== "_";
    if (isSeparator) return name.slice(0, end);
  }
  return name;
}

/** A hash of the essential name that stands at `start` in a string section; 0 where there is no name. */
export function essentialHash(bytes: Uint8Array, start: number): number {
  let hash = FNV_BASIS;
  let essential = 0;
  let beforeRun = 0;
  let run = 0;
  let at = start;
  for (let byte = bytes[at]; byte !== 0 && byte !== undefined; byte = bytes[++at]) {
    if (byte === UNDERSCORE) {
      if (run++ === 0) beforeRun = hash;
    } else {
      if (run === 3 && at - run > start) essential = beforeRun;
      run = 0;
    }
    hash = Math.imul(hash ^ byte, FNV_PRIME);
  }
  if (at === start) return 0;
  return (essential === 0 ? hash : essential) >>> 0 || 1;
}

/**
 * Types by the hash of their essential name. A kernel has 130,000 types: two arrays of numbers and no
 * string cost 1.5 MB and 10 ms, which is less than one search through all of them takes.
 */
export class NameIndex {
  readonly #heads: Int32Array;
  readonly #next: Int32Array;

  /** `hashOf` gives the hash of each of `count` types; those without a name, 0, are left out. */
  constructor(count: number, hashOf: (index: number) => number) {
    const size = 2 ** Math.ceil(Math.log2(count + 1));
    this.#heads = new Int32Array(size).fill(-1);
    this.#next = new Int32Array(count);
    // From the last to the first, so that each chain is in order.
    for (let index = count - 1; index >= 0; index--) {
      const hash = hashOf(index);
      if (hash === 0) continue;
      const slot = hash & (size - 1);
      this.#next[index] = this.#heads[slot];
      this.#heads[slot] = index;
    }
  }

  /** Types whose hash may be this one, in order. */
  *candidates(hash: number): Generator<number> {
    for (let index = this.#heads[hash & (this.#heads.length - 1)]; index >= 0; index = this.#next[index]) {
      yield index;
    }
  }
}
