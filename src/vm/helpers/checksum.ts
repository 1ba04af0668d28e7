import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { checkMemory, flags, skb, u32 } from "./argument.js";

const FIELD_MASK = 0xf;
const PSEUDO_HDR = 1 << 4;
const MARK_MANGLED_0 = 1 << 5;
const MARK_ENFORCE = 1 << 6;
const IPV6 = 1 << 7;
/** CSUM_MANGLED_0: what a UDP checksum of zero is sent as. */
const MANGLED_0 = 0xffff;
const ENOTSUPP = Errno.ENOTSUPP;

// Checksums are read little-endian, as the kernel's machine does: one's complement sums do not mind.

/** csum_add: 32-bit one's complement sum. */
export function add32(a: number, b: number): number {
  const sum = a + b;
  return sum > 0xffffffff ? (sum + 1) >>> 0 : sum;
}

/** csum_fold without the final complement: 32 bits to 16. */
export function fold(sum: number): number {
  let folded = (sum & 0xffff) + (sum >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

function not32(value: number): number {
  return ~value >>> 0;
}

/** csum_partial: the sum of memory's 16-bit words, a last odd byte as the low half of one. */
function partial(machine: Machine, address: number, length: number, seed: number): number {
  const { view } = machine.arena;
  const end = address + length;
  let sum = seed;
  let at = address;
  for (; at + 4 <= end; at += 4) sum = add32(sum, view.getUint32(at, true));
  if (at + 2 <= end) {
    sum = add32(sum, view.getUint16(at, true));
    at += 2;
  }
  return at < end ? add32(sum, view.getUint8(at)) : sum;
}

/** bpf_csum_diff: since Linux 6.13 the sizes may be any, and the result is folded to 16 bits. */
function csumDiff(machine: Machine): void {
  const fromSize = u32(machine, 2);
  const toSize = u32(machine, 4);
  const from = u32(machine, 1);
  const to = u32(machine, 3);
  if (fromSize > 0) checkMemory(machine, from, fromSize, "the old bytes");
  if (toSize > 0) checkMemory(machine, to, toSize, "the new bytes");
  let sum = u32(machine, 5);
  if (toSize > 0) sum = partial(machine, to, toSize, sum);
  if (fromSize > 0) {
    sum =
      toSize > 0
        ? add32(sum, not32(partial(machine, from, fromSize, 0)))
        : not32(partial(machine, from, fromSize, not32(sum)));
  }
  machine.returns(fold(sum));
}

/** csum_replace_by_diff and csum_replace4: the new checksum field of a header whose sum changes. */
function replaceByDiff(field: number, difference: number): number {
  return ~fold(add32(difference, not32(field))) & 0xffff;
}

function replace4(field: number, from: number, to: number): number {
  return ~fold(add32(add32(not32(field), not32(from)), to)) & 0xffff;
}

function replace2(field: number, from: number, to: number): number {
  const add16 = (a: number, b: number) => {
    const sum = a + b;
    return (sum + (sum >> 16)) & 0xffff;
  };
  return ~add16(add16(~field & 0xffff, ~from & 0xffff), to & 0xffff) & 0xffff;
}

/** The field's address, or a negative error number. */
function fieldAddress(machine: Machine): number {
  const offset = u32(machine, 2);
  if (offset > 0xffff || (offset & 1) !== 0) return -Errno.EFAULT;
  const packet = skb(machine);
  return packet.holds(offset, 2) ? packet.at(offset) : -Errno.EFAULT;
}

function newField(machine: Machine, field: number, flagBits: number, isL4: boolean): number {
  const from = u32(machine, 3);
  const to = u32(machine, 4);
  switch (flagBits & FIELD_MASK) {
    case 0:
      if (machine.reg64[3] !== 0n) return -Errno.EINVAL;
      return replaceByDiff(field, to);
    case 2:
      // Layer 4 takes two bytes as four (net/core/utils.c, inet_proto_csum_replace2).
      return isL4 ? replace4(field, from & 0xffff, to & 0xffff) : replace2(field, from, to);
    case 4:
      return replace4(field, from, to);
    default:
      return -Errno.EINVAL;
  }
}

function l3Replace(machine: Machine): void {
  const flagBits = flags(machine, 5);
  if ((flagBits & ~FIELD_MASK) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  replace(machine, flagBits, false);
}

function l4Replace(machine: Machine): void {
  const flagBits = flags(machine, 5);
  if ((flagBits & ~(FIELD_MASK | PSEUDO_HDR | MARK_MANGLED_0 | MARK_ENFORCE | IPV6)) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  replace(machine, flagBits, true);
}

function replace(machine: Machine, flagBits: number, isL4: boolean): void {
  const address = fieldAddress(machine);
  if (address < 0) {
    machine.returns(address);
    return;
  }
  const { view } = machine.arena;
  const old = view.getUint16(address, true);
  const marksZero = (flagBits & MARK_MANGLED_0) !== 0;
  if (marksZero && (flagBits & MARK_ENFORCE) === 0 && old === 0) {
    machine.returns(0);
    return;
  }
  const field = newField(machine, old, flagBits, isL4);
  if (field < 0) {
    machine.returns(field);
    return;
  }
  view.setUint16(address, marksZero && field === 0 ? MANGLED_0 : field, true);
  machine.returns(0);
}

const CsumLevel = { Query: 0, Inc: 1, Dec: 2, Reset: 3 } as const;

function csumLevel(machine: Machine): void {
  const packet = skb(machine);
  switch (flags(machine, 2)) {
    case CsumLevel.Query:
      machine.returns(packet.checksumLevel ?? -Errno.EACCES);
      return;
    case CsumLevel.Inc:
      packet.raiseChecksumLevel();
      break;
    case CsumLevel.Dec:
      packet.lowerChecksumLevel();
      break;
    case CsumLevel.Reset:
      packet.resetChecksum();
      break;
    default:
      machine.returns(-Errno.EINVAL);
      return;
  }
  machine.returns(0);
}

/** bpf_csum_update: only for packets whose device gave the sum of all bytes, which ours does not. */
function csumUpdate(machine: Machine): void {
  skb(machine);
  machine.returns(-ENOTSUPP);
}

/** Checksums (net/core/filter.c). */
export const checksumHelpers: readonly [id: number, HelperFunction][] = [
  [28, csumDiff],
  [10, l3Replace],
  [11, l4Replace],
  [40, csumUpdate],
  [135, csumLevel],
];
