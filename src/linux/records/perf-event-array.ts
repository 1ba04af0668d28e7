import { KernelError } from "../../errors.js";
import { Errno } from "../../uapi/index.js";
import type { LinuxMap } from "../linux-map.js";
import { possibleCpus } from "../possible-cpus.js";
import { libc, type Watch } from "../sys/libc.js";
import { nativeWord } from "../sys/native-word.js";
import { PerfBuffer } from "./perf-buffer.js";
import { MOST_AT_ONCE, type RecordSource } from "./record-source.js";

/** The buffers of a PERF_EVENT_ARRAY: one for each CPU that is on, in the map for as long as they are open. */
export class PerfEventSource implements RecordSource {
  readonly #map: LinuxMap;
  readonly #buffers = new Map<number, PerfBuffer>();
  readonly #onLost: (count: bigint) => void;
  #watches: Watch[] = [];
  #onReadable: (() => void) | undefined;

  constructor(map: LinuxMap, onLost: (count: bigint) => void) {
    this.#map = map;
    this.#onLost = onLost;
    try {
      for (let cpu = 0; cpu < Math.min(possibleCpus(), map.info.maxEntries); cpu++) this.#open(cpu);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #open(cpu: number): void {
    try {
      this.#buffers.set(cpu, new PerfBuffer(this.#map, cpu));
    } catch (error) {
      // A CPU that is possible, but off.
      if (!(error instanceof KernelError && error.errno === Errno.ENODEV)) throw error;
    }
  }

  drain(): Uint8Array[] {
    const records: Uint8Array[] = [];
    for (const buffer of this.#buffers.values()) buffer.drain(records, MOST_AT_ONCE, this.#onLost);
    return records;
  }

  /**
   * Perf events say "readable" once, when a record comes (perf_poll takes the news away), and so are
   * watched without a break: what came between two watches would never be told.
   */
  watch(onReadable: () => void): boolean {
    this.#onReadable = onReadable;
    if (this.#watches.length > 0) return false;
    this.#watches = [...this.#buffers.values()].map(({ fd }) => libc().poll(fd, () => this.#onReadable?.()));
    return true;
  }

  unwatch(): void {}

  close(): void {
    for (const watch of this.#watches) watch.close();
    this.#watches = [];
    for (const [cpu, buffer] of this.#buffers) {
      this.#forget(cpu);
      buffer.close();
    }
    this.#buffers.clear();
  }

  /** Without an event in its place, programs are told that nobody listens. */
  #forget(cpu: number): void {
    if (this.#map.isClosed) return;
    try {
      this.#map.deleteElem(nativeWord(cpu));
    } catch (error) {
      // Somebody else has taken the place, and gone.
      if (!(error instanceof KernelError && error.errno === Errno.ENOENT)) throw error;
    }
  }
}
