import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { s32, u32 } from "./argument.js";

/** BPF_MAX_LOOPS. */
const MAX_NUMBERS = 8 * 1024 * 1024;

/** struct bpf_iter_num: the number before the next one, and where it ends, 4 bytes each. */
function iterNew(machine: Machine): void {
  const at = u32(machine, 1);
  const start = s32(machine, 2);
  const end = s32(machine, 3);
  const { view } = machine.arena;
  const result = start > end ? -Errno.EINVAL : end - start > MAX_NUMBERS ? -Errno.E2BIG : 0;
  view.setInt32(at, result === 0 ? start - 1 : 0, true);
  view.setInt32(at + 4, result === 0 ? end : 0, true);
  machine.returns(result);
}

function iterNext(machine: Machine): void {
  const at = u32(machine, 1);
  const { view } = machine.arena;
  // The number before the lowest one is the highest: 32 bits, as in bpf_iter_num_next.
  const number = (view.getInt32(at, true) + 1) | 0;
  if (number >= view.getInt32(at + 4, true)) {
    view.setInt32(at, 0, true);
    view.setInt32(at + 4, 0, true);
    machine.returnsAddress(0);
    return;
  }
  view.setInt32(at, number, true);
  machine.returnsAddress(at);
}

function iterDestroy(machine: Machine): void {
  const at = u32(machine, 1);
  machine.arena.view.setBigInt64(at, 0n, true);
  machine.returns(0);
}

/** Open-coded iteration over numbers (kernel/bpf/bpf_iter.c). */
export const numberIteratorKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_iter_num_new", iterNew],
  ["bpf_iter_num_next", iterNext],
  ["bpf_iter_num_destroy", iterDestroy],
];
