import type { Arena } from "../../arena/index.js";
import { Errno } from "../../uapi/index.js";

/** Bytes of one frame: a page, as Linux's drivers give XDP. */
export const XDP_FRAME_SIZE = 4096;
/** XDP_PACKET_HEADROOM: free bytes before the packet. */
export const XDP_HEADROOM = 256;
/** sizeof(struct skb_shared_info), kept free at the frame's end (SKB_DATA_ALIGN'ed). */
export const XDP_TAILROOM = 320;
/** sizeof(struct xdp_frame): the part of the headroom that programs may not take. */
const XDP_FRAME_STRUCT = 40;
const ETH_HLEN = 14;
/** MAX_SKB_FRAGS: pages behind the first frame of a multi-buffer packet. */
const MAX_FRAGS = 17;
const MAX_METADATA = 255;
const SCRATCH_SIZE = 256;

/** Indices of struct xdp_md's fields, as 32-bit words (include/uapi/linux/bpf.h). */
const MD = { Data: 0, DataEnd: 1, DataMeta: 2, IngressIfindex: 3, RxQueueIndex: 4, EgressIfindex: 5 };
const MD_SIZE = 24;

/** Where the packet came in, and where it goes out for a program in a devmap. */
export interface XdpOrigin {
  readonly ingressIfindex: number;
  readonly rxQueueIndex: number;
  readonly egressIfindex: number;
}

/**
 * A packet as XDP programs see it: struct xdp_md in the arena, a frame of 4096 bytes with 256 bytes of
 * headroom, and up to 17 further pages for what is longer (multi-buffer). One object is used for
 * packet after packet: `load` starts the next.
 */
export class XdpBuff {
  readonly kind = "xdp";
  readonly context: number;
  /** 256 bytes for copies from one part of the packet to another. */
  readonly scratch: number;
  readonly networkOffset = ETH_HLEN;
  readonly macOffset = 0;
  readonly #arena: Arena;
  readonly #frame: number;
  readonly #frags: number;
  /** Where the pieces of the packet begin that lie behind the first frame, each in a page of its own. */
  readonly #fragStarts = new Uint32Array(MAX_FRAGS);
  readonly #fragSizes = new Uint16Array(MAX_FRAGS);
  /** The lowest address that this packet, or the one before it, may have left something at. */
  #lowest: number;
  #fragCount = 0;
  #fragBytes = 0;
  #md: Uint32Array;

  constructor(arena: Arena) {
    this.#arena = arena;
    this.context = arena.alloc(MD_SIZE, 16, "struct xdp_md");
    this.#frame = arena.alloc(XDP_FRAME_SIZE, XDP_FRAME_SIZE, "XDP frame");
    this.#lowest = this.#frame;
    this.#frags = arena.alloc(MAX_FRAGS * XDP_FRAME_SIZE, XDP_FRAME_SIZE, "XDP fragments");
    this.scratch = arena.alloc(SCRATCH_SIZE, 16, "XDP scratch");
    this.#md = new Uint32Array(arena.memory.buffer, this.context, MD_SIZE / 4);
  }

  get data(): number {
    return this.#md[MD.Data];
  }

  get dataEnd(): number {
    return this.#md[MD.DataEnd];
  }

  get dataMeta(): number {
    return this.#md[MD.DataMeta];
  }

  /** Bytes in the first frame. */
  get length(): number {
    return this.dataEnd - this.data;
  }

  /** Bytes in all (xdp_get_buff_len). */
  get totalLength(): number {
    return this.length + this.#fragBytes;
  }

  get metadataLength(): number {
    return this.data - this.dataMeta;
  }

  get hasFragments(): boolean {
    return this.#fragCount > 0;
  }

  get origin(): XdpOrigin {
    const md = this.#md;
    return {
      ingressIfindex: md[MD.IngressIfindex],
      rxQueueIndex: md[MD.RxQueueIndex],
      egressIfindex: md[MD.EgressIfindex],
    };
  }

