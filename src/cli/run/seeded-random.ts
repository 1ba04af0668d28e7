/** 2^32 over the golden ratio: spreads seeds that differ by little. */
const GOLDEN = 0x9e3779b9;

/** The generator has 2^32 - 1 states; seeds begin with 0. */
export const MAX_SEED = 0xfffffffe;

/** 32 bits at a time, the same for the same seed: xorshift (Marsaglia, "Xorshift RNGs", 2003). */
export function seededRandom(seed: number): () => number {
  let state = Math.imul(seed + 1, GOLDEN);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
