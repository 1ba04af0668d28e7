import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { high32, memory, u32 } from "./argument.js";

/** The readable bytes from argument 3 on, at most `length`; undefined where nothing can be read. */
function readable(machine: Machine, length: number): Uint8Array | undefined {
  const from = u32(machine, 3);
  const { u8 } = machine.arena;
  if (high32(machine, 3) !== 0 || from < 65536 || from >= u8.length) return undefined;
  return u8.slice(from, Math.min(u8.length, from + length));
}

/** bpf_probe_read_kernel: kernel memory is the arena; anything else faults and zeroes the buffer. */
function probeRead(machine: Machine): void {
  const { address, length } = memory(machine, 1, "the buffer");
  const bytes = readable(machine, length);
  const { u8 } = machine.arena;
  if (bytes === undefined || bytes.length < length) {
    u8.fill(0, address, address + length);
    machine.returns(-Errno.EFAULT);
    return;
  }
  u8.set(bytes, address);
  machine.returns(0);
}

/** bpf_probe_read_kernel_str: returns the string's length with its NUL, which is always written. */
function probeReadStr(machine: Machine): void {
  const { address, length } = memory(machine, 1, "the buffer");
  if (length === 0) {
    machine.returns(0);
    return;
  }
  const bytes = readable(machine, length);
  const { u8 } = machine.arena;
  if (bytes === undefined) {
    u8.fill(0, address, address + length);
    machine.returns(-Errno.EFAULT);
    return;
  }
  const end = bytes.indexOf(0);
  const text = bytes.subarray(0, end < 0 ? length - 1 : Math.min(end, length - 1));
  u8.set(text, address);
  u8[address + text.length] = 0;
  machine.returns(text.length + 1);
}

/** Reading memory at any address (kernel/trace/bpf_trace.c). */
export const kernelMemoryHelpers: readonly [id: number, HelperFunction][] = [
  [113, probeRead],
  [115, probeReadStr],
];