  /**
   * Puts a packet in. Its first `metadataLength` bytes are metadata (a multiple of 4, 255 at most), and
   * its first `linearLength` bytes, metadata included, go to the first frame where there is room.
   * Returns 0, or -EINVAL or -ENOMEM as BPF_PROG_TEST_RUN does (net/bpf/test_run.c,
   * bpf_prog_test_run_xdp).
   */
  load(packet: Uint8Array, origin: XdpOrigin, metadataLength = 0, linearLength = packet.length): number {
    if (this.#md.buffer !== this.#arena.u8.buffer) {
      this.#md = new Uint32Array(this.#arena.u8.buffer, this.context, MD_SIZE / 4);
    }
    if (isInvalidMetadataLength(metadataLength) || metadataLength > XDP_HEADROOM - XDP_FRAME_STRUCT) {
      return -Errno.EINVAL;
    }
    if (packet.length - metadataLength < ETH_HLEN) return -Errno.EINVAL;
    const headroom = XDP_HEADROOM - metadataLength;
    const linear = Math.min(linearLength, XDP_FRAME_SIZE - headroom - XDP_TAILROOM);
    const rest = packet.length - linear;
    if (rest > MAX_FRAGS * XDP_FRAME_SIZE) return -Errno.ENOMEM;

    const { u8 } = this.#arena;
    const start = this.#frame + headroom;
    // Programs that grow the packet's head see zeroes there, not an earlier packet (bpf_test_init).
    if (this.#lowest < start) u8.fill(0, this.#lowest, start);
    this.#lowest = start;
    u8.set(linear === packet.length ? packet : packet.subarray(0, linear), start);
    this.#fragCount = 0;
    this.#fragBytes = rest;
    for (let done = 0; done < rest; done += XDP_FRAME_SIZE) {
      const size = Math.min(rest - done, XDP_FRAME_SIZE);
      u8.set(packet.subarray(linear + done, linear + done + size), this.#frags + done);
      this.#fragStarts[this.#fragCount] = this.#frags + done;
      this.#fragSizes[this.#fragCount++] = size;
    }
    const md = this.#md;
    md[MD.Data] = start + metadataLength;
    md[MD.DataEnd] = start + linear;
    md[MD.DataMeta] = start;
    md[MD.IngressIfindex] = origin.ingressIfindex;
    md[MD.RxQueueIndex] = origin.rxQueueIndex;
    md[MD.EgressIfindex] = origin.egressIfindex;
    return 0;
  }

  /** A copy of the packet as it is now, with or without its metadata in front. */
  copy(withMetadata: boolean): Uint8Array {
    const start = withMetadata ? this.dataMeta : this.data;
    const { u8 } = this.#arena;
    const out = new Uint8Array(this.dataEnd - start + this.#fragBytes);
    out.set(u8.subarray(start, this.dataEnd));
    let at = this.dataEnd - start;
    for (let i = 0; i < this.#fragCount; i++) {
      const from = this.#fragStarts[i];
      out.set(u8.subarray(from, from + this.#fragSizes[i]), at);
      at += this.#fragSizes[i];
    }
    return out;
  }

  /** A copy of struct xdp_md. */
  copyContext(): Uint8Array {
    return this.#arena.u8.slice(this.context, this.context + MD_SIZE);
  }

  /** Whether the packet equals `bytes` (metadata not counted). */
  equals(bytes: Uint8Array): boolean {
    if (bytes.length !== this.totalLength) return false;
    if (this.#fragCount > 0) return this.copy(false).every((byte, index) => byte === bytes[index]);
    const { u8 } = this.#arena;
    const { data } = this;
    for (let i = 0; i < bytes.length; i++) if (u8[data + i] !== bytes[i]) return false;
    return true;
  }

  /** bpf_xdp_adjust_head: moves the packet's start; metadata moves along. */
  adjustHead(offset: number): number {
    const metadata = this.metadataLength;
    const to = this.data + offset;
    if (to < this.#frame + XDP_FRAME_STRUCT + metadata || to > this.dataEnd - ETH_HLEN) {
      return -Errno.EINVAL;
    }
    const from = this.dataMeta;
    if (metadata > 0) this.#arena.u8.copyWithin(from + offset, from, from + metadata);
    this.#md[MD.DataMeta] = from + offset;
    this.#md[MD.Data] = to;
    this.#lowest = Math.min(this.#lowest, from + offset);
    return 0;
  }

  /** bpf_xdp_adjust_meta: moves the start of the metadata before the packet. */
  adjustMeta(offset: number): number {
    const meta = this.dataMeta + offset;
    if (meta < this.#frame + XDP_FRAME_STRUCT || meta > this.data) return -Errno.EINVAL;
    if (isInvalidMetadataLength(this.data - meta)) return -Errno.EACCES;
    this.#md[MD.DataMeta] = meta;
    this.#lowest = Math.min(this.#lowest, meta);
    return 0;
  }

  /** bpf_xdp_adjust_tail: grows the packet by zeroes, or cuts it. */
  adjustTail(offset: number): number {
    if (this.#fragCount > 0)
      return offset < 0 ? this.#shrinkFragments(-offset) : this.#growLastFragment(offset);
    const end = this.dataEnd + offset;
    if (end > this.#frame + XDP_FRAME_SIZE - XDP_TAILROOM || end < this.data + ETH_HLEN) return -Errno.EINVAL;
    if (offset > 0) this.#arena.u8.fill(0, this.dataEnd, end);
    this.#md[MD.DataEnd] = end;
    return 0;
  }

  #growLastFragment(offset: number): number {
    const last = this.#fragCount - 1;
    const end = this.#fragStarts[last] + this.#fragSizes[last];
    const page = this.#fragStarts[last] & ~(XDP_FRAME_SIZE - 1);
    if (offset > (page >>> 0) + XDP_FRAME_SIZE - end) return -Errno.EINVAL;
    this.#arena.u8.fill(0, end, end + offset);
    this.#fragSizes[last] += offset;
    this.#fragBytes += offset;
    return 0;
  }

  #shrinkFragments(offset: number): number {
    if (offset > this.totalLength - ETH_HLEN) return -Errno.EINVAL;
    let left = offset;
    while (this.#fragCount > 0 && left > 0) {
      const last = this.#fragCount - 1;
      const cut = Math.min(left, this.#fragSizes[last]);
      this.#fragSizes[last] -= cut;
      this.#fragBytes -= cut;
      left -= cut;
      if (this.#fragSizes[last] > 0) break;
      this.#fragCount--;
    }
    if (this.#fragCount === 0) this.#md[MD.DataEnd] -= left;
    return 0;
  }

  /**
   * bpf_xdp_pull_data: brings the first `length` bytes into the first frame. Where there is too little
   * room behind them, what is there moves into the headroom.
   */
  pullData(length: number): number {
    const missing = length - this.length;
    if (missing <= 0) return 0;
    if (length > this.totalLength) return -Errno.EINVAL;
    const tailroom = this.#frame + XDP_FRAME_SIZE - XDP_TAILROOM - this.dataEnd;
    const headroom = this.dataMeta - this.#frame - XDP_FRAME_STRUCT;
    if (missing > tailroom + headroom) return -Errno.EINVAL;
    if (missing > tailroom) this.#moveBack(missing - tailroom);

    const { u8 } = this.#arena;
    let left = missing;
    let emptied = 0;
    for (let i = 0; i < this.#fragCount && left > 0; i++) {
      const size = Math.min(left, this.#fragSizes[i]);
      u8.copyWithin(this.dataEnd, this.#fragStarts[i], this.#fragStarts[i] + size);
      this.#md[MD.DataEnd] += size;
      left -= size;
      this.#fragBytes -= size;
      this.#fragSizes[i] -= size;
      if (this.#fragSizes[i] === 0) emptied++;
      else this.#fragStarts[i] += size;
    }
    this.#fragStarts.copyWithin(0, emptied, this.#fragCount);
    this.#fragSizes.copyWithin(0, emptied, this.#fragCount);
    this.#fragCount -= emptied;
    return 0;
  }

  /** Moves what is in the first frame towards its start. */
  #moveBack(distance: number): void {
    const md = this.#md;
    this.#arena.u8.copyWithin(this.dataMeta - distance, this.dataMeta, this.dataEnd);
    md[MD.DataMeta] -= distance;
    md[MD.Data] -= distance;
    md[MD.DataEnd] -= distance;
    this.#lowest = Math.min(this.#lowest, this.dataMeta);
  }

  /**
   * Address of `length` bytes at `offset` of the packet if they lie in one piece; 0 if they do not; a
   * negative error number if they are not in the packet (net/core/filter.c, bpf_xdp_pointer).
   */
  pointer(offset: number, length: number): number {
    if (offset > 0xffff || length > 0xffff) return -Errno.EFAULT;
    if (offset + length > this.totalLength) return -Errno.EINVAL;
    const linear = this.length;
    if (offset < linear) return offset + length <= linear ? this.data + offset : 0;
    let rest = offset - linear;
    for (let i = 0; i < this.#fragCount; i++) {
      const size = this.#fragSizes[i];
      if (rest < size) return rest + length <= size ? this.#fragStarts[i] + rest : 0;
      rest -= size;
    }
    // Nothing but an empty range at the packet's very end comes here: Linux answers with its start.
    return length === 0 ? this.data : 0;
  }

  /** bpf_xdp_load_bytes: packet to memory. */
  loadBytes(offset: number, to: number, length: number): number {
    return this.#transfer(offset, to, length, false);
  }

  /** bpf_xdp_store_bytes: memory to packet. */
  storeBytes(offset: number, from: number, length: number): number {
    return this.#transfer(offset, from, length, true);
  }

  #transfer(offset: number, memory: number, length: number, isStore: boolean): number {
    const pointer = this.pointer(offset, length);
    if (pointer < 0) return pointer;
    if (pointer > 0) {
      this.#move(pointer, memory, length, isStore);
      return 0;
    }
    this.#transferPieces(offset, memory, length, isStore);
    return 0;
  }

  /** bpf_xdp_copy_buf: the first frame, then fragment by fragment; bytes that are not there stay as they are. */
  #transferPieces(offset: number, memory: number, length: number, isStore: boolean): void {
    const end = Math.min(offset + length, this.totalLength);
    for (let at = offset; at < end; ) {
      const piece = this.#pieceAt(at);
      const size = Math.min(end - at, piece.size);
      this.#move(piece.address, memory + at - offset, size, isStore);
      at += size;
    }
  }

  /** What a slice shows that does not lie in one piece: as much of it as there is. */
  copyPieces(offset: number, to: number, length: number): void {
    this.#transferPieces(offset, to, length, false);
  }

  #move(packet: number, memory: number, length: number, isStore: boolean): void {
    const { u8 } = this.#arena;
    if (isStore) u8.copyWithin(packet, memory, memory + length);
    else u8.copyWithin(memory, packet, packet + length);
  }

  #pieceAt(offset: number): { address: number; size: number } {
    const linear = this.length;
    if (offset < linear) return { address: this.data + offset, size: linear - offset };
    let rest = offset - linear;
    let i = 0;
    while (rest >= this.#fragSizes[i]) rest -= this.#fragSizes[i++];
    return { address: this.#fragStarts[i] + rest, size: this.#fragSizes[i] - rest };
  }

  /** XDP programs write no field of their context. */
  contextWritten(): void {}

  /** Gives the memory back. */
  close(): void {
    for (const address of [this.context, this.#frame, this.#frags, this.scratch]) this.#arena.free(address);
  }
}

/** include/net/xdp.h, xdp_metalen_invalid. */
function isInvalidMetadataLength(length: number): boolean {
  return length % 4 !== 0 || length > MAX_METADATA;
}
