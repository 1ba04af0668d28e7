import { Errno } from "../../uapi/index.js";
import { EtherType } from "../context/ether-type.js";
import { SKB_MAX_LENGTH, type SkBuff } from "../context/sk-buff.js";
import type { HelperFunction, Machine } from "../machine.js";
import { high32, s32, skb, u32 } from "./argument.js";

const ETH_HLEN = 14;
const MODE_NET = 0;
const MODE_MAC = 1;
const MAX_DIFFERENCE = 0xfff;

/** BPF_F_ADJ_ROOM_* (include/uapi/linux/bpf.h). */
const FIXED_GSO = 1 << 0;
const ENCAP_L3_IPV4 = 1 << 1;
const ENCAP_L3_IPV6 = 1 << 2;
const ENCAP_L4_GRE = 1 << 3;
const ENCAP_L4_UDP = 1 << 4;
const NO_CSUM_RESET = 1 << 5;
const ENCAP_L2_ETH = 1 << 6;
const DECAP_L3_IPV4 = 1 << 7;
const DECAP_L3_IPV6 = 1 << 8;
const ENCAP_L3 = ENCAP_L3_IPV4 | ENCAP_L3_IPV6;
const DECAP_L3 = DECAP_L3_IPV4 | DECAP_L3_IPV6;
const KNOWN = FIXED_GSO | ENCAP_L3 | ENCAP_L4_GRE | ENCAP_L4_UDP | NO_CSUM_RESET | ENCAP_L2_ETH | DECAP_L3;
/** The inner Ethernet header's length is the flags' top byte. */
const L2_SHIFT = 24;

interface Request {
  readonly offset: number;
  readonly difference: number;
  readonly flags: number;
  readonly innerMacLength: number;
}

function networkHeaderLength(protocol: number): number {
  return protocol === EtherType.Ipv4 ? 20 : 40;
}

function adjustRoom(machine: Machine): void {
  const packet = skb(machine);
  const difference = s32(machine, 2);
  const mode = u32(machine, 3);
  const hasUnknown = (u32(machine, 4) & ~KNOWN) !== 0 || (high32(machine, 4) & 0x00ffffff) !== 0;
  machine.returns(hasUnknown ? -Errno.EINVAL : adjust(packet, difference, mode, machine));
}

function adjust(packet: SkBuff, difference: number, mode: number, machine: Machine): number {
  const flagBits = u32(machine, 4);
  const size = Math.abs(difference);
  if (size > MAX_DIFFERENCE) return -Errno.EFAULT;
  const { protocol } = packet;
  if (protocol !== EtherType.Ipv4 && protocol !== EtherType.Ipv6) return -Errno.ENOTSUPP;
  let offset = packet.networkOffset - packet.macOffset;
  let least = networkHeaderLength(protocol);
  if (mode === MODE_NET) offset += least;
  else if (mode !== MODE_MAC) return -Errno.ENOTSUPP;

  const isShrink = difference < 0;
  if ((flagBits & DECAP_L3) !== 0) {
    if (!isShrink || (flagBits & DECAP_L3) === DECAP_L3) return -Errno.EINVAL;
    least = (flagBits & DECAP_L3_IPV4) !== 0 ? 20 : 40;
  }
  const current = packet.length - packet.networkOffset;
  if (
    isShrink
      ? size >= current || current - size < least
      : packet.length + size > SKB_MAX_LENGTH && !packet.isGso
  ) {
    return -Errno.ENOTSUPP;
  }
  const request = {
    offset,
    difference: size,
    flags: flagBits,
    innerMacLength: innerMacLength(machine),
  };
  const result = isShrink ? shrink(packet, request) : grow(packet, request);
  if (result === 0 && (flagBits & NO_CSUM_RESET) === 0) packet.resetChecksum();
  return result;
}

/** BPF_F_ADJ_ROOM_ENCAP_L2(len): bits 56 to 63 of the flags. */
function innerMacLength(machine: Machine): number {
  return high32(machine, 4) >>> L2_SHIFT;
}

function grow(packet: SkBuff, request: Request): number {
  const { flags: flagBits } = request;
  // A GSO packet of no known kind cannot grow: its segments could not be cut.
  if (packet.isGso) return -Errno.ENOTSUPP;
  const isEncapsulation = (flagBits & ENCAP_L3) !== 0;
  if (isEncapsulation) {
    if ((flagBits & ENCAP_L3) === ENCAP_L3) return -Errno.EINVAL;
    if ((flagBits & ENCAP_L4_GRE) !== 0 && (flagBits & ENCAP_L4_UDP) !== 0) return -Errno.EINVAL;
    if ((flagBits & ENCAP_L2_ETH) !== 0 && request.innerMacLength < ETH_HLEN) return -Errno.EINVAL;
    if (packet.isEncapsulated) return -Errno.EALREADY;
    if (request.innerMacLength > request.difference) return -Errno.EINVAL;
  }
  packet.insert(request.offset, request.difference);
  if (isEncapsulation) {
    packet.encapsulate();
    if ((flagBits & (ENCAP_L4_GRE | ENCAP_L4_UDP)) !== 0) {
      packet.transportOffset = packet.networkOffset + ((flagBits & ENCAP_L3_IPV6) !== 0 ? 40 : 20);
    }
    // The outer header's version is the packet's protocol from now on.
    packet.protocol = (flagBits & ENCAP_L3_IPV6) !== 0 ? EtherType.Ipv6 : EtherType.Ipv4;
  }
  return 0;
}

function shrink(packet: SkBuff, request: Request): number {
  const { flags: flagBits } = request;
  if ((flagBits & ~(FIXED_GSO | DECAP_L3 | NO_CSUM_RESET)) !== 0 || request.innerMacLength !== 0) {
    return -Errno.EINVAL;
  }
  if (packet.isGso) return -Errno.ENOTSUPP;
  const result = packet.remove(request.offset, request.difference);
  if (result < 0) return result;
  if ((flagBits & DECAP_L3_IPV6) !== 0) packet.protocol = EtherType.Ipv6;
  else if ((flagBits & DECAP_L3_IPV4) !== 0) packet.protocol = EtherType.Ipv4;
  return 0;
}

/** bpf_skb_adjust_room (net/core/filter.c). */
export const adjustRoomHelpers: readonly [id: number, HelperFunction][] = [[50, adjustRoom]];
