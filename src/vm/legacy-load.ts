import { MemSize } from "../asm/index.js";
import type { Machine } from "./machine.js";

/** SKF_LL_OFF and SKF_NET_OFF of include/uapi/linux/filter.h: offsets from the link or network header. */
const LINK_OFFSET = -0x200000;
const NETWORK_OFFSET = -0x100000;

/**
 * BPF_LD_ABS and BPF_LD_IND (RFC 9669 §5.5): r0 becomes 1, 2 or 4 bytes of the packet, read in
 * network byte order at `imm` plus the index register's low half. False where the packet has no
 * such bytes: the program then ends (net/core/filter.c, bpf_skb_load_helper_8 and its kin).
 */
export function legacyLoad(machine: Machine, op: number, imm: number, index: number): boolean {
  const packet = machine.packet;
  if (packet.kind !== "skb") return false;
  const offset = (imm + index) | 0;
  const size = (op & 0x18) === MemSize.B ? 1 : (op & 0x18) === MemSize.H ? 2 : 4;
  let at = offset;
  if (offset < 0) {
    if (offset >= NETWORK_OFFSET) at = offset - NETWORK_OFFSET + packet.networkOffset;
    else if (offset >= LINK_OFFSET) at = offset - LINK_OFFSET + packet.macOffset;
    else return false;
  }
  if (at < packet.macOffset || at + size > packet.length) return false;
  const address = packet.data + at;
  const { view } = machine.arena;
  const value =
    size === 1 ? view.getUint8(address) : size === 2 ? view.getUint16(address) : view.getInt32(address);
  // Linux returns the four-byte form as an int made unsigned: the high half stays zero.
  machine.returnsAddress(value);
  return true;
}
