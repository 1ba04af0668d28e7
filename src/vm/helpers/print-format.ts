import type { Arena } from "../../arena/index.js";
import { Errno } from "../../uapi/index.js";
import { formatIpv4, formatIpv6, formatIpv6Full } from "./print-address.js";

/** MAX_BPRINTF_BIN_ARGS: room for all arguments of one call. */
const ARGUMENT_ROOM = 512;

interface Spec {
  readonly flags: string;
  readonly width: number;
  readonly conversion: string;
}

/** What bpf_bprintf_prepare reserves for an argument: its alignment matters to the limit alone. */
class ArgumentRoom {
  #used = 0;

  takeNumber(size: number): boolean {
    this.#used = Math.ceil(this.#used / 4) * 4 + size;
    return this.#used <= ARGUMENT_ROOM;
  }

  takeText(length: number): boolean {
    if (this.#used >= ARGUMENT_ROOM) return false;
    this.#used += length;
    return this.#used <= ARGUMENT_ROOM;
  }

  get left(): number {
    return ARGUMENT_ROOM - this.#used;
  }
}

/**
 * Text of bpf_trace_printk, bpf_trace_vprintk and bpf_snprintf, by the rules of
 * kernel/bpf/helpers.c, bpf_bprintf_prepare: integers with d i u x X and l or ll, c, s, and p with
 * K x s S, ks us, i4 I4 i6 I6 behind it, with a width and the flags 0 + - and space. A negative error
 * number where the format is not one of those.
 */
export function formatPrint(arena: Arena, format: Uint8Array, args: readonly bigint[]): string | number {
  const end = format.indexOf(0);
  if (end < 0) return -Errno.EINVAL;
  const bytes = format.subarray(0, end);
  const room = new ArgumentRoom();
  let out = "";
  let used = 0;
  let i = 0;
  while (i < bytes.length) {
    const byte = bytes[i];
    if (!isPrintable(byte)) return -Errno.EINVAL;
    if (byte !== 0x25) {
      out += String.fromCharCode(byte);
      i++;
      continue;
    }
    if (bytes[i + 1] === 0x25) {
      out += "%";
      i += 2;
      continue;
    }
    if (used >= args.length) return -Errno.EINVAL;
    const [spec, next] = readSpec(bytes, i + 1);
    if (spec === undefined) return -Errno.EINVAL;
    const text = formatArgument(arena, spec, args[used++], room);
    if (typeof text === "number") return text;
    out += pad(text, spec);
    i = next;
  }
  return out;
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d);
}

/** Whether a conversion may end before this byte: nothing, white space or punctuation. */
function isBoundary(byte: number | undefined): boolean {
  if (byte === undefined) return true;
  const isAlphanumeric =
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  return isPrintable(byte) && !isAlphanumeric;
}

const POINTER_KINDS = ["ks", "us", "i4", "I4", "i6", "I6", "K", "x", "s", "S"];

function readSpec(bytes: Uint8Array, start: number): [Spec | undefined, number] {
  let i = start;
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  while (i < bytes.length && "0+- ".includes(text(i, i + 1))) i++;
  const flags = text(start, i);
  const widthAt = i;
  if (bytes[i] >= 0x31 && bytes[i] <= 0x39) while (bytes[i] >= 0x30 && bytes[i] <= 0x39) i++;
  const width = i > widthAt ? Number(text(widthAt, i)) : 0;
  const spec = (conversion: string): [Spec, number] => [{ flags, width, conversion }, i + conversion.length];

  const kind = text(i, i + 1);
  if (kind === "p") {
    if (isBoundary(bytes[i + 1])) return spec("p");
    const found = POINTER_KINDS.find((name) => text(i + 1, i + 1 + name.length) === name);
    if (found === undefined) return [undefined, i];
    const isString = found === "ks" || found === "us";
    return isString && !isBoundary(bytes[i + 3]) ? [undefined, i] : spec(`p${found}`);
  }
  if (kind === "s") return isBoundary(bytes[i + 1]) ? spec("s") : [undefined, i];
  if (kind === "c") return spec("c");
  const length = text(i, i + 2) === "ll" ? "ll" : kind === "l" ? "l" : "";
  const conversion = text(i + length.length, i + length.length + 1);
  return conversion !== "" && "diuxX".includes(conversion) ? spec(length + conversion) : [undefined, i];
}

function formatArgument(arena: Arena, spec: Spec, value: bigint, room: ArgumentRoom): string | number {
  const { conversion } = spec;
  switch (conversion) {
    case "c":
      return room.takeText(1) ? String.fromCharCode(Number(value & 0xffn)) : -Errno.ENOSPC;
    case "s":
    case "pks":
    case "pus": {
      if (room.left <= 0) return -Errno.ENOSPC;
      const text = readString(arena, value, room.left);
      room.takeText(text.length + 1);
      return text;
    }
    case "pi4":
    case "pI4":
    case "pi6":
    case "pI6":
      return formatAddress(arena, conversion, value, room);
    default:
      return formatNumber(spec, value, room);
  }
}

function formatAddress(arena: Arena, conversion: string, value: bigint, room: ArgumentRoom): string | number {
  const isIpv4 = conversion.endsWith("4");
  const size = isIpv4 ? 4 : 16;
  if (room.left < size) return -Errno.ENOSPC;
  const bytes = readBytes(arena, value, size) ?? new Uint8Array(size);
  const text = isIpv4
    ? formatIpv4(bytes, conversion === "pi4")
    : conversion === "pi6"
      ? formatIpv6Full(bytes)
      : formatIpv6(bytes);
  room.takeText(text.length + 1);
  return text;
}

function formatNumber(spec: Spec, value: bigint, room: ArgumentRoom): string | number {
  const { conversion, flags } = spec;
  const isPointer = conversion.startsWith("p");
  const bits = isPointer || conversion.startsWith("l") ? 64 : 32;
  if (!room.takeNumber(bits / 8)) return -Errno.ENOSPC;
  if (isPointer) return BigInt.asUintN(64, value).toString(16).padStart(16, "0");
  const kind = conversion.at(-1);
  if (kind === "d" || kind === "i") {
    const number = BigInt.asIntN(bits, value);
    if (number < 0n) return number.toString();
    return flags.includes("+") ? `+${number}` : flags.includes(" ") ? ` ${number}` : number.toString();
  }
  const number = BigInt.asUintN(bits, value);
  if (kind === "u") return number.toString();
  const hex = number.toString(16);
  return kind === "X" ? hex.toUpperCase() : hex;
}

function pad(text: string, spec: Spec): string {
  const { flags, width, conversion } = spec;
  if (flags.includes("-")) return text.padEnd(width);
  if (!flags.includes("0") || !/[diuxX]$/.test(conversion)) return text.padStart(width);
  const sign = /^[-+ ]/.test(text) ? text[0] : "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}

function readBytes(arena: Arena, value: bigint, size: number): Uint8Array | undefined {
  const pointer = Number(BigInt.asUintN(64, value));
  if (pointer < 65536 || pointer + size > arena.u8.length) return undefined;
  return arena.u8.slice(pointer, pointer + size);
}

/** A NUL-terminated string of less than `limit` bytes; empty where the memory cannot be read. */
function readString(arena: Arena, value: bigint, limit: number): string {
  const pointer = Number(BigInt.asUintN(64, value));
  if (pointer < 65536 || pointer >= arena.u8.length) return "";
  const bytes = arena.u8.subarray(pointer, pointer + limit - 1);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...(end < 0 ? bytes : bytes.subarray(0, end)));
}
