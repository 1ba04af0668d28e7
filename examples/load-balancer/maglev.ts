/** A backend as a table knows it. */
export interface TableBackend {
  /** Its key in the map `backends`: 1 or more. */
  readonly number: number;
  /** What its place in the table depends on: it must be the same on every balancer, and stay. */
  readonly name: string;
  /** Its share compared with the others'; 1 by default. */
  readonly weight?: number;
}

/**
 * A Maglev table: which backend each of `size` slots belongs to. Each backend goes through the slots in an
 * order of its own, which its name gives, and they take turns to claim the next one that is free. So all
 * have their share to within a slot or two, and when one comes or goes nearly all slots of the others stay
 * (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4).
 * `size` is a prime, a hundred times the number of backends or more. Empty slots, where there are no
 * backends, are 0. Throws RangeError where `size` is no prime.
 */
export function maglevTable(backends: readonly TableBackend[], size: number): number[] {
  if (!isPrime(size)) throw new RangeError(`a table of ${size} slots: a prime is wanted`);
  const table = new Array<number>(size).fill(0);
  const largest = Math.max(...backends.map(({ weight = 1 }) => weight));
  const claimants = backends.map(({ number, name, weight = 1 }) => ({
    number,
    share: weight / largest,
    credit: 0,
    next: hash(name, 0x811c9dc5) % size,
    skip: (hash(name, 0x9e3779b9) % (size - 1)) + 1,
  }));
  let free = claimants.some(({ share }) => share > 0) ? size : 0;
  while (free > 0) {
    for (const claimant of claimants) {
      claimant.credit += claimant.share;
      if (claimant.credit < 1 || free === 0) continue;
      claimant.credit -= 1;
      while (table[claimant.next] !== 0) claimant.next = (claimant.next + claimant.skip) % size;
      table[claimant.next] = claimant.number;
      free--;
    }
  }
  return table;
}

function isPrime(size: number): boolean {
  if (!Number.isInteger(size) || size < 2) return false;
  for (let divisor = 2; divisor * divisor <= size; divisor++) if (size % divisor === 0) return false;
  return true;
}

/** FNV-1a of a text in UTF-8, then MurmurHash3's finaliser, so that like names have unlike orders. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
