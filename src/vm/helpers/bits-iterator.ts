import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { u32, u64 } from "./argument.js";
import { readKernel } from "./kernel-address.js";

/** BITS_ITER_NR_WORDS_MAX. */
const MAX_WORDS = 511;

/** struct bpf_iter_bits: 8 bytes that stand for the words, the number of bits, and the last that was given. */
const Iterator = { Words: 0, Count: 8, Bit: 12 };

/** The words that iterators go through, by the iterator's address: copies, as Linux makes them. */
const copies = new WeakMap<Machine, Map<number, Uint8Array>>();

function copiesOf(machine: Machine): Map<number, Uint8Array> {
  let map = copies.get(machine);
  if (map === undefined) copies.set(machine, (map = new Map()));
  return map;
}

function iterNew(machine: Machine): void {
  const at = u32(machine, 1);
  const words = u64(machine, 2);
  const count = u32(machine, 3);
  const { view } = machine.arena;
  view.setBigInt64(at + Iterator.Words, 0n, true);
  view.setInt32(at + Iterator.Count, 0, true);
  view.setInt32(at + Iterator.Bit, -1, true);
  if (words === 0n || count === 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const copy = count > MAX_WORDS ? -Errno.E2BIG : readKernel(machine.arena, words, count * 8);
  if (typeof copy === "number") {
    // A single word's error is always the same one.
    machine.returns(count === 1 ? -Errno.EFAULT : copy);
    return;
  }
  copiesOf(machine).set(at, copy);
  view.setInt32(at + Iterator.Count, count * 64, true);
  machine.returns(0);
}

function iterNext(machine: Machine): void {
  const at = u32(machine, 1);
  const { view } = machine.arena;
  const count = view.getInt32(at + Iterator.Count, true);
  const words = copiesOf(machine).get(at);
  let bit = view.getInt32(at + Iterator.Bit, true);
  if (count === 0 || bit >= count || words === undefined) {
    machine.returnsAddress(0);
    return;
  }
  do bit++;
  while (bit < count && ((words[bit >> 3] >> (bit & 7)) & 1) === 0);
  view.setInt32(at + Iterator.Bit, bit, true);
  machine.returnsAddress(bit < count ? at + Iterator.Bit : 0);
}

function iterDestroy(machine: Machine): void {
  copiesOf(machine).delete(u32(machine, 1));
  machine.returns(0);
}

/** Open-coded iteration over the bits that are set (kernel/bpf/helpers.c, bpf_iter_bits_*). */
export const bitsIteratorKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_iter_bits_new", iterNew],
  ["bpf_iter_bits_next", iterNext],
  ["bpf_iter_bits_destroy", iterDestroy],
];
