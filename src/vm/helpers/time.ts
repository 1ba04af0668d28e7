import type { HelperFunction } from "../machine.js";

/** Clocks, in nanoseconds unless told (kernel/bpf/helpers.c). */
export const timeHelpers: readonly [id: number, HelperFunction][] = [
  [5, (m) => m.returns64(m.services.monotonicNs())],
  [125, (m) => m.returns64(m.services.bootNs())],
  // CLOCK_MONOTONIC_COARSE: the time of the last tick.
  [160, (m) => m.returns64(m.services.coarseNs())],
  [208, (m) => m.returns64(m.services.taiNs())],
  [118, (m) => m.returns64(m.services.jiffies())],
];
