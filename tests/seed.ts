/**
 * The seed of what a test makes at random: WIREBEE_SEED, or one of the moment. It is printed, so that
 * a failure can be had again.
 */
export function seedOf(what: string): number {
  const seed = Number(process.env.WIREBEE_SEED ?? Date.now() % 2 ** 31);
  console.log(`${what}: WIREBEE_SEED=${seed}`);
  return seed;
}
