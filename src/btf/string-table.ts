import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";

/** A string section in the making; equal strings stand in it once, and not at all if the base has them. */
export class StringTable {
  readonly #base: Btf | undefined;
  /** The offset of the first own string. */
  readonly #start: number;
  readonly #offsets = new Map<string, number>();
  readonly #encoder = new TextEncoder();
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(base: Btf | undefined) {
    this.#base = base;
    this.#start = base === undefined ? 0 : base.stringsEnd;
    if (base === undefined) this.offset("");
  }

  /** The offset of a string, which is added if it is new. */
  offset(text: string): number {
    if (text === "" && this.#base !== undefined) return 0;
    const known = this.#offsets.get(text) ?? this.#base?.stringOffset(text);
    if (known !== undefined) return known;
    if (text.includes("\0")) {
      throw new ObjectFormatError(`a name with a NUL in it: ${JSON.stringify(text)}`, { section: ".BTF" });
    }
    const offset = this.#start + this.#length;
    this.#chunks.push(this.#encoder.encode(`${text}\0`));
    this.#length += this.#chunks[this.#chunks.length - 1].length;
    this.#offsets.set(text, offset);
    return offset;
  }

  /** The own strings as bytes. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks = [bytes];
    return bytes;
  }
}
