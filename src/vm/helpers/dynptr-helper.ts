import { RingBuffer } from "../../maps/index.js";
import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { Trap } from "../trap.js";
import { flags, memory, u32 } from "./argument.js";
import { DYNPTR_MAX_SIZE, DynptrType, dynptr, readDynptr, sliceDynptr, writeDynptr } from "./dynptr.js";

function fromMem(machine: Machine): void {
  const pointer = dynptr(machine, 4);
  const size = u32(machine, 2);
  if (size > DYNPTR_MAX_SIZE || flags(machine, 3) !== 0) {
    pointer.setNull();
    machine.returns(size > DYNPTR_MAX_SIZE ? -Errno.E2BIG : -Errno.EINVAL);
    return;
  }
  pointer.set(u32(machine, 1), size, DynptrType.Local);
  machine.returns(0);
}

function read(machine: Machine): void {
  const { address, length } = memory(machine, 1, "the buffer");
  const source = dynptr(machine, 3);
  machine.returns(readDynptr(machine, address, length, source, u32(machine, 4), flags(machine, 5)));
}

function write(machine: Machine): void {
  const target = dynptr(machine, 1);
  const { address, length } = memory(machine, 3, "the bytes");
  machine.returns(writeDynptr(machine, target, u32(machine, 2), address, length, flags(machine, 5)));
}

/** bpf_dynptr_data: of packets it gives nothing, they may move. */
function data(machine: Machine): void {
  const pointer = dynptr(machine, 1);
  const isPlain = pointer.type === DynptrType.Local || pointer.type === DynptrType.RingBuf;
  const isGiven = isPlain && !pointer.isReadOnly;
  machine.returnsAddress(isGiven ? sliceDynptr(machine, pointer, u32(machine, 2), 0, u32(machine, 3)) : 0);
}

function ringBufReserve(machine: Machine): void {
  const pointer = dynptr(machine, 4);
  const size = u32(machine, 2);
  const map = machine.mapAt(u32(machine, 1));
  if (!(map instanceof RingBuffer)) throw new Trap("invalid argument", "this helper needs a RINGBUF");
  const hasFlags = flags(machine, 3) !== 0;
  const record = hasFlags || size > DYNPTR_MAX_SIZE ? 0 : map.reserve(size);
  if (record === 0) {
    pointer.setNull();
    machine.returns(!hasFlags && size > DYNPTR_MAX_SIZE ? -Errno.E2BIG : -Errno.EINVAL);
    return;
  }
  pointer.set(record, size, DynptrType.RingBuf);
  machine.returns(0);
}

function ringBufCommit(isDiscard: boolean): HelperFunction {
  return (machine) => {
    const pointer = dynptr(machine, 1);
    if (!pointer.isNull) {
      const mapAt = (address: number) => machine.mapAt(address);
      RingBuffer.commit(machine.arena, mapAt, pointer.data, flags(machine, 2), isDiscard);
      pointer.setNull();
    }
    machine.returns(0);
  };
}

/** Dynamic pointers (kernel/bpf/helpers.c, bpf_dynptr_*; kernel/bpf/ringbuf.c). */
export const dynptrHelpers: readonly [id: number, HelperFunction][] = [
  [197, fromMem],
  [198, ringBufReserve],
  [199, ringBufCommit(false)],
  [200, ringBufCommit(true)],
  [201, read],
  [202, write],
  [203, data],
];
