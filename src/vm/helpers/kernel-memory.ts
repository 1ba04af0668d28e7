import type { HelperFunction, Machine } from "../machine.js";
import { memory, u64 } from "./argument.js";
import { readKernel, readKernelString } from "./kernel-address.js";

/** bpf_probe_read_kernel: a failure zeroes the buffer. */
function probeRead(machine: Machine): void {
  const { address, length } = memory(machine, 1, "the buffer");
  const bytes = readKernel(machine.arena, u64(machine, 3), length);
  put(machine, address, length, bytes);
  machine.returns(typeof bytes === "number" ? bytes : 0);
}

/** bpf_probe_read_kernel_str: returns the string's length with its NUL, which is always written. */
function probeReadStr(machine: Machine): void {
  const { address, length } = memory(machine, 1, "the buffer");
  if (length === 0) {
    machine.returns(0);
    return;
  }
  const text = readKernelString(machine.arena, u64(machine, 3), length);
  put(machine, address, length, text);
  if (typeof text !== "number") machine.arena.u8[address + text.length] = 0;
  machine.returns(typeof text === "number" ? text : text.length + 1);
}

function put(machine: Machine, address: number, length: number, bytes: Uint8Array | number): void {
  const { u8 } = machine.arena;
  if (typeof bytes === "number") u8.fill(0, address, address + length);
  else u8.set(bytes, address);
}

/** Reading memory at any address (kernel/trace/bpf_trace.c). */
export const kernelMemoryHelpers: readonly [id: number, HelperFunction][] = [
  [113, probeRead],
  [115, probeReadStr],
];
