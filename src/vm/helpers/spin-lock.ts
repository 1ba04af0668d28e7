import type { HelperFunction } from "../machine.js";

/**
 * bpf_spin_lock and bpf_spin_unlock. One program runs at a time in an unshared arena, and the
 * verifier lets nothing but plain code stand between the two: there is nobody to wait for.
 */
export const spinLockHelpers: readonly [id: number, HelperFunction][] = [
  [93, (m) => m.returns(0)],
  [94, (m) => m.returns(0)],
];
