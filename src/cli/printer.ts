import type { Output } from "./io.js";
import type { Palette } from "./show/palette.js";

/** Text is handed on in pieces of about this many characters. */
const PIECE = 16 * 1024;

/** Lines of text for an output, collected so that a line costs no system call. */
export class Printer {
  readonly palette: Palette;
  readonly #output: Output;
  #text = "";
  #isBusy = false;

  constructor(output: Output, palette: Palette) {
    this.#output = output;
    this.palette = palette;
  }

  get columns(): number {
    return this.#output.columns;
  }

  /** Whether `drain` should be awaited before much more is printed. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Whether nobody reads any more. */
  get isClosed(): boolean {
    return this.#output.isClosed;
  }

  /** Text that says no more than its beginning does, cut to a terminal's width. */
  fit(text: string): string {
    return this.#output.isTerminal && text.length > this.columns
      ? `${text.slice(0, this.columns - 3)}...`
      : text;
  }

  line(text = ""): void {
    this.#text += `${text}\n`;
    if (this.#text.length >= PIECE) this.#hand();
  }

  #hand(): void {
    if (this.#text === "") return;
    if (!this.#output.write(this.#text)) this.#isBusy = true;
    this.#text = "";
  }

  /** Hands on what there is and waits until it is taken. */
  async drain(): Promise<void> {
    this.#hand();
    await this.#output.drain();
    this.#isBusy = false;
  }
}
