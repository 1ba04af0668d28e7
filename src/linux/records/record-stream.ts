import { setImmediate } from "node:timers/promises";
import type { RecordSource } from "./record-source.js";

/** The records of one map as they come, for one reader, until it is aborted or cancelled. */
export class RecordStream {
  readonly #source: RecordSource;
  readonly #signal: AbortSignal | undefined;
  #isOver = false;
  #isWoken = false;
  #resume: () => void = () => {};

  constructor(source: RecordSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const onAbort = () => this.cancel();
    if (this.#signal?.aborted === true) this.cancel();
    this.#signal?.addEventListener("abort", onAbort);
    try {
      while (!this.#isOver) {
        const records = this.#source.drain();
        for (const record of records) {
          if (this.#isOver) return;
          yield record;
        }
        if (records.length === 0 && !this.#isOver) await this.#wait();
      }
    } finally {
      this.#signal?.removeEventListener("abort", onAbort);
      this.cancel();
    }
  }

  /** Until there may be records, or all is over. */
  async #wait(): Promise<void> {
    this.#isWoken = false;
    if (this.#source.watch(() => this.#wake())) {
      await setImmediate();
      return;
    }
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
      if (this.#isWoken) resolve();
    });
    if (!this.#isOver) this.#source.unwatch();
  }

  #wake(): void {
    this.#isWoken = true;
    this.#resume();
  }

  /** Ends the stream and gives its memory back; whoever waits for a record is told that there is none. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#source.close();
    this.#wake();
  }
}
