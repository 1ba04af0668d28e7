import type { Clock } from "../../user/index.js";

const NS_PER_SECOND = 1_000_000_000n;
/** The machine that the clock belongs to was started an hour before the first packet. */
const UPTIME = 3600n * NS_PER_SECOND;

/**
 * A clock that follows a capture: it stands at the time of the packet that is run, so that rate
 * limits and timeouts see the traffic's own pace. Time that goes back in the file stands still.
 */
export class CaptureClock implements Clock {
  #firstSeconds: number | undefined;
  #firstNanoseconds = 0;
  #seconds = 0;
  #nanoseconds = 0;

  /** The next packet's time, since 1970. Numbers, so that nothing is allocated for it. */
  moveTo(seconds: number, nanoseconds: number): void {
    if (this.#firstSeconds === undefined) {
      this.#firstSeconds = seconds;
      this.#firstNanoseconds = nanoseconds;
    } else if (seconds < this.#seconds || (seconds === this.#seconds && nanoseconds < this.#nanoseconds)) {
      return;
    }
    this.#seconds = seconds;
    this.#nanoseconds = nanoseconds;
  }

  monotonicNs(): bigint {
    const seconds = this.#seconds - (this.#firstSeconds ?? 0);
    return UPTIME + BigInt(seconds) * NS_PER_SECOND + BigInt(this.#nanoseconds - this.#firstNanoseconds);
  }

  realtimeNs(): bigint {
    return BigInt(this.#seconds) * NS_PER_SECOND + BigInt(this.#nanoseconds);
  }
}
