import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { checkMemory, high32, memory, u32 } from "./argument.js";
import { isSpace } from "./character.js";

/** Digits that __bpf_strtoull takes from its input at most. */
const MAX_DIGITS = 63;
const BASE_MASK = 0x1f;
const U64_MAX = (1n << 64n) - 1n;

interface Parsed {
  readonly magnitude: bigint;
  readonly isNegative: boolean;
  readonly consumed: number;
}

function digitValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : 99;
}

/** kernel/bpf/helpers.c, __bpf_strtoull; a negative error number where the text is no number. */
export function parseInteger(text: Uint8Array, flags: number): Parsed | number {
  let base = flags & BASE_MASK;
  if (text.length === 0 || ![0, 8, 10, 16].includes(base) || (flags & ~BASE_MASK) !== 0) return -Errno.EINVAL;
  let at = 0;
  while (at < text.length && isSpace(text[at])) at++;
  const isNegative = at < text.length && text[at] === 0x2d;
  if (isNegative) at++;
  if (at === text.length) return -Errno.EINVAL;

  const end = Math.min(text.length, at + MAX_DIGITS);
  const byteAt = (index: number) => (index < end ? text[index] : 0);
  // lib/kstrtox.c, _parse_integer_fixup_radix.
  const hasHexPrefix = byteAt(at) === 0x30 && (byteAt(at + 1) | 0x20) === 0x78;
  if (base === 0) {
    if (byteAt(at) !== 0x30) base = 10;
    else base = hasHexPrefix && digitValue(byteAt(at + 2)) < 16 ? 16 : 8;
  }
  if (base === 16 && hasHexPrefix) at += 2;

  const first = at;
  let magnitude = 0n;
  for (let digit = digitValue(byteAt(at)); digit < base; digit = digitValue(byteAt(++at))) {
    magnitude = magnitude * BigInt(base) + BigInt(digit);
  }
  if (at === first) return -Errno.EINVAL;
  if (magnitude > U64_MAX) return -Errno.ERANGE;
  return { magnitude, isNegative, consumed: at };
}

function convert(machine: Machine, isSigned: boolean): void {
  const { address, length } = memory(machine, 1, "the string");
  const result = u32(machine, 4);
  checkMemory(machine, result, 8, "the result");
  const { u8, view } = machine.arena;
  view.setBigInt64(result, 0n, true);
  const flags = high32(machine, 3) === 0 ? u32(machine, 3) : 0x80000000;
  const parsed = parseInteger(u8.subarray(address, address + length), flags);
  if (typeof parsed === "number") {
    machine.returns(parsed);
    return;
  }
  const { magnitude, isNegative, consumed } = parsed;
  const value = isNegative ? -magnitude : magnitude;
  // bpf_strtoul refuses a minus; bpf_strtol what does not fit in 64 bits with a sign.
  if (!isSigned && isNegative) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  if (isSigned && BigInt.asIntN(64, value) !== value) {
    machine.returns(-Errno.ERANGE);
    return;
  }
  view.setBigInt64(result, BigInt.asIntN(64, value), true);
  machine.returns(consumed);
}

function compare(machine: Machine): void {
  const { address, length } = memory(machine, 1, "the first string");
  const other = u32(machine, 3);
  checkMemory(machine, other, 1, "the second string");
  const { u8 } = machine.arena;
  for (let i = 0; i < length; i++) {
    const a = u8[address + i];
    const b = u8[other + i] ?? 0;
    if (a !== b) {
      machine.returns(a < b ? -1 : 1);
      return;
    }
    if (a === 0) break;
  }
  machine.returns(0);
}

/** Strings and numbers (kernel/bpf/helpers.c). */
export const stringHelpers: readonly [id: number, HelperFunction][] = [
  [105, (m) => convert(m, true)],
  [106, (m) => convert(m, false)],
  [182, compare],
];
