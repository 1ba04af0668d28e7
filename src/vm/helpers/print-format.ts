import type { Arena } from "../../arena/index.js";
import { Errno } from "../../uapi/index.js";
import { isAlphanumeric, isWithin } from "./character.js";
import { packArguments, symbolText } from "./print-arguments.js";

const PERCENT = 0x25;
const ZERO = 0x30;
/** Hexadecimal digits of an address. */
const POINTER_WIDTH = 16;

/** Text that was printed into a buffer. */
export interface Printed {
  /** What fits before the buffer's NUL. */
  readonly bytes: Uint8Array;
  /** Bytes that there would have been. */
  readonly length: number;
}

/** One conversion of a format. */
interface Spec {
  readonly flags: string;
  /** -1 where there is none. */
  readonly width: number;
  /** What follows flags and width. */
  readonly at: number;
}

/**
 * Prints to a buffer of `size` bytes as bpf_trace_printk, bpf_trace_vprintk and bpf_snprintf do
 * (kernel/bpf/helpers.c, bpf_bprintf_prepare; lib/vsprintf.c, bstr_printf). A negative error number
 * for a format or arguments that are refused.
 */
export function formatPrint(
  arena: Arena,
  format: Uint8Array,
  args: readonly bigint[],
  size: number,
): Printed | number {
  const end = format.indexOf(0);
  if (end < 0) return -Errno.EINVAL;
  const text = format.subarray(0, end);
  const packed = packArguments(arena, text, args);
  return typeof packed === "number" ? packed : new Printer(text, packed, size).print();
}

class Printer {
  readonly #format: Uint8Array;
  readonly #packed: Uint8Array;
  readonly #view: DataView;
  readonly #size: number;
  readonly #out: Uint8Array;
  #length = 0;
  /** Where the next argument lies. */
  #argument = 0;

  constructor(format: Uint8Array, packed: Uint8Array, size: number) {
    this.#format = format;
    this.#packed = packed;
    this.#view = new DataView(packed.buffer);
    this.#size = size;
    this.#out = new Uint8Array(Math.max(0, size - 1));
  }

  print(): Printed {
    const format = this.#format;
    for (let i = 0; i < format.length; ) {
      if (format[i] !== PERCENT || format[i + 1] === PERCENT) {
        this.#put(format[i]);
        i += format[i] === PERCENT ? 2 : 1;
      } else {
        i = this.#convert(readSpec(format, i + 1));
      }
    }
    return { bytes: this.#out.subarray(0, Math.min(this.#length, this.#out.length)), length: this.#length };
  }

  #put(byte: number): void {
    if (this.#length < this.#out.length) this.#out[this.#length] = byte;
    this.#length++;
  }

  #putText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#put(text.charCodeAt(i));
  }

  /** Prints an argument; where the format goes on is returned. */
  #convert(spec: Spec): number {
    const { at } = spec;
    const letter = String.fromCharCode(this.#format[at]);
    switch (letter) {
      case "c":
        this.#putText(padded(String.fromCharCode(this.#packed[this.#argument++]), spec));
        return at + 1;
      case "s":
        this.#putText(padded(this.#takeText(), spec));
        return at + 1;
      case "p":
        this.#pointer(spec);
        // Whatever letters follow are taken for the pointer's kind.
        for (let i = at + 1; ; i++) if (!isAlphanumeric(this.#format[i])) return i;
      default: {
        let last = at;
        while (this.#format[last] === 0x6c) last++;
        const size = last > at ? 8 : 4;
        const kind = String.fromCharCode(this.#format[last]);
        this.#putText(numberText(this.#takeNumber(size), size * 8, kind, spec));
        return last + 1;
      }
    }
  }

  #pointer(spec: Spec): void {
    const kind = this.#format[spec.at + 1];
    if (!isAlphanumeric(kind) || "KxsS".includes(String.fromCharCode(kind))) {
      const value = this.#takeNumber(8);
      if (kind === 0x73 || kind === 0x53) this.#putText(padded(symbolText(value), spec));
      else this.#putText(numberText(value, 64, "x", pointerSpec(spec)));
      return;
    }
    // A text that stands for what it pointed to goes in as it is, and only if there is room for a byte.
    if (this.#length < this.#size) this.#putText(this.#takeText());
  }

  #takeText(): string {
    const end = this.#packed.indexOf(0, this.#argument);
    const bytes = this.#packed.subarray(this.#argument, end < 0 ? undefined : end);
    this.#argument += bytes.length + 1;
    return String.fromCharCode(...bytes);
  }

  #takeNumber(size: number): bigint {
    const at = Math.ceil(this.#argument / 4) * 4;
    this.#argument = at + size;
    if (at + size > this.#packed.length) return 0n;
    return size === 8 ? this.#view.getBigUint64(at, true) : BigInt(this.#view.getUint32(at, true));
  }
}

function readSpec(format: Uint8Array, start: number): Spec {
  let at = start;
  while ("0+- ".includes(String.fromCharCode(format[at]))) at++;
  const flags = String.fromCharCode(...format.subarray(start, at));
  let width = -1;
  for (; isWithin(format[at], ZERO, ZERO + 9); at++) width = Math.max(0, width) * 10 + format[at] - ZERO;
  return { flags, width, at };
}

/** An address has all its digits, unless a width says otherwise. */
function pointerSpec(spec: Spec): Spec {
  return spec.width >= 0 ? spec : { ...spec, width: POINTER_WIDTH, flags: `${spec.flags}0` };
}

function padded(text: string, { flags, width }: Spec): string {
  return flags.includes("-") ? text.padEnd(width) : text.padStart(width);
}

/** lib/vsprintf.c, number: `kind` is one of d, i, u, x and X, `bits` the argument's width. */
function numberText(value: bigint, bits: number, kind: string, spec: Spec): string {
  const { flags, width } = spec;
  const isSigned = kind === "d" || kind === "i";
  const number = isSigned ? BigInt.asIntN(bits, value) : value;
  const base = kind === "x" || kind === "X" ? 16 : 10;
  const digits = (number < 0n ? -number : number).toString(base);
  const text = kind === "X" ? digits.toUpperCase() : digits;
  const plus = isSigned && flags.includes("+") ? "+" : isSigned && flags.includes(" ") ? " " : "";
  const sign = number < 0n ? "-" : plus;
  if (flags.includes("-")) return (sign + text).padEnd(width);
  if (flags.includes("0")) return sign + text.padStart(width - sign.length, "0");
  return (sign + text).padStart(width);
}
