import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { memory, u32, u64 } from "./argument.js";
import { formatPrint } from "./print-format.js";

/** MAX_BPRINTF_VARARGS. */
const MAX_ARGUMENTS = 12;
/** MAX_BPRINTF_BUF: what one line of trace output holds, its NUL included. */
const LINE_ROOM = 1024;

function readArguments(machine: Machine, n: number): bigint[] | number {
  const { address, length } = memory(machine, n, "the arguments");
  if (length % 8 !== 0 || length > MAX_ARGUMENTS * 8) return -Errno.EINVAL;
  const { view } = machine.arena;
  return Array.from({ length: length / 8 }, (_, i) => view.getBigUint64(address + i * 8, true));
}

function trace(machine: Machine, format: Uint8Array, args: readonly bigint[]): void {
  const printed = formatPrint(machine.arena, format, args, LINE_ROOM);
  if (typeof printed === "number") {
    machine.returns(printed);
    return;
  }
  machine.services.trace(String.fromCharCode(...printed.bytes));
  machine.returns(printed.length);
}

function formatAt(machine: Machine, n: number): Uint8Array {
  const { address, length } = memory(machine, n, "the format");
  return machine.arena.u8.subarray(address, address + length);
}

/** bpf_trace_printk: up to three arguments in registers (kernel/trace/bpf_trace.c). */
function tracePrintk(machine: Machine): void {
  trace(machine, formatAt(machine, 1), [u64(machine, 3), u64(machine, 4), u64(machine, 5)]);
}

/** bpf_trace_vprintk: up to twelve arguments in memory. */
function traceVprintk(machine: Machine): void {
  const args = readArguments(machine, 3);
  if (typeof args === "number") machine.returns(args);
  else trace(machine, formatAt(machine, 1), args);
}

/** bpf_snprintf: writes what fits, NUL-terminated; returns the full text's size with its NUL. */
function snprintf(machine: Machine): void {
  const out = memory(machine, 1, "the output");
  const args = readArguments(machine, 4);
  const { arena } = machine;
  const printed =
    typeof args === "number"
      ? args
      : formatPrint(arena, arena.u8.subarray(u32(machine, 3)), args, out.length);
  if (typeof printed === "number") {
    machine.returns(printed);
    return;
  }
  if (out.length > 0) {
    arena.u8.set(printed.bytes, out.address);
    arena.u8[out.address + printed.bytes.length] = 0;
  }
  machine.returns(printed.length + 1);
}

/** Text for people: the trace pipe, and strings made by a format. */
export const printHelpers: readonly [id: number, HelperFunction][] = [
  [6, tracePrintk],
  [177, traceVprintk],
  [165, snprintf],
];
