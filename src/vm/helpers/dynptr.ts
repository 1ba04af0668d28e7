import { RingBuffer } from "../../maps/index.js";
import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { Trap } from "../trap.js";
import { flags, memory, skb, u32, xdp } from "./argument.js";

const NO_WAKEUP = 1;
const FORCE_WAKEUP = 2;
/** DYNPTR_MAX_SIZE: sizes have 24 bits. */
const MAX_SIZE = (1 << 24) - 1;

const DynptrType = { Local: 1, RingBuf: 2, Skb: 3, Xdp: 4 } as const;
const READ_ONLY = 1 << 31;
const TYPE_SHIFT = 28;

/**
 * A struct bpf_dynptr in the arena, 16 bytes: data address (or, for packets, the context's) as 64
 * bits, size with type and the read-only bit above it, offset; an address of 0 is a null dynptr
 * (include/linux/bpf.h, struct bpf_dynptr_kern).
 */
class Dynptr {
  readonly #machine: Machine;
  readonly #at: number;

  constructor(machine: Machine, address: number) {
    this.#machine = machine;
    this.#at = address;
  }

  get data(): number {
    return this.#machine.arena.view.getUint32(this.#at, true);
  }

  get #word(): number {
    return this.#machine.arena.view.getUint32(this.#at + 8, true);
  }

  get size(): number {
    return this.#word & MAX_SIZE;
  }

  get type(): number {
    return (this.#word >>> TYPE_SHIFT) & 7;
  }

  get isReadOnly(): boolean {
    return this.#word >>> 31 === 1;
  }

  get offset(): number {
    return this.#machine.arena.view.getUint32(this.#at + 12, true);
  }

  get isPacket(): boolean {
    return this.type === DynptrType.Skb || this.type === DynptrType.Xdp;
  }

  set(data: number, size: number, type: number, offset = 0, isReadOnly = false): void {
    const { view } = this.#machine.arena;
    view.setUint32(this.#at, data, true);
    view.setUint32(this.#at + 4, 0, true);
    view.setUint32(this.#at + 8, size | (type << TYPE_SHIFT) | (isReadOnly ? READ_ONLY : 0), true);
    view.setUint32(this.#at + 12, offset, true);
  }

  setNull(): void {
    this.set(0, 0, 0);
  }

  copyTo(other: Dynptr): void {
    other.set(this.data, this.size, this.type, this.offset, this.isReadOnly);
  }

  /** 0, or -E2BIG where the range is not in it (bpf_dynptr_check_off_len). */
  check(offset: number, length: number): number {
    const { size } = this;
    return length > size || offset > size - length ? -Errno.E2BIG : 0;
  }
}

function dynptr(machine: Machine, n: number): Dynptr {
  return new Dynptr(machine, u32(machine, n));
}

function fromMem(machine: Machine): void {
  const pointer = dynptr(machine, 4);
  const size = u32(machine, 2);
  if (size > MAX_SIZE || flags(machine, 3) !== 0) {
    pointer.setNull();
    machine.returns(size > MAX_SIZE ? -Errno.E2BIG : -Errno.EINVAL);
    return;
  }
  pointer.set(u32(machine, 1), size, DynptrType.Local);
  machine.returns(0);
}

function read(machine: Machine): void {
  const to = memory(machine, 1, "the buffer");
  const pointer = dynptr(machine, 3);
  const offset = u32(machine, 4);
  if (pointer.data === 0 || flags(machine, 5) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const error = pointer.check(offset, to.length);
  if (error < 0) {
    machine.returns(error);
    return;
  }
  const at = pointer.offset + offset;
  if (pointer.type === DynptrType.Xdp) {
    machine.returns(xdp(machine).loadBytes(at, to.address, to.length));
    return;
  }
  const isSkb = pointer.type === DynptrType.Skb;
  if (isSkb && !skb(machine).holds(at, to.length)) {
    machine.arena.u8.fill(0, to.address, to.address + to.length);
    machine.returns(-Errno.EFAULT);
    return;
  }
  const from = isSkb ? skb(machine).at(at) : pointer.data + at;
  machine.arena.u8.copyWithin(to.address, from, from + to.length);
  machine.returns(0);
}

function write(machine: Machine): void {
  const pointer = dynptr(machine, 1);
  const offset = u32(machine, 2);
  const from = memory(machine, 3, "the bytes");
  const flagBits = flags(machine, 5);
  if (pointer.data === 0 || pointer.isReadOnly) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const error = pointer.check(offset, from.length);
  if (error < 0) {
    machine.returns(error);
    return;
  }
  const at = pointer.offset + offset;
  if (pointer.type === DynptrType.Skb) {
    machine.returns(writeSkb(machine, at, from, flagBits));
    return;
  }
  if (flagBits !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  if (pointer.type === DynptrType.Xdp) {
    machine.returns(xdp(machine).storeBytes(at, from.address, from.length));
    return;
  }
  machine.arena.u8.copyWithin(pointer.data + at, from.address, from.address + from.length);
  machine.returns(0);
}

/** BPF_F_RECOMPUTE_CSUM and BPF_F_INVALIDATE_HASH are bpf_skb_store_bytes' flags. */
function writeSkb(
  machine: Machine,
  at: number,
  from: { address: number; length: number },
  flagBits: number,
): number {
  if ((flagBits & ~3) !== 0) return -Errno.EINVAL;
  const packet = skb(machine);
  if (!packet.holds(at, from.length)) return -Errno.EFAULT;
  machine.arena.u8.copyWithin(packet.at(at), from.address, from.address + from.length);
  if ((flagBits & 2) !== 0) packet.hash = undefined;
  return 0;
}

function data(machine: Machine): void {
  const pointer = dynptr(machine, 1);
  const offset = u32(machine, 2);
  const isRefused =
    pointer.data === 0 ||
    pointer.isReadOnly ||
    pointer.isPacket ||
    pointer.check(offset, u32(machine, 3)) < 0;
  machine.returnsAddress(isRefused ? 0 : pointer.data + pointer.offset + offset);
}

function ringBufReserve(machine: Machine): void {
  const pointer = dynptr(machine, 4);
  const size = u32(machine, 2);
  const map = machine.mapAt(u32(machine, 1));
  if (!(map instanceof RingBuffer)) throw new Trap("invalid argument", "this helper needs a RINGBUF");
  if (flags(machine, 3) !== 0 || size > MAX_SIZE) {
    pointer.setNull();
    machine.returns(size > MAX_SIZE ? -Errno.E2BIG : -Errno.EINVAL);
    return;
  }
  const record = map.reserve(size);
  if (record === 0) {
    pointer.setNull();
    machine.returns(-Errno.EINVAL);
    return;
  }
  pointer.set(record, size, DynptrType.RingBuf);
  machine.returns(0);
}

function ringBufCommit(isDiscard: boolean): HelperFunction {
  return (machine) => {
    const pointer = dynptr(machine, 1);
    if (pointer.data !== 0) {
      const flagBits = flags(machine, 2) & (NO_WAKEUP | FORCE_WAKEUP);
      const mapAt = (address: number) => machine.mapAt(address);
      RingBuffer.commit(machine.arena, mapAt, pointer.data, flagBits, isDiscard);
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

function fromPacket(type: number): HelperFunction {
  return (machine) => {
    const pointer = dynptr(machine, 3);
    const { packet } = machine;
    if (flags(machine, 2) !== 0) {
      pointer.setNull();
      machine.returns(-Errno.EINVAL);
      return;
    }
    pointer.set(packet.context, packet.totalLength, type);
    machine.returns(0);
  };
}

function slice(mustWrite: boolean): HelperFunction {
  return (machine) => {
    const pointer = dynptr(machine, 1);
    const offset = u32(machine, 2);
    const buffer = u32(machine, 3);
    const length = u32(machine, 4);
    const isRefused =
      pointer.data === 0 || (mustWrite && pointer.isReadOnly) || pointer.check(offset, length) < 0;
    machine.returnsAddress(isRefused ? 0 : slicePointer(machine, pointer, offset, buffer, length));
  };
}

function slicePointer(
  machine: Machine,
  pointer: Dynptr,
  offset: number,
  buffer: number,
  length: number,
): number {
  const at = pointer.offset + offset;
  if (pointer.type === DynptrType.Skb) return skb(machine).holds(at, length) ? skb(machine).at(at) : 0;
  if (pointer.type !== DynptrType.Xdp) return pointer.data + at;
  const frame = xdp(machine);
  const direct = frame.pointer(at, length);
  if (direct < 0) return 0;
  if (direct > 0) return direct;
  // The bytes lie in several pieces: they go to the program's buffer, if it gave one.
  return buffer !== 0 && frame.loadBytes(at, buffer, length) === 0 ? buffer : 0;
}

function adjust(machine: Machine): void {
  const pointer = dynptr(machine, 1);
  const start = u32(machine, 2);
  const end = u32(machine, 3);
  if (pointer.data === 0 || start > end) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  if (start > pointer.size || end > pointer.size) {
    machine.returns(-Errno.ERANGE);
    return;
  }
  pointer.set(pointer.data, end - start, pointer.type, pointer.offset + start, pointer.isReadOnly);
  machine.returns(0);
}

function clone(machine: Machine): void {
  const pointer = dynptr(machine, 1);
  const copy = dynptr(machine, 2);
  if (pointer.data === 0) {
    copy.setNull();
    machine.returns(-Errno.EINVAL);
    return;
  }
  pointer.copyTo(copy);
  machine.returns(0);
}

/** kfuncs on dynamic pointers, by name (kernel/bpf/helpers.c, net/core/filter.c). */
export const dynptrKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_dynptr_from_skb", fromPacket(DynptrType.Skb)],
  ["bpf_dynptr_from_xdp", fromPacket(DynptrType.Xdp)],
  ["bpf_dynptr_slice", slice(false)],
  ["bpf_dynptr_slice_rdwr", slice(true)],
  ["bpf_dynptr_adjust", adjust],
  ["bpf_dynptr_clone", clone],
  ["bpf_dynptr_is_null", (m) => m.returns(dynptr(m, 1).data === 0 ? 1 : 0)],
  ["bpf_dynptr_is_rdonly", (m) => m.returns(dynptr(m, 1).data !== 0 && dynptr(m, 1).isReadOnly ? 1 : 0)],
  ["bpf_dynptr_size", (m) => m.returns(dynptr(m, 1).data === 0 ? -Errno.EINVAL : dynptr(m, 1).size)],
];
