import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { s32, u32, u64 } from "./argument.js";
import { kernelAddress } from "./kernel-address.js";

/** XATTR_SIZE_MAX: bytes of a string that are looked at. */
const MAX_LENGTH = 65536;

/** Reading went on to where there is no memory. */
class Fault extends Error {}

/** A string in memory, which may have no end. */
class Text {
  readonly #u8: Uint8Array;
  readonly #address: number;

  /** `address` is an arena address, or -EFAULT. */
  constructor(machine: Machine, address: number) {
    this.#u8 = machine.arena.u8;
    this.#address = address < 0 ? this.#u8.length : address;
  }

  at(index: number): number {
    const byte = this.#u8[this.#address + index];
    if (byte === undefined) throw new Fault();
    return byte;
  }
}

/** A kfunc on `count` strings, its first arguments; what it finds is an index or an error number. */
function onStrings(
  count: 1 | 2,
  find: (machine: Machine, first: Text, second: Text) => number,
): HelperFunction {
  return (machine) => {
    const [first, second] = [1, count].map((n) => kernelAddress(machine.arena, u64(machine, n)));
    if (first === -Errno.ERANGE || second === -Errno.ERANGE) {
      machine.returns(-Errno.ERANGE);
      return;
    }
    try {
      machine.returns(find(machine, new Text(machine, first), new Text(machine, second)));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      machine.returns(-Errno.EFAULT);
    }
  };
}

/** A size_t, as far as it matters: what is longer than any string counts as that. */
function count(machine: Machine, n: number): number {
  return machine.reg[n * 2 + 1] === 0 ? Math.min(u32(machine, n), MAX_LENGTH) : MAX_LENGTH;
}

/** lib/ctype.c: Latin-1's capitals too, but for the multiplication sign. */
function toLower(byte: number): number {
  const isUpper = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0xc0 && byte <= 0xde && byte !== 0xd7);
  return isUpper ? byte + 0x20 : byte;
}

function compare(a: Text, b: Text, fold: (byte: number) => number): number {
  for (let i = 0; i < MAX_LENGTH; i++) {
    const left = fold(a.at(i));
    const right = fold(b.at(i));
    if (left !== right) return left < right ? -1 : 1;
    if (left === 0) return 0;
  }
  return -Errno.E2BIG;
}

/** The first place of a byte among the first `limit`. */
function find(text: Text, byte: number, limit: number): number {
  for (let i = 0; i < limit; i++) {
    const each = text.at(i);
    if (each === byte) return i;
    if (each === 0) return -Errno.ENOENT;
  }
  return limit === MAX_LENGTH ? -Errno.E2BIG : -Errno.ENOENT;
}

function findOrEnd(text: Text, byte: number): number {
  for (let i = 0; i < MAX_LENGTH; i++) {
    const each = text.at(i);
    if (each === 0 || each === byte) return i;
  }
  return -Errno.E2BIG;
}

/** `wanted` is an int: one that is no byte is nowhere. */
function findLast(text: Text, wanted: number): number {
  let last: number = -Errno.ENOENT;
  for (let i = 0; i < MAX_LENGTH; i++) {
    const each = text.at(i);
    if (each === wanted) last = i;
    if (each === 0) return last;
  }
  return -Errno.E2BIG;
}

function length(text: Text, limit: number): number {
  for (let i = 0; i < limit; i++) if (text.at(i) === 0) return i;
  return limit === MAX_LENGTH ? -Errno.E2BIG : limit;
}

/** The length of the start that is made of bytes of `set`, or of none of them. */
function span(text: Text, set: Text, isOf: boolean): number {
  for (let i = 0; i < MAX_LENGTH; i++) {
    const byte = text.at(i);
    if (byte === 0) return i;
    let at = 0;
    while (at < MAX_LENGTH && set.at(at) !== byte && set.at(at) !== 0) at++;
    if (at === MAX_LENGTH) return -Errno.E2BIG;
    if ((set.at(at) !== 0) !== isOf) return i;
  }
  return -Errno.E2BIG;
}

/** The first place of `needle` within the first `limit` bytes. */
function search(text: Text, needle: Text, limit: number): number {
  for (let i = 0; i < MAX_LENGTH; i++) {
    let at = 0;
    for (; i + at <= limit && at < MAX_LENGTH; at++) {
      const wanted = needle.at(at);
      if (wanted === 0) return i;
      if (i + at === limit) break;
      const byte = text.at(i + at);
      if (byte === 0) return -Errno.ENOENT;
      if (byte !== wanted) break;
    }
    if (at === MAX_LENGTH) return -Errno.E2BIG;
    if (i + at === limit) return -Errno.ENOENT;
  }
  return -Errno.E2BIG;
}

const asIs = (byte: number) => byte;
/** An argument of type char. */
const char = (machine: Machine, n: number) => u32(machine, n) & 0xff;

/** Strings in any memory that can be read (kernel/bpf/helpers.c, bpf_str*; Linux 6.17). */
export const stringKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_strcmp", onStrings(2, (_m, a, b) => compare(a, b, asIs))],
  ["bpf_strcasecmp", onStrings(2, (_m, a, b) => compare(a, b, toLower))],
  ["bpf_strchr", onStrings(1, (m, text) => find(text, char(m, 2), MAX_LENGTH))],
  ["bpf_strnchr", onStrings(1, (m, text) => find(text, char(m, 3), count(m, 2)))],
  ["bpf_strchrnul", onStrings(1, (m, text) => findOrEnd(text, char(m, 2)))],
  ["bpf_strrchr", onStrings(1, (m, text) => findLast(text, s32(m, 2)))],
  ["bpf_strlen", onStrings(1, (_m, text) => length(text, MAX_LENGTH))],
  ["bpf_strnlen", onStrings(1, (m, text) => length(text, count(m, 2)))],
  ["bpf_strspn", onStrings(2, (_m, text, set) => span(text, set, true))],
  ["bpf_strcspn", onStrings(2, (_m, text, set) => span(text, set, false))],
  ["bpf_strstr", onStrings(2, (_m, text, needle) => search(text, needle, MAX_LENGTH))],
  ["bpf_strnstr", onStrings(2, (m, text, needle) => search(text, needle, count(m, 3)))],
];
