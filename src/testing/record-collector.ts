import type { LoadedObject } from "../kernel.js";
import type { MapSpec } from "../object/index.js";
import { MapType } from "../uapi/index.js";

/** Turns of the event loop that records are waited for: they are there by then, or not at all. */
const MOST_TURNS = 50;

const turn = () => new Promise<void>((resolve) => void setTimeout(resolve, 0));

/** The records that an object's RINGBUFs and PERF_EVENT_ARRAYs have given so far. */
export class RecordCollector {
  readonly #controller = new AbortController();
  readonly #records = new Map<string, Uint8Array[]>();
  readonly #ends: Promise<void>[] = [];

  /** Listens from now on: a PERF_EVENT_ARRAY gives nothing to who comes later. */
  constructor(object: LoadedObject) {
    for (const { name, type } of object.spec.maps) {
      if (type !== MapType.Ringbuf && type !== MapType.PerfEventArray) continue;
      const records: Uint8Array[] = [];
      this.#records.set(name, records);
      this.#ends.push(this.#collect(object.records(name, { signal: this.#controller.signal }), records));
    }
  }

  async #collect(from: AsyncIterable<Uint8Array>, to: Uint8Array[]): Promise<void> {
    for await (const record of from) to.push(record);
  }

  get isEmpty(): boolean {
    return this.#records.size === 0;
  }

  /** Takes what a map has given since it was last asked. */
  take(map: string): Uint8Array[] {
    return this.#records.get(map)?.splice(0) ?? [];
  }

  #counts(): string {
    return [...this.#records.values()].map((records) => records.length).join();
  }

  /** Waits until both have as many records, or no more come. */
  static async settle(a: RecordCollector, b: RecordCollector): Promise<void> {
    if (a.isEmpty) return;
    await turn();
    for (let i = 0; i < MOST_TURNS && a.#counts() !== b.#counts(); i++) await turn();
  }

  async close(): Promise<void> {
    this.#controller.abort();
    await Promise.all(this.#ends);
  }
}

/**
 * A record as both kernels can have it: Linux rounds the records of a PERF_EVENT_ARRAY up, to 4 bytes
 * less than a multiple of 8 (kernel/events/core.c, perf_event_output's raw data).
 */
export function comparableRecord(spec: MapSpec, record: Uint8Array): Uint8Array {
  if (spec.type !== MapType.PerfEventArray) return record;
  const padded = new Uint8Array(Math.ceil((record.length + 4) / 8) * 8 - 4);
  padded.set(record);
  return padded;
}
