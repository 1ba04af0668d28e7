import type { Arena } from "../arena/index.js";
import { Errno } from "../uapi/index.js";
import { BpfMap, type MapDefinition, type MapHost } from "./map.js";

/** BPF_RINGBUF_HDR_SZ: a record's length with two bits, and what finds its ring again. */
const HEADER = 8;
const BUSY = 0x80000000;
const DISCARD = 0x40000000;
const LENGTH_MASK = 0x3fffffff;
/** RINGBUF_MAX_RECORD_SZ. */
const MAX_RECORD = 0x3fffffff;
const NO_WAKEUP = 1;
const FORCE_WAKEUP = 2;

/**
 * RINGBUF (kernel/bpf/ringbuf.c). Linux maps the data pages twice in a row, so that a record that
 * wraps lies in one piece; here a record that begins before the end simply goes on behind it, in a
 * second stretch of memory: nothing else ever begins there.
 */
export class RingBuffer extends BpfMap {
  readonly #data: number;
  readonly #mask: number;
  /** Positions grow without bound, as in Linux; 2^53 bytes are enough. */
  #consumer = 0;
  #producer = 0;
  /** The oldest record that is still being written. */
  #pending = 0;
  #onWakeup: (() => void) | undefined;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id);
    this.#data = host.arena.alloc(definition.maxEntries * 2, 4096, `map ${definition.name}`);
    this.#mask = definition.maxEntries - 1;
  }

  #headerAt(position: number): number {
    // Positions may exceed 32 bits: no bit operators on them.
    return this.#data + (position % (this.#mask + 1));
  }

  /** Calls back when a consumer would be woken. */
  onWakeup(callback: (() => void) | undefined): void {
    this.#onWakeup = callback;
  }

  /** bpf_ringbuf_reserve: the address of `size` bytes, or 0 where there is no room. */
  reserve(size: number): number {
    if (size > MAX_RECORD) return 0;
    const length = Math.ceil((size + HEADER) / 8) * 8;
    if (length > this.#mask + 1) return 0;
    const { u32 } = this.host.arena;
    while (this.#pending < this.#producer) {
      const word = u32[this.#headerAt(this.#pending) >>> 2];
      if ((word & BUSY) !== 0) break;
      this.#pending += roundUp((word & LENGTH_MASK) + HEADER);
    }
    const end = this.#producer + length;
    if (end - this.#consumer > this.#mask || end - this.#pending > this.#mask) return 0;
    const header = this.#headerAt(this.#producer);
    u32[header >>> 2] = (size | BUSY) >>> 0;
    u32[(header + 4) >>> 2] = this.handle;
    this.#producer = end;
    return header + HEADER;
  }

  /** Finishes a record of whichever ring it belongs to: what bpf_ringbuf_submit knows is the record. */
  static commit(
    arena: Arena,
    mapAt: (handle: number) => BpfMap,
    record: number,
    flags: number,
    isDiscarded: boolean,
  ): void {
    const ring = mapAt(arena.u32[(record - HEADER + 4) >>> 2]);
    if (ring instanceof RingBuffer) ring.finish(record, flags, isDiscarded);
  }

  /** bpf_ringbuf_submit and bpf_ringbuf_discard. */
  finish(record: number, flags: number, isDiscarded: boolean): void {
    const { u32 } = this.host.arena;
    const header = record - HEADER;
    const size = u32[header >>> 2] & LENGTH_MASK;
    u32[header >>> 2] = isDiscarded ? (size | DISCARD) >>> 0 : size;
    const isNext = this.#headerAt(this.#consumer) === header;
    if ((flags & FORCE_WAKEUP) !== 0 || (isNext && (flags & NO_WAKEUP) === 0)) this.#onWakeup?.();
  }

  /** bpf_ringbuf_query: BPF_RB_AVAIL_DATA, RING_SIZE, CONS_POS, PROD_POS; 0 for anything else. */
  query(what: number): bigint {
    const answers = [this.#producer - this.#consumer, this.#mask + 1, this.#consumer, this.#producer];
    return BigInt(answers[what] ?? 0);
  }

  /** Gives the finished records to `consume` and frees their room; returns their number. */
  drain(consume: (record: Uint8Array) => void): number {
    const { u8, u32 } = this.host.arena;
    let count = 0;
    while (this.#consumer < this.#producer) {
      const header = this.#headerAt(this.#consumer);
      const word = u32[header >>> 2];
      if ((word & BUSY) !== 0) break;
      const size = word & LENGTH_MASK;
      this.#consumer += roundUp(size + HEADER);
      if ((word & DISCARD) !== 0) continue;
      count++;
      consume(u8.slice(header + HEADER, header + HEADER + size));
    }
    return count;
  }

  /** ringbuf_map_lookup_elem and its kin: there are no elements to speak of. */
  protected override find(_key: number): number {
    return -Errno.ENOTSUPP;
  }

  override delete(_key: number): number {
    return -Errno.ENOTSUPP;
  }

  /** Nothing to list: records are taken with `drain`. */
  override keys(): Uint8Array[] {
    return [];
  }

  protected override get isIterable(): boolean {
    return false;
  }

  protected override destroy(): void {
    this.host.arena.free(this.#data);
  }
}

function roundUp(size: number): number {
  return Math.ceil(size / 8) * 8;
}
