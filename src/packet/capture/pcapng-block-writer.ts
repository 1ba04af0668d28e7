import type { OutputBuffer } from "./output-buffer.js";

const encoder = new TextEncoder();
const OPTION_HEADER = 4;
/** The longest value of an option: its length has 16 bits. */
const LONGEST = 0xffff;
/** 2^64 ns, rounded down to a second. */
const LAST_SECOND = 18_446_744_073;

/** Upper bound of the bytes that `text` takes as an option, header and padding included. */
export function optionRoom(text: string): number {
  return OPTION_HEADER + Math.min(LONGEST + 1, text.length * 3 + 3);
}

/**
 * Writes one block at a time into an output buffer: `begin`, fixed fields and options, `end`. The
 * caller has reserved the room.
 */
export class PcapngBlockWriter {
  readonly littleEndian: boolean;
  readonly #out: OutputBuffer;
  #start = 0;

  constructor(out: OutputBuffer, littleEndian: boolean) {
    this.#out = out;
    this.littleEndian = littleEndian;
  }

  begin(type: number): void {
    this.#start = this.#out.at;
    this.u32(type);
    this.u32(0);
  }

  end(): void {
    const total = this.#out.at + 4 - this.#start;
    this.u32(total);
    this.#out.view.setUint32(this.#start + 4, total, this.littleEndian);
  }

  u16(value: number): void {
    this.#out.view.setUint16(this.#out.at, value, this.littleEndian);
    this.#out.at += 2;
  }

  u32(value: number): void {
    this.#out.view.setUint32(this.#out.at, value, this.littleEndian);
    this.#out.at += 4;
  }

  /** A 64-bit field of a number below 2^53 (negative ones sign-extended) or of a bigint modulo 2^64. */
  u64(value: number | bigint): void {
    const out = this.#out;
    if (typeof value === "bigint") {
      out.view.setBigUint64(out.at, BigInt.asUintN(64, value), this.littleEndian);
    } else {
      const high = Math.floor(value / 0x1_0000_0000);
      out.view.setUint32(out.at + (this.littleEndian ? 4 : 0), high, this.littleEndian);
      out.view.setUint32(out.at + (this.littleEndian ? 0 : 4), value, this.littleEndian);
    }
    out.at += 8;
  }

  /** The two halves of a timestamp, high first in either byte order: the format's own habit. */
  timestamp(seconds: number, nanoseconds: number): void {
    if (seconds < 0 || seconds >= LAST_SECOND) {
      const all = seconds < 0 ? 0 : 0xffffffff;
      this.u32(all);
      this.u32(all);
      return;
    }
    // seconds * 10^9 + nanoseconds over 2^32, in steps of 2^16 that stay exact.
    const low = (seconds % 65536) * 1e9 + nanoseconds;
    const middle = Math.floor(seconds / 65536) * 1e9 + Math.floor(low / 65536);
    this.u32(Math.floor(middle / 65536));
    this.u32((middle % 65536) * 65536 + (low % 65536));
  }

  /** The header of an option whose value of `length` bytes the caller writes; then `pad`. */
  option(code: number, length: number): void {
    this.u16(code);
    this.u16(length);
  }

  octet(value: number): void {
    this.#out.bytes[this.#out.at++] = value;
  }

  raw(bytes: Uint8Array): void {
    this.#out.bytes.set(bytes, this.#out.at);
    this.#out.at += bytes.length;
  }

  pad(): void {
    const out = this.#out;
    while ((out.at - this.#start) % 4 !== 0) out.bytes[out.at++] = 0;
  }

  /** A text option; what exceeds 65,535 bytes of UTF-8 is cut at a whole character. */
  text(code: number, value: string): void {
    const out = this.#out;
    const at = out.at + OPTION_HEADER;
    const { written } = encoder.encodeInto(value, out.bytes.subarray(at, at + LONGEST));
    this.option(code, written);
    out.at += written;
    this.pad();
  }

  endOfOptions(): void {
    this.option(0, 0);
  }
}
