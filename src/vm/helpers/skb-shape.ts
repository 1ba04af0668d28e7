import { Errno } from "../../uapi/index.js";
import { EtherType, isVlan } from "../context/ether-type.js";
import { SKB_MAX_LENGTH, type SkBuff } from "../context/sk-buff.js";
import type { HelperFunction, Machine } from "../machine.js";
import { flags, skb, u32 } from "./argument.js";

const IPV6_MINUS_IPV4 = 20;
const MAX_HEADROOM = 0xffff;

function swap16(value: number): number {
  return ((value & 0xff) << 8) | ((value >> 8) & 0xff);
}

/** net/core/filter.c, __bpf_skb_min_len: the headers that are known must stay. */
function minimumLength(packet: SkBuff): number {
  const { networkOffset, transportOffset = 0 } = packet;
  return transportOffset > 0 ? transportOffset : Math.max(0, networkOffset);
}

function changeTail(machine: Machine): void {
  const packet = skb(machine);
  const length = u32(machine, 2);
  const least = minimumLength(packet);
  if (flags(machine, 3) !== 0 || length > SKB_MAX_LENGTH || length < least) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  if (packet.isEncapsulated) {
    machine.returns(-Errno.ENOTSUPP);
    return;
  }
  packet.resize(length);
  if (packet.isGso) packet.resetGso();
  machine.returns(0);
}

function changeHead(machine: Machine): void {
  const packet = skb(machine);
  const room = u32(machine, 2);
  const length = packet.length + room;
  // The sum is one of 32 bits: a wrap makes it shorter than the packet.
  if (flags(machine, 3) !== 0 || length > 0xffffffff || (!packet.isGso && length > SKB_MAX_LENGTH)) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  // Only a GSO packet gets here with more than a buffer can give.
  if (room > MAX_HEADROOM) {
    machine.returns(-Errno.ENOMEM);
    return;
  }
  packet.growHead(room);
  machine.returns(0);
}

/** bpf_skb_change_proto: room for the other IP version's header; the program fills it in. */
function changeProtocol(machine: Machine): void {
  const packet = skb(machine);
  if (flags(machine, 3) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  machine.returns(translate(packet, swap16(u32(machine, 2))));
}

function translate(packet: SkBuff, to: number): number {
  const from = packet.protocol;
  const offset = packet.networkOffset - packet.macOffset;
  if (from === EtherType.Ipv4 && to === EtherType.Ipv6) {
    packet.insert(offset, IPV6_MINUS_IPV4);
  } else if (from === EtherType.Ipv6 && to === EtherType.Ipv4) {
    const result = packet.remove(offset, IPV6_MINUS_IPV4);
    if (result < 0) return result;
  } else {
    return -Errno.ENOTSUPP;
  }
  packet.protocol = to;
  packet.hash = undefined;
  return 0;
}

function changeType(machine: Machine): void {
  const packet = skb(machine);
  const type = u32(machine, 2);
  // PACKET_OTHERHOST is the last that may be set or changed.
  if (packet.packetType > 3 || type > 3) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  packet.packetType = type;
  machine.returns(0);
}

function vlanPush(machine: Machine): void {
  const protocol = swap16(u32(machine, 2));
  const known = isVlan(protocol) ? protocol : EtherType.Vlan;
  machine.returns(skb(machine).pushVlan(known, u32(machine, 3) & 0xffff));
}

/** What changes an sk_buff's size, type or tags (net/core/filter.c). */
export const skbShapeHelpers: readonly [id: number, HelperFunction][] = [
  [38, changeTail],
  [43, changeHead],
  [31, changeProtocol],
  [32, changeType],
  [18, vlanPush],
  [19, (m) => m.returns(skb(m).popVlan())],
];
