import type { Io, Output } from "../io.js";

export type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

/** SGR numbers (ECMA-48 §8.3.117): what turns a colour on, and off. */
const CODES: Record<Colour, readonly [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
};

/** Colours where they are wanted; the text as it is otherwise. */
export class Palette {
  readonly isColoured: boolean;

  constructor(isColoured: boolean) {
    this.isColoured = isColoured;
  }

  paint(colour: Colour | undefined, text: string): string {
    if (!this.isColoured || colour === undefined || text === "") return text;
    const [on, off] = CODES[colour];
    return `\x1b[${on}m${text}\x1b[${off}m`;
  }
}

/** Colours go to terminals alone, and not where NO_COLOR is set (no-color.org) or the terminal is dumb. */
export function wantsColour(output: Output, env: Io["env"]): boolean {
  const { NO_COLOR, TERM } = env;
  return output.isTerminal && (NO_COLOR === undefined || NO_COLOR === "") && TERM !== "dumb";
}
