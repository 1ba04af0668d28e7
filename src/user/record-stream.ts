import { NotSupportedError } from "../errors.js";
import { PerfEventArray, RingBuffer } from "../maps/index.js";
import { mapTypeName } from "../uapi/index.js";

/** The records of one map for one reader, as they come. */
export class RecordStream {
  readonly #take: () => Uint8Array[];
  readonly #stop: () => void;
  /** Whether there may be more since the last look. */
  #isRaised = false;
  #isOver = false;
  #wake: (() => void) | undefined;

  /** Throws NotSupportedError for a map that has no records. */
  constructor(map: unknown) {
    const raise = () => this.#raise();
    if (map instanceof RingBuffer) {
      map.onWakeup(raise);
      this.#take = () => {
        const records: Uint8Array[] = [];
        map.drain((record) => records.push(record));
        return records;
      };
      this.#stop = () => map.onWakeup(undefined);
    } else if (map instanceof PerfEventArray) {
      map.open(undefined, raise);
      this.#take = () => map.drain().map((record) => record.data);
      this.#stop = () => map.close();
    } else {
      const type = mapTypeName((map as { type: number }).type);
      throw new NotSupportedError(`records of ${type}`, `maps of type ${type} have no records`);
    }
  }

  #raise(): void {
    this.#isRaised = true;
    this.#wake?.();
  }

  /** Ends the stream: records that were taken are still given. */
  end(): void {
    this.#isOver = true;
    this.#raise();
  }

  async *read(): AsyncGenerator<Uint8Array> {
    try {
      while (!this.#isOver) {
        // Lowered before the look, so that what comes during it is not slept through.
        this.#isRaised = false;
        yield* this.#take();
        if (this.#isRaised) continue;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.#stop();
    }
  }
}
