/** The time that programs see, in nanoseconds. */
export interface Clock {
  /** CLOCK_MONOTONIC. */
  monotonicNs(): bigint;
  /** CLOCK_REALTIME. */
  realtimeNs(): bigint;
}

const NS_PER_MS = 1_000_000;

/** The machine's own clock. */
export class SystemClock implements Clock {
  monotonicNs(): bigint {
    return BigInt(Math.round(performance.now() * NS_PER_MS));
  }

  realtimeNs(): bigint {
    return BigInt(Math.round((performance.timeOrigin + performance.now()) * NS_PER_MS));
  }
}

/** A clock that stands still until it is told to go on: for tests, and for the times of a capture. */
export class ManualClock implements Clock {
  #monotonic: bigint;
  #realtime: bigint;

  /** Begins at these times; monotonic at one second, as no machine boots in none. */
  constructor(monotonic = 1_000_000_000n, realtime = 1_700_000_000_000_000_000n) {
    this.#monotonic = monotonic;
    this.#realtime = realtime;
  }

  monotonicNs(): bigint {
    return this.#monotonic;
  }

  realtimeNs(): bigint {
    return this.#realtime;
  }

  advance(nanoseconds: bigint): void {
    this.#monotonic += nanoseconds;
    this.#realtime += nanoseconds;
  }
}
