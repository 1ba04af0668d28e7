/**
 * Where a writer's output goes. Chunks come in order, one at a time (the next only after the promise
 * of the one before), each a whole number of packets, and belong to the sink from then on.
 */
export type CaptureSink = (chunk: Uint8Array) => void | Promise<void>;

const CHUNK = 64 * 1024;

/** Collects a writer's blocks into chunks of about 64 KiB, so that nothing is allocated per packet. */
export class OutputBuffer {
  bytes = new Uint8Array(CHUNK);
  view = new DataView(this.bytes.buffer);
  /** Index where the next byte goes. */
  at = 0;
  readonly #sink: CaptureSink;
  #pending: Promise<void> | undefined;
  #failed: { cause: unknown } | undefined;

  constructor(sink: CaptureSink) {
    this.#sink = sink;
  }

  /** Is the sink still at work on what it was given? */
  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** Makes `bytes[at .. at + count)` writable in one piece. Throws what the sink failed with. */
  reserve(count: number): void {
    if (this.#failed !== undefined) throw this.#failed.cause;
    if (this.at + count <= this.bytes.length) return;
    this.#emit(Math.max(CHUNK, count));
  }

  /** Hands everything to the sink and waits until it is done. Throws what the sink failed with. */
  async flush(): Promise<void> {
    if (this.at > 0) this.#emit(CHUNK);
    await this.drain();
  }

  /** Waits until the sink is done with what it was given. Throws what it failed with. */
  async drain(): Promise<void> {
    while (this.#pending !== undefined) await this.#pending;
    if (this.#failed !== undefined) throw this.#failed.cause;
  }

  #emit(nextSize: number): void {
    if (this.at > 0) {
      this.#give(this.bytes.subarray(0, this.at));
      this.bytes = new Uint8Array(nextSize);
    } else if (this.bytes.length < nextSize) {
      this.bytes = new Uint8Array(nextSize);
    }
    this.view = new DataView(this.bytes.buffer);
    this.at = 0;
  }

  #give(chunk: Uint8Array): void {
    if (this.#failed !== undefined) return;
    const before = this.#pending;
    const work = before === undefined ? this.#deliver(chunk) : before.then(() => this.#deliver(chunk));
    if (work === undefined) return;
    const pending: Promise<void> = work
      // Kept, not lost: the next reserve, drain or flush throws it.
      .catch((cause: unknown) => {
        this.#failed ??= { cause };
      })
      .then(() => {
        if (this.#pending === pending) this.#pending = undefined;
      });
    this.#pending = pending;
  }

  #deliver(chunk: Uint8Array): undefined | Promise<void> {
    if (this.#failed !== undefined) return undefined;
    try {
      return this.#sink(chunk) ?? undefined;
    } catch (cause) {
      this.#failed = { cause };
      throw cause;
    }
  }
}
