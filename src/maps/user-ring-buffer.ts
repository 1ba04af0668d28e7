import { Errno } from "../uapi/index.js";
import { BpfMap, type MapDefinition, type MapHost } from "./map.js";

/** BPF_RINGBUF_HDR_SZ and the two bits of a record's length. */
const HEADER = 8;
const BUSY = 0x80000000;
const DISCARD = 0x40000000;
const LENGTH_MASK = 0x3fffffff;
/** Linux's number for "no data available". */
const ENODATA = 61;
/** DYNPTR_MAX_SIZE: programs see a record as a dynptr, which has 24 bits of size. */
const MAX_SAMPLE = 0xffffff;

/** sizeof(struct bpf_dynptr). */
const DYNPTR_SIZE = 16;

/** What `peek` found: a record in the arena, or a negative error number. */
export type UserSample = { readonly address: number; readonly size: number } | number;

/**
 * USER_RINGBUF (kernel/bpf/ringbuf.c): records that go from user space to a program, which takes them
 * with bpf_user_ringbuf_drain. In the arena: twice its size, so that a record that begins before the
 * end lies in one piece behind it; each record has Linux's 8-byte header (u32 length with the busy and
 * discard bits, u32 unused).
 */
export class UserRingBuffer extends BpfMap {
  /** Arena address of room for the dynptr (16 bytes) that a program sees a record as. */
  readonly sampleDynptr: number;
  readonly #data: number;
  readonly #size: number;
  #consumer = 0;
  #producer = 0;
  /** The run of a program that drains it. */
  #drainedBy: number | undefined;
  #onSpace: (() => void) | undefined;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id);
    this.#size = definition.maxEntries;
    this.#data = host.arena.alloc(this.#size * 2 + DYNPTR_SIZE, 4096, `map ${definition.name}`);
    this.sampleDynptr = this.#data + this.#size * 2;
  }

  #headerAt(position: number): number {
    return this.#data + (position % this.#size);
  }

  /** Bytes of records that no program has taken yet, headers included. */
  get pending(): number {
    return this.#producer - this.#consumer;
  }

  /** Calls back when a program has made room (the wake-up of bpf_user_ringbuf_drain). */
  onSpace(callback: (() => void) | undefined): void {
    this.#onSpace = callback;
  }

  /**
   * Reserves a record of `size` bytes for user space and returns its address; 0 where there is no room
   * for it now. Throws E2BIG for one that is larger than the ring (user_ring_buffer__reserve).
   */
  reserve(size: number): number {
    const length = roundUp(size + HEADER);
    if (size > LENGTH_MASK || length > this.#size) {
      throw this.error("user ring buffer", Errno.E2BIG, `a record of ${size} bytes does not fit its ring`);
    }
    if (this.#producer + length - this.#consumer > this.#size) return 0;
    const header = this.#headerAt(this.#producer);
    const { u32 } = this.host.arena;
    u32[header >>> 2] = (size | BUSY) >>> 0;
    u32[(header >>> 2) + 1] = 0;
    this.#producer += length;
    return header + HEADER;
  }

  /** Hands a reserved record to programs, or has them skip it. */
  commit(record: number, isDiscarded = false): void {
    const { u32 } = this.host.arena;
    const header = (record - HEADER) >>> 2;
    const size = u32[header] & LENGTH_MASK;
    u32[header] = isDiscarded ? (size | DISCARD) >>> 0 : size;
  }

  /** Writes a whole record; false where there is no room for it now. */
  write(data: Uint8Array): boolean {
    const record = this.reserve(data.length);
    if (record === 0) return false;
    this.host.arena.u8.set(data, record);
    this.commit(record);
    return true;
  }

  /**
   * Begins a drain in a run of a program: 0, or -EBUSY while another one goes on. One run at a time goes
   * on: a drain of another run has ended with it, by a trap.
   */
  beginDrain(run: number): number {
    if (this.#drainedBy === run) return -Errno.EBUSY;
    this.#drainedBy = run;
    return 0;
  }

  /** Ends a drain; `isWoken` tells user space that there may be room. */
  endDrain(isWoken: boolean): void {
    this.#drainedBy = undefined;
    if (isWoken) this.#onSpace?.();
  }

  /**
   * The next record for a program (__bpf_user_ringbuf_peek): -ENODATA where there is none that is
   * complete, -EAGAIN after a discarded one was skipped, -E2BIG for one that no dynptr can hold.
   */
  peekSample(): UserSample {
    if (this.#consumer >= this.#producer) return -ENODATA;
    const header = this.#headerAt(this.#consumer);
    const word = this.host.arena.u32[header >>> 2];
    const size = word & LENGTH_MASK;
    if (size > MAX_SAMPLE) return -Errno.E2BIG;
    if ((word & DISCARD) !== 0) {
      this.consume(size);
      return -Errno.EAGAIN;
    }
    if ((word & BUSY) !== 0) return -ENODATA;
    return { address: header + HEADER, size };
  }

  /** Gives the room of the record that `peekSample` found back to user space. */
  consume(size: number): void {
    this.#consumer += roundUp(size + HEADER);
  }

  protected override find(_key: number): number {
    return -Errno.ENOTSUPP;
  }

  override delete(_key: number): number {
    return -Errno.ENOTSUPP;
  }

  protected override get isIterable(): boolean {
    return false;
  }

  /** Nothing to list: records are for programs. */
  override keys(): Uint8Array[] {
    return [];
  }

  protected override destroy(): void {
    this.host.arena.free(this.#data);
  }
}

function roundUp(size: number): number {
  return Math.ceil(size / 8) * 8;
}
