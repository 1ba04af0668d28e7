import type { LinuxMap } from "../linux-map.js";
import { libc, type MappedMemory, type Watch } from "../sys/libc.js";
import { MOST_AT_ONCE, type RecordSource } from "./record-source.js";

const PROT_READ = 1;
const PROT_WRITE = 2;
/** BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT and BPF_RINGBUF_HDR_SZ. */
const BUSY = 0x80000000;
const DISCARD = 0x40000000;
const LENGTH_MASK = 0x3fffffff;
const HEADER = 8;

/**
 * A RINGBUF's pages (kernel/bpf/ringbuf.c): the consumer's position, which is ours to write; the
 * producer's; and the data twice in a row, so that a record that wraps lies in one piece.
 */
export class RingBufferSource implements RecordSource {
  readonly #fd: number;
  readonly #mask: number;
  readonly #consumerPage: MappedMemory;
  readonly #producerPages: MappedMemory;
  readonly #consumer: BigUint64Array;
  readonly #producer: BigUint64Array;
  readonly #headers: Int32Array;
  readonly #data: Uint8Array;
  #watch: Watch | undefined;
  #onReadable: (() => void) | undefined;

  constructor(map: LinuxMap) {
    const c = libc();
    const page = c.pageSize();
    const size = map.info.maxEntries;
    this.#fd = map.fd;
    this.#mask = size - 1;
    this.#consumerPage = c.mmap(map.fd, page, PROT_READ | PROT_WRITE, 0);
    try {
      this.#producerPages = c.mmap(map.fd, page + size * 2, PROT_READ, page);
    } catch (error) {
      c.munmap(this.#consumerPage);
      throw error;
    }
    this.#consumer = new BigUint64Array(this.#consumerPage.buffer, 0, 1);
    this.#producer = new BigUint64Array(this.#producerPages.buffer, 0, 1);
    this.#headers = new Int32Array(this.#producerPages.buffer, page);
    this.#data = new Uint8Array(this.#producerPages.buffer, page);
  }

  drain(): Uint8Array[] {
    const records: Uint8Array[] = [];
    let position = this.#consumer[0];
    while (records.length < MOST_AT_ONCE && position < Atomics.load(this.#producer, 0)) {
      const at = Number(position & BigInt(this.#mask));
      const word = Atomics.load(this.#headers, at / 4) >>> 0;
      // A program is still writing it: its end wakes us.
      if ((word & BUSY) !== 0) break;
      const size = word & LENGTH_MASK;
      if ((word & DISCARD) === 0) records.push(this.#data.slice(at + HEADER, at + HEADER + size));
      position += BigInt(Math.ceil((size + HEADER) / 8) * 8);
      Atomics.store(this.#consumer, 0, position);
    }
    return records;
  }

  /**
   * The kernel says "readable" for as long as there are records, so that none is missed; and it is
   * asked only while nobody takes them, or it would say so all the time.
   */
  watch(onReadable: () => void): boolean {
    this.#onReadable = onReadable;
    if (this.#watch === undefined) this.#watch = libc().poll(this.#fd, () => this.#onReadable?.());
    else this.#watch.resume();
    return false;
  }

  unwatch(): void {
    this.#watch?.pause();
  }

  close(): void {
    this.#watch?.close();
    libc().munmap(this.#consumerPage);
    libc().munmap(this.#producerPages);
  }
}
