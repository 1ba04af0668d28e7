import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { u32, u64 } from "./argument.js";
import { CHUNK, type Dynptr, dynptr, sliceDynptr, writeDynptr } from "./dynptr.js";
import { readKernel, readKernelString } from "./kernel-address.js";

interface Target {
  readonly pointer: Dynptr;
  readonly offset: number;
  readonly size: number;
  /** The address of all of its bytes, where a program may write them and they lie in one piece; else 0. */
  readonly direct: number;
}

function targetOf(machine: Machine): Target {
  const [pointer, offset, size] = [dynptr(machine, 1), u32(machine, 2), u32(machine, 3)];
  const direct = pointer.isReadOnly ? 0 : sliceDynptr(machine, pointer, offset, 0, size);
  return { pointer, offset, size, direct };
}

/** bpf_probe_read_kernel_dynptr: kernel memory at any address to a dynptr. */
function probeRead(machine: Machine): void {
  const { pointer, offset, size, direct } = targetOf(machine);
  const from = u64(machine, 4);
  if (direct !== 0) {
    machine.returns(copyData(machine, direct, from, size));
    return;
  }
  let error = pointer.check(offset, size);
  const { scratch } = machine.packet;
  for (let done = 0; done < size && error === 0; done += CHUNK) {
    const length = Math.min(CHUNK, size - done);
    error =
      copyData(machine, scratch, from + BigInt(done), length) ||
      writeDynptr(machine, pointer, offset + done, scratch, length, 0);
  }
  machine.returns(error);
}

function copyData(machine: Machine, to: number, from: bigint, length: number): number {
  const bytes = readKernel(machine.arena, BigInt.asUintN(64, from), length);
  if (typeof bytes === "number") return bytes;
  machine.arena.u8.set(bytes, to);
  return 0;
}

/** bpf_probe_read_kernel_str_dynptr: a string, whose length with its NUL is returned. */
function probeReadStr(machine: Machine): void {
  const { pointer, offset, size, direct } = targetOf(machine);
  const from = u64(machine, 4);
  if (direct !== 0) {
    machine.returns(copyString(machine, direct, from, size));
    return;
  }
  const error = pointer.check(offset, size);
  machine.returns(error < 0 ? error : copyStringInPieces(machine, pointer, offset, size, from));
}

/** Each piece ends with a NUL, which the next one overwrites. */
function copyStringInPieces(
  machine: Machine,
  pointer: Dynptr,
  offset: number,
  size: number,
  from: bigint,
): number {
  const { scratch } = machine.packet;
  let done = 0;
  while (done < size) {
    const length = Math.min(CHUNK, size - done);
    const count = copyString(machine, scratch, from + BigInt(done), length);
    if (count < 0) return count;
    const error = writeDynptr(machine, pointer, offset + done, scratch, count, 0);
    if (error < 0) return error;
    if (count < length || length === 1) return done + count;
    done += length - 1;
  }
  return done;
}

/** The bytes that were copied, NUL included, or a negative error number. */
function copyString(machine: Machine, to: number, from: bigint, limit: number): number {
  const text = readKernelString(machine.arena, BigInt.asUintN(64, from), limit);
  const { u8 } = machine.arena;
  if (typeof text === "number") {
    if (text === -Errno.EFAULT) u8[to] = 0;
    return text;
  }
  if (limit === 0) return 0;
  u8.set(text, to);
  u8[to + text.length] = 0;
  return text.length + 1;
}

/** Reading kernel memory to dynptrs (kernel/trace/bpf_trace.c, __bpf_dynptr_copy and __bpf_dynptr_copy_str). */
export const dynptrProbeKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_probe_read_kernel_dynptr", probeRead],
  ["bpf_probe_read_kernel_str_dynptr", probeReadStr],
];
