import { Errno } from "../../uapi/index.js";
import type { Machine } from "../machine.js";
import { skb, u32, xdp } from "./argument.js";

/** DYNPTR_MAX_SIZE: sizes have 24 bits. */
export const DYNPTR_MAX_SIZE = (1 << 24) - 1;

/** enum bpf_dynptr_type. */
export const DynptrType = { Local: 1, RingBuf: 2, Skb: 3, Xdp: 4, SkbMeta: 5 } as const;
const READ_ONLY = 1 << 31;
const TYPE_SHIFT = 28;
const INT_MAX = 0x7fffffff;
/** Bytes that are copied at a time where there is no one piece: the packet's scratch room. */
export const CHUNK = 256;
/** Flags of bpf_skb_store_bytes. */
const RECOMPUTE_CSUM = 1;
const INVALIDATE_HASH = 2;

/**
 * A struct bpf_dynptr in the arena, 16 bytes: data address (or, for packets, the context's) as 64
 * bits, size with type and the read-only bit above it, offset; an address of 0 is a null dynptr
 * (include/linux/bpf.h, struct bpf_dynptr_kern).
 */
export class Dynptr {
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
    return this.#word & DYNPTR_MAX_SIZE;
  }

  get type(): number {
    return (this.#word >>> TYPE_SHIFT) & 7;
  }

  get isNull(): boolean {
    return this.data === 0;
  }

  get isReadOnly(): boolean {
    return this.#word >>> 31 === 1;
  }

  get offset(): number {
    return this.#machine.arena.view.getUint32(this.#at + 12, true);
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

/** Argument `n` as a dynptr. */
export function dynptr(machine: Machine, n: number): Dynptr {
  return new Dynptr(machine, u32(machine, n));
}

/** The address of a dynptr's bytes at `at`, where they are plain memory. */
function plainAddress(machine: Machine, pointer: Dynptr, at: number): number {
  return pointer.type === DynptrType.SkbMeta ? skb(machine).metadataAt(at) : pointer.data + at;
}

/** kernel/bpf/helpers.c, __bpf_dynptr_read: from the dynptr to memory. */
export function readDynptr(
  machine: Machine,
  to: number,
  length: number,
  source: Dynptr,
  offset: number,
  flagBits: number,
): number {
  if (source.isNull || flagBits !== 0) return -Errno.EINVAL;
  const error = source.check(offset, length);
  if (error < 0) return error;
  const at = source.offset + offset;
  if (source.type === DynptrType.Xdp) return xdp(machine).loadBytes(at, to, length);
  const { u8 } = machine.arena;
  if (source.type === DynptrType.Skb) {
    const packet = skb(machine);
    if (at > INT_MAX || !packet.holds(at, length)) {
      u8.fill(0, to, to + length);
      return -Errno.EFAULT;
    }
    u8.copyWithin(to, packet.at(at), packet.at(at) + length);
    return 0;
  }
  const from = plainAddress(machine, source, at);
  u8.copyWithin(to, from, from + length);
  return 0;
}

/** kernel/bpf/helpers.c, __bpf_dynptr_write: from memory to the dynptr. */
export function writeDynptr(
  machine: Machine,
  target: Dynptr,
  offset: number,
  from: number,
  length: number,
  flagBits: number,
): number {
  if (target.isNull || target.isReadOnly) return -Errno.EINVAL;
  const error = target.check(offset, length);
  if (error < 0) return error;
  const at = target.offset + offset;
  const { u8 } = machine.arena;
  if (target.type === DynptrType.Skb) {
    const packet = skb(machine);
    if ((flagBits & ~(RECOMPUTE_CSUM | INVALIDATE_HASH)) !== 0) return -Errno.EINVAL;
    if (at > INT_MAX || !packet.holds(at, length)) return -Errno.EFAULT;
    u8.copyWithin(packet.at(at), from, from + length);
    if ((flagBits & INVALIDATE_HASH) !== 0) packet.hash = undefined;
    return 0;
  }
  if (flagBits !== 0) return -Errno.EINVAL;
  if (target.type === DynptrType.Xdp) return xdp(machine).storeBytes(at, from, length);
  u8.copyWithin(plainAddress(machine, target, at), from, from + length);
  return 0;
}

/**
 * bpf_dynptr_slice: the address of the bytes, or of `buffer` with a copy of them where they do not lie in
 * one piece; 0 where there is neither.
 */
export function sliceDynptr(
  machine: Machine,
  pointer: Dynptr,
  offset: number,
  buffer: number,
  length: number,
): number {
  if (pointer.isNull || pointer.check(offset, length) < 0) return 0;
  const at = pointer.offset + offset;
  if (pointer.type === DynptrType.Skb) return skb(machine).holds(at, length) ? skb(machine).at(at) : 0;
  if (pointer.type !== DynptrType.Xdp) return plainAddress(machine, pointer, at);
  const frame = xdp(machine);
  const direct = frame.pointer(at, length);
  if (direct > 0) return direct;
  // What the frame no longer has stays in the buffer as it is.
  if (buffer !== 0) frame.copyPieces(at, buffer, length);
  return buffer;
}

/** bpf_dynptr_copy. */
export function copyDynptr(
  machine: Machine,
  target: Dynptr,
  targetOffset: number,
  source: Dynptr,
  sourceOffset: number,
  length: number,
): number {
  const from = sliceDynptr(machine, source, sourceOffset, 0, length);
  const to = target.isReadOnly ? 0 : sliceDynptr(machine, target, targetOffset, 0, length);
  if (from !== 0 && to !== 0) {
    machine.arena.u8.copyWithin(to, from, from + length);
    return 0;
  }
  if (from !== 0) return writeDynptr(machine, target, targetOffset, from, length, 0);
  if (to !== 0) return readDynptr(machine, to, length, source, sourceOffset, 0);
  if (target.check(targetOffset, length) < 0 || source.check(sourceOffset, length) < 0) return -Errno.E2BIG;
  const { scratch } = machine.packet;
  for (let done = 0; done < length; done += CHUNK) {
    const size = Math.min(CHUNK, length - done);
    const error =
      readDynptr(machine, scratch, size, source, sourceOffset + done, 0) ||
      writeDynptr(machine, target, targetOffset + done, scratch, size, 0);
    if (error < 0) return error;
  }
  return 0;
}

/** bpf_dynptr_memset. */
export function fillDynptr(
  machine: Machine,
  target: Dynptr,
  offset: number,
  length: number,
  byte: number,
): number {
  const { u8 } = machine.arena;
  const direct = target.isReadOnly ? 0 : sliceDynptr(machine, target, offset, 0, length);
  if (direct !== 0) {
    u8.fill(byte, direct, direct + length);
    return 0;
  }
  if (target.isReadOnly) return -Errno.EINVAL;
  const error = target.check(offset, length);
  if (error < 0) return error;
  const { scratch } = machine.packet;
  u8.fill(byte, scratch, scratch + CHUNK);
  for (let done = 0; done < length; done += CHUNK) {
    const size = Math.min(CHUNK, length - done);
    const result = writeDynptr(machine, target, offset + done, scratch, size, 0);
    if (result < 0) return result;
  }
  return 0;
}
