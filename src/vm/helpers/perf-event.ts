import { PerfEventArray } from "../../maps/index.js";
import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { Trap } from "../trap.js";
import { high32, memory, u32 } from "./argument.js";

/** BPF_F_INDEX_MASK with all bits set means the CPU that runs. */
const CURRENT_CPU = 0xffffffff;
/** BPF_F_CTXLEN_MASK: bits 32 to 51 of the flags are how many bytes of the packet to append. */
const CONTEXT_LENGTH_MASK = 0xfffff;

function perfEventOutput(machine: Machine): void {
  const map = machine.mapAt(u32(machine, 2));
  if (!(map instanceof PerfEventArray)) {
    throw new Trap("invalid argument", "bpf_perf_event_output needs a PERF_EVENT_ARRAY");
  }
  const index = u32(machine, 3);
  const appended = high32(machine, 3);
  const { address, length } = memory(machine, 4, "the record");
  if ((appended & ~CONTEXT_LENGTH_MASK) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const { packet } = machine;
  if (appended > packet.totalLength) {
    machine.returns(-Errno.EFAULT);
    return;
  }
  const record = new Uint8Array(length + appended);
  record.set(machine.arena.u8.subarray(address, address + length));
  if (appended > 0) record.set(packetBytes(machine).subarray(0, appended), length);
  machine.returns(map.output(index === CURRENT_CPU ? machine.cpu : index, machine.cpu, record));
}

function packetBytes(machine: Machine): Uint8Array {
  const { packet } = machine;
  return packet.kind === "xdp" ? packet.copy(false) : packet.copySeen();
}

/** bpf_perf_event_output for packets (net/core/filter.c, bpf_skb_event_output, bpf_xdp_event_output). */
export const perfEventHelpers: readonly [id: number, HelperFunction][] = [[25, perfEventOutput]];
