import type { Output } from "../io.js";
import { counted } from "../show/number.js";

/** A run shorter than this shows none, ms. */
const PATIENCE = 500;
/** Time between two looks of the bar, ms. */
const INTERVAL = 100;
const BAR = 24;

/** A line on a terminal that tells how far a long run has come. */
export class Progress {
  readonly #output: Output;
  /** Bytes of the capture; undefined where nobody knows. */
  readonly #size: number | undefined;
  readonly #start = performance.now();
  #shownAt = 0;
  #isShown = false;

  constructor(output: Output, size: number | undefined) {
    this.#output = output;
    this.#size = size;
  }

  /** Shows how far it is, if it is time to. */
  update(bytes: number, packets: number): void {
    if (!this.#output.isTerminal) return;
    const now = performance.now();
    const elapsed = now - this.#start;
    if (elapsed < PATIENCE || now - this.#shownAt < INTERVAL) return;
    this.#shownAt = now;
    this.#isShown = true;
    const text = this.#text(bytes, packets, elapsed / 1000);
    this.#output.write(`\r${text.slice(0, this.#output.columns - 1)}\x1b[K`);
  }

  #text(bytes: number, packets: number, seconds: number): string {
    const counts = `${counted(packets, "packet")}, ${counted(Math.round(packets / seconds), "packet")}/s`;
    const size = this.#size;
    if (size === undefined || size === 0) return counts;
    const done = Math.min(1, bytes / size);
    const filled = Math.round(done * BAR);
    const bar = "#".repeat(filled) + "-".repeat(BAR - filled);
    const left = done > 0 ? duration((seconds / done) * (1 - done)) : "";
    return `[${bar}] ${Math.floor(done * 100)}%  ${counts}${left === "" ? "" : `, ${left} left`}`;
  }

  /** Takes the line away, for other text to be written. */
  clear(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#output.write("\r\x1b[K");
  }
}

/** "42 s", "3:07 min". */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}
