import type { HelperFunction } from "../machine.js";

/**
 * bpf_spin_lock and bpf_spin_unlock. One program runs at a time in an unshared arena, and the
 * verifier lets nothing but plain code stand between the two: there is nobody to wait for.
 */
export const spinLockHelpers: readonly [id: number, HelperFunction][] = [
  [93, (m) => m.returns(0)],
  [94, (m) => m.returns(0)],
];

/** Resilient spin locks (kernel/bpf/rqspinlock.c), which are always got at once for the same reason. */
export const spinLockKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_res_spin_lock", (m) => m.returns(0)],
  ["bpf_res_spin_unlock", (m) => m.returns(0)],
  ["bpf_res_spin_lock_irqsave", (m) => m.returns(0)],
  ["bpf_res_spin_unlock_irqrestore", (m) => m.returns(0)],
];
