import type { HelperFunction } from "../machine.js";

/**
 * One program runs at a time, no interrupt comes, and nothing is freed under it: these sections have
 * nothing to hold off.
 */
export const sectionKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_rcu_read_lock", (m) => m.returns(0)],
  ["bpf_rcu_read_unlock", (m) => m.returns(0)],
  ["bpf_preempt_disable", (m) => m.returns(0)],
  ["bpf_preempt_enable", (m) => m.returns(0)],
  ["bpf_local_irq_save", (m) => m.returns(0)],
  ["bpf_local_irq_restore", (m) => m.returns(0)],
];
