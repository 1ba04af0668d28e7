import type { Arena } from "../../arena/index.js";
import { Errno } from "../../uapi/index.js";
import { isPunctuation, isSpace, isWithin } from "./character.js";
import { readKernel, readKernelString } from "./kernel-address.js";
import { formatIpv4, formatIpv6, formatIpv6Full } from "./print-address.js";

/** MAX_BPRINTF_BIN_ARGS: room for all arguments of one call. */
const ROOM = 512;
const PERCENT = 0x25;

/** The arguments of a call as they lie in memory: numbers, and the texts that pointers stood for. */
class PackedArguments {
  readonly bytes = new Uint8Array(ROOM);
  readonly #view = new DataView(this.bytes.buffer);
  #used = 0;

  get left(): number {
    return ROOM - this.#used;
  }

  /** A number of 4 or 8 bytes, at a multiple of 4. */
  number(value: bigint, size: number): boolean {
    this.#used = Math.ceil(this.#used / 4) * 4;
    if (this.left < size) return false;
    if (size === 8) this.#view.setBigUint64(this.#used, BigInt.asUintN(64, value), true);
    else this.#view.setUint32(this.#used, Number(BigInt.asUintN(32, value)), true);
    this.#used += size;
    return true;
  }

  byte(value: number): boolean {
    if (this.left === 0) return false;
    this.bytes[this.#used++] = value;
    return true;
  }

  /** A text with its NUL, cut to what fits; all of it counts. */
  text(text: Uint8Array): void {
    const kept = text.subarray(0, Math.max(0, this.left - 1));
    this.bytes.set(kept, this.#used);
    this.#used += text.length + 1;
  }
}

/**
 * Checks a format and packs its arguments, by the rules of kernel/bpf/helpers.c,
 * bpf_bprintf_prepare: integers with d i u x X and l or ll, c, s, and p with K x s S B, ks us,
 * i4 I4 i6 I6 behind it, with a width and the flags 0 + - and space. A negative error number where
 * the format is not one of those, or the arguments do not fit.
 */
export function packArguments(
  arena: Arena,
  format: Uint8Array,
  args: readonly bigint[],
): PackedArguments["bytes"] | number {
  const packed = new PackedArguments();
  let used = 0;
  for (let i = 0; i < format.length; i++) {
    const byte = format[i];
    // Bytes past ASCII are text: they may be a letter's UTF-8.
    if (byte < 0x80 && !isWithin(byte, 0x20, 0x7e) && !isSpace(byte)) return -Errno.EINVAL;
    if (byte !== PERCENT) continue;
    if (format[i + 1] === PERCENT) {
      i++;
      continue;
    }
    if (used >= args.length) return -Errno.EINVAL;
    const conversion = readConversion(format, skipFlagsAndWidth(format, i + 1));
    if (conversion === undefined) return -Errno.EINVAL;
    const error = pack(arena, packed, conversion.kind, args[used++]);
    if (error < 0) return error;
    i = conversion.last;
  }
  return packed.bytes;
}

/** Where a conversion's letters begin, behind its flags and width. */
function skipFlagsAndWidth(format: Uint8Array, start: number): number {
  let i = start;
  while ("0+- ".includes(String.fromCharCode(format[i] ?? 0x78))) i++;
  if (isWithin(format[i], 0x31, 0x39)) while (isWithin(format[i], 0x30, 0x39)) i++;
  return i;
}

/** Whether a conversion may end before this byte: nothing, white space or punctuation. */
function isBoundary(byte: number | undefined): boolean {
  return byte === undefined || isSpace(byte) || isPunctuation(byte);
}

interface Conversion {
  readonly kind: string;
  /** Index of its last letter. */
  readonly last: number;
}

function readConversion(format: Uint8Array, at: number): Conversion | undefined {
  const text = String.fromCharCode(...format.subarray(at, at + 4));
  const found = (kind: string): Conversion => ({ kind, last: at + kind.length - 1 });
  if (text.startsWith("p")) {
    if (isBoundary(format[at + 1])) return found("p");
    const string = ["pks", "pus"].find((kind) => text.startsWith(kind));
    if (string !== undefined) return isBoundary(format[at + 3]) ? found(string) : undefined;
    const kind = ["pK", "px", "ps", "pS", "pB", "pi4", "pI4", "pi6", "pI6"].find((each) =>
      text.startsWith(each),
    );
    return kind === undefined ? undefined : found(kind);
  }
  if (text.startsWith("s")) return isBoundary(format[at + 1]) ? found("s") : undefined;
  if (text.startsWith("c")) return found("c");
  const number = /^l{0,2}[diuxX]/.exec(text);
  return number === null ? undefined : found(number[0]);
}

/** 0, or -ENOSPC where there is no more room. */
function pack(arena: Arena, packed: PackedArguments, kind: string, value: bigint): number {
  switch (kind) {
    case "s":
    case "pks":
    case "pus":
      if (packed.left <= 0) return -Errno.ENOSPC;
      // There is no memory of a user's here: what points there points nowhere.
      packed.text(kind === "pus" ? new Uint8Array(0) : readString(arena, value, packed.left));
      return 0;
    case "c":
      return packed.byte(Number(value & 0xffn)) ? 0 : -Errno.ENOSPC;
    case "pi4":
    case "pI4":
    case "pi6":
    case "pI6":
      return packAddress(arena, packed, kind, value);
    case "pB":
      packed.text(ascii(symbolText(value)));
      return 0;
    default: {
      const size = kind.startsWith("p") || kind.startsWith("l") ? 8 : 4;
      return packed.number(value, size) ? 0 : -Errno.ENOSPC;
    }
  }
}

function packAddress(arena: Arena, packed: PackedArguments, kind: string, value: bigint): number {
  const size = kind.endsWith("4") ? 4 : 16;
  if (packed.left < size) return -Errno.ENOSPC;
  const found = readKernel(arena, BigInt.asUintN(64, value), size);
  const bytes = typeof found === "number" ? new Uint8Array(size) : found;
  if (size === 4) packed.text(ascii(formatIpv4(bytes, kind === "pi4")));
  else packed.text(ascii(kind === "pi6" ? formatIpv6Full(bytes) : formatIpv6(bytes)));
  return 0;
}

/** What stands for an address that is of no symbol: there are none here. */
export function symbolText(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** A string of less than `limit` bytes; empty where the memory cannot be read. */
function readString(arena: Arena, value: bigint, limit: number): Uint8Array {
  const found = readKernelString(arena, BigInt.asUintN(64, value), limit);
  return typeof found === "number" ? new Uint8Array(0) : found;
}
