import type { BpfMap } from "../maps/index.js";
import { Errno } from "../uapi/index.js";
import type { VmProgram } from "./program.js";

/** Clocks that bpf_timer_init takes, as in time.h. */
export const TimerClock = { Realtime: 0, Monotonic: 1, Boottime: 7 } as const;

interface Timer {
  readonly address: number;
  readonly map: BpfMap;
  readonly clock: number;
  program: VmProgram | undefined;
  slot: number;
  /** Nanoseconds on its clock; undefined while it does not run. */
  expires: bigint | undefined;
  /** Order of starting, for timers that expire at the same time. */
  order: number;
}

/** What a timer that has expired calls. */
export interface ExpiredTimer {
  readonly program: VmProgram;
  readonly slot: number;
  readonly map: BpfMap;
  /** Arena address of the struct bpf_timer. */
  readonly address: number;
}

/**
 * The bpf_timers of one kernel, by the address of their struct bpf_timer. Nothing runs by itself: who
 * owns the clock asks `takeExpired` for what is due, and calls it (kernel/bpf/helpers.c, bpf_timer_*).
 */
export class TimerQueue {
  readonly #timers = new Map<number, Timer>();
  readonly #now: (clock: number) => bigint;
  #running: Timer | undefined;
  #order = 0;

  /** `now` gives the time of a clock in nanoseconds. */
  constructor(now: (clock: number) => bigint) {
    this.#now = now;
  }

  /** The timers that run. */
  get pending(): number {
    let count = 0;
    for (const timer of this.#timers.values()) if (timer.expires !== undefined) count++;
    return count;
  }

  init(address: number, map: BpfMap, flags: number): number {
    if (flags !== TimerClock.Realtime && flags !== TimerClock.Monotonic && flags !== TimerClock.Boottime) {
      return -Errno.EINVAL;
    }
    if (this.#timers.has(address)) return -Errno.EBUSY;
    const unset = { program: undefined, slot: 0, expires: undefined, order: 0 };
    this.#timers.set(address, { address, map, clock: flags, ...unset });
    return 0;
  }

  setCallback(address: number, program: VmProgram, slot: number): number {
    const timer = this.#timers.get(address);
    if (timer === undefined) return -Errno.EINVAL;
    if (timer.program !== program) {
      program.retain();
      timer.program?.release();
      timer.program = program;
    }
    timer.slot = slot;
    return 0;
  }

  /** Starts for `nanoseconds` from now, or until then if `isAbsolute`; a running timer starts anew. */
  start(address: number, nanoseconds: bigint, isAbsolute: boolean): number {
    const timer = this.#timers.get(address);
    if (timer?.program === undefined) return -Errno.EINVAL;
    timer.expires = isAbsolute ? nanoseconds : this.#now(timer.clock) + nanoseconds;
    timer.order = this.#order++;
    return 0;
  }

  /** 1 if it ran, 0 if not, or a negative error number. */
  cancel(address: number): number {
    const timer = this.#timers.get(address);
    if (timer === undefined) return -Errno.EINVAL;
    if (timer === this.#running) return -Errno.EDEADLK;
    const ran = timer.expires !== undefined;
    timer.expires = undefined;
    timer.program?.release();
    timer.program = undefined;
    return ran ? 1 : 0;
  }

  /** The timers within an element that is deleted, or a map that goes, are no more. */
  forget(from: number, length: number): void {
    for (const [address, timer] of this.#timers) {
      if (address < from || address >= from + length) continue;
      timer.program?.release();
      this.#timers.delete(address);
    }
  }

  /** When the next timer of a clock is due, in nanoseconds; undefined where none runs. */
  nextExpiry(clock: number): bigint | undefined {
    let next: bigint | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.clock !== clock || timer.expires === undefined) continue;
      if (next === undefined || timer.expires < next) next = timer.expires;
    }
    return next;
  }

  /**
   * Runs `call` for every timer that is due, in the order of their expiry, and returns their number.
   * What a callback starts runs the next time, even if it is due at once.
   */
  runExpired(call: (timer: ExpiredTimer) => void): number {
    const before = this.#order;
    let count = 0;
    for (let timer = this.#due(before); timer?.program !== undefined; timer = this.#due(before)) {
      timer.expires = undefined;
      this.#running = timer;
      try {
        call({ program: timer.program, slot: timer.slot, map: timer.map, address: timer.address });
      } finally {
        this.#running = undefined;
      }
      count++;
    }
    return count;
  }

  #due(before: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.expires === undefined || timer.order >= before) continue;
      if (timer.expires > this.#now(timer.clock)) continue;
      if (first?.expires === undefined || isBefore(timer, first)) first = timer;
    }
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  if (a.expires === undefined || b.expires === undefined) return false;
  return a.expires === b.expires ? a.order < b.order : a.expires < b.expires;
}
