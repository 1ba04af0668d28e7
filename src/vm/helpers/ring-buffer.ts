import { RingBuffer } from "../../maps/index.js";
import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { Trap } from "../trap.js";
import { flags, high32, memory, u32 } from "./argument.js";

const NO_WAKEUP = 1;
const FORCE_WAKEUP = 2;

function ringBuffer(machine: Machine): RingBuffer {
  const map = machine.mapAt(u32(machine, 1));
  if (map instanceof RingBuffer) return map;
  throw new Trap("invalid argument", "this helper needs a RINGBUF");
}

function reserve(machine: Machine): void {
  const isRefused = flags(machine, 3) !== 0 || high32(machine, 2) !== 0;
  machine.returnsAddress(isRefused ? 0 : ringBuffer(machine).reserve(u32(machine, 2)));
}

function commit(isDiscard: boolean): HelperFunction {
  return (machine) => {
    const record = u32(machine, 1);
    RingBuffer.commit(
      machine.arena,
      (address) => machine.mapAt(address),
      record,
      flags(machine, 2),
      isDiscard,
    );
    machine.returns(0);
  };
}

function output(machine: Machine): void {
  const { address, length } = memory(machine, 2, "the record");
  const flagBits = flags(machine, 4);
  if ((flagBits & ~(NO_WAKEUP | FORCE_WAKEUP)) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const ring = ringBuffer(machine);
  const record = ring.reserve(length);
  if (record === 0) {
    machine.returns(-Errno.EAGAIN);
    return;
  }
  machine.arena.u8.copyWithin(record, address, address + length);
  ring.finish(record, flagBits, false);
  machine.returns(0);
}

/** BPF_RB_AVAIL_DATA, BPF_RB_RING_SIZE, BPF_RB_CONS_POS and BPF_RB_PROD_POS; 0 for anything else. */
function query(machine: Machine): void {
  machine.returns64(ringBuffer(machine).query(flags(machine, 2)));
}

/** Ring buffers (kernel/bpf/ringbuf.c). */
export const ringBufferHelpers: readonly [id: number, HelperFunction][] = [
  [130, output],
  [131, reserve],
  [132, commit(false)],
  [133, commit(true)],
  [134, query],
];
