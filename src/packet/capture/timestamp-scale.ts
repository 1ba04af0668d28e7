const MICROSECONDS = 6;

/** Where a converted time is put, so that no object is made per packet. */
export interface TimestampTarget {
  seconds: number;
  nanoseconds: number;
}

/**
 * Turns a pcapng timestamp (a 64-bit count of ticks) into seconds and nanoseconds. draft-ietf-opsawg-
 * pcapng, if_tsresol: a tick is 10^-n s, or 2^-n s where the high bit is set; if_tsoffset is in
 * seconds. Fractions of a nanosecond are cut off.
 */
export class TimestampScale {
  /** The option's octet; 6 (microseconds) where a file has none. */
  readonly resolution: number;
  /** Seconds added to every timestamp. */
  readonly offset: number;
  readonly #ticksPerSecond: bigint;
  /** The same as a number, or 0 where the arithmetic of numbers would not be exact. */
  readonly #ticks: number;
  /** Nanoseconds of a tick, 0 where that is no whole number. */
  readonly #nanosPerTick: number;

  constructor(resolution: number = MICROSECONDS, offset = 0) {
    this.resolution = resolution;
    this.offset = offset;
    this.#ticksPerSecond =
      (resolution & 0x80) !== 0 ? 1n << BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
    // Up to 2^37 each step of the long division below stays under 2^53.
    this.#ticks = this.#ticksPerSecond <= 1n << 37n ? Number(this.#ticksPerSecond) : 0;
    this.#nanosPerTick = this.#ticks !== 0 && 1e9 % this.#ticks === 0 ? 1e9 / this.#ticks : 0;
  }

  /** Sets `target` to the time that is `high * 2^32 + low` ticks. */
  convert(high: number, low: number, target: TimestampTarget): void {
    const ticks = this.#ticks;
    if (ticks === 0) {
      this.#convertExactly(high, low, target);
      return;
    }
    // Long division in base 2^16, without BigInt.
    const q0 = Math.floor(high / ticks);
    const a = (high - q0 * ticks) * 65536 + (low >>> 16);
    const q1 = Math.floor(a / ticks);
    const b = (a - q1 * ticks) * 65536 + (low & 0xffff);
    const q2 = Math.floor(b / ticks);
    const rest = b - q2 * ticks;
    target.seconds = q0 * 0x1_0000_0000 + q1 * 65536 + q2 + this.offset;
    target.nanoseconds = this.#nanosPerTick !== 0 ? rest * this.#nanosPerTick : this.#fraction(rest, ticks);
  }

  #fraction(rest: number, ticks: number): number {
    const product = rest * 1e9;
    return product <= Number.MAX_SAFE_INTEGER
      ? Math.floor(product / ticks)
      : Number((BigInt(rest) * 1_000_000_000n) / BigInt(ticks));
  }

  #convertExactly(high: number, low: number, target: TimestampTarget): void {
    const value = (BigInt(high) << 32n) | BigInt(low);
    const seconds = value / this.#ticksPerSecond;
    const rest = value % this.#ticksPerSecond;
    target.seconds = Number(seconds) + this.offset;
    target.nanoseconds = Number((rest * 1_000_000_000n) / this.#ticksPerSecond);
  }
}
