import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { flags, memory, skb, u32 } from "./argument.js";

const RECOMPUTE_CSUM = 1;
const INVALIDATE_HASH = 2;
const INT_MAX = 0x7fffffff;
const HDR_START_MAC = 0;
const HDR_START_NET = 1;

function storeBytes(machine: Machine): void {
  const packet = skb(machine);
  const offset = u32(machine, 2);
  const { address, length } = memory(machine, 3, "the bytes");
  const flagBits = flags(machine, 5);
  if ((flagBits & ~(RECOMPUTE_CSUM | INVALIDATE_HASH)) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  if (offset > INT_MAX || !packet.holds(offset, length)) {
    machine.returns(-Errno.EFAULT);
    return;
  }
  machine.arena.u8.copyWithin(packet.at(offset), address, address + length);
  if ((flagBits & INVALIDATE_HASH) !== 0) packet.hash = undefined;
  machine.returns(0);
}

/** Copies packet bytes, or zeroes the buffer where the packet has none there. */
function copyOut(machine: Machine, from: number | undefined): void {
  const { address, length } = memory(machine, 3, "the buffer");
  const { u8 } = machine.arena;
  if (from === undefined) {
    u8.fill(0, address, address + length);
    machine.returns(-Errno.EFAULT);
    return;
  }
  u8.copyWithin(address, from, from + length);
  machine.returns(0);
}

function loadBytes(machine: Machine): void {
  const packet = skb(machine);
  const offset = u32(machine, 2);
  const isInside = offset <= INT_MAX && packet.holds(offset, u32(machine, 4));
  copyOut(machine, isInside ? packet.at(offset) : undefined);
}

function loadBytesRelative(machine: Machine): void {
  const packet = skb(machine);
  const offset = u32(machine, 2);
  const start = u32(machine, 5);
  const base = start === HDR_START_MAC ? packet.macOffset : packet.networkOffset;
  const from = packet.at(base + offset);
  const isInside =
    offset <= 0xffff &&
    (start === HDR_START_MAC || start === HDR_START_NET) &&
    from + u32(machine, 4) <= packet.dataEnd;
  copyOut(machine, isInside ? from : undefined);
}

/** bpf_skb_pull_data: the packet lies in one piece already, so only its length can refuse. */
function pullData(machine: Machine): void {
  machine.returns(skb(machine).holds(u32(machine, 2), 0) ? 0 : -Errno.ENOMEM);
}

/** Reading and writing an sk_buff's bytes (net/core/filter.c). */
export const skbBytesHelpers: readonly [id: number, HelperFunction][] = [
  [9, storeBytes],
  [26, loadBytes],
  [68, loadBytesRelative],
  [39, pullData],
];
