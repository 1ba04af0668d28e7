/** A record with a place, in bytes from the start of its section. */
export interface Placed {
  readonly offset: number;
}

/** The records of a section in the order of their places, so that those of a range are found quickly. */
export class OrderedRecords<T extends Placed> {
  readonly #records: readonly T[];

  constructor(records: readonly T[]) {
    this.#records = [...records].sort((a, b) => a.offset - b.offset);
  }

  /** Records from `start` up to, not with, `end`. */
  between(start: number, end: number): readonly T[] {
    return this.#records.slice(this.#firstFrom(start), this.#firstFrom(end));
  }

  /** The last record at a place or before it. */
  lastUpTo(offset: number): T | undefined {
    return this.#records[this.#firstFrom(offset + 1) - 1];
  }

  /** How many records stand before a place. */
  #firstFrom(offset: number): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#records[middle].offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
