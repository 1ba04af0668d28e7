import { Errno } from "../../uapi/index.js";
import { EtherType } from "../context/ether-type.js";
import { flowHash } from "../context/flow-hash.js";
import type { SkBuff } from "../context/sk-buff.js";
import type { HelperFunction, Machine } from "../machine.js";
import { skb, u32, u64 } from "./argument.js";

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const CLOCK_TAI = 2;
const ECN_MASK = 3;
const ECN_CE = 3;
/** overflowuid: whom a packet belongs to that has no socket. */
const OVERFLOW_UID = 65534;

function getHashRecalc(machine: Machine): void {
  const packet = skb(machine);
  packet.hash ??= flowHash(machine.arena, packet);
  machine.returnsAddress(packet.hash);
}

function setTstamp(machine: Machine): void {
  const packet = skb(machine);
  if (packet.protocol !== EtherType.Ipv4 && packet.protocol !== EtherType.Ipv6) {
    machine.returns(-Errno.EOPNOTSUPP);
    return;
  }
  const nanoseconds = u64(machine, 2);
  const clock = u32(machine, 3);
  const isKnown = clock === CLOCK_REALTIME || clock === CLOCK_MONOTONIC || clock === CLOCK_TAI;
  if (!isKnown || (clock !== CLOCK_REALTIME && nanoseconds === 0n)) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  packet.setTimestamp(nanoseconds, clock);
  machine.returns(0);
}

/** bpf_skb_ecn_set_ce: marks congestion; 1 if the packet is marked now, 0 if it cannot be. */
function ecnSetCe(machine: Machine): void {
  const packet = skb(machine);
  const header = packet.at(packet.networkOffset);
  const room = packet.length - packet.networkOffset;
  const protocol = packet.protocolBehindTags;
  if (protocol === EtherType.Ipv4 && room >= 20) machine.returns(setCeIpv4(machine, header));
  else if (protocol === EtherType.Ipv6 && room >= 40) machine.returns(setCeIpv6(machine, header));
  else machine.returns(0);
}

/** include/net/inet_ecn.h, IP_ECN_set_ce: the header's checksum is corrected by what the bits add. */
function setCeIpv4(machine: Machine, header: number): number {
  const { u8, view } = machine.arena;
  const ecn = u8[header + 1] & ECN_MASK;
  if (ecn === 0) return 0;
  if (ecn === ECN_CE) return 1;
  // INET_ECN_ECT_0 (2) needs one more, INET_ECN_ECT_1 (1) two more.
  const added = ECN_CE - ecn;
  const check = view.getUint16(header + 10, true);
  let sum = check + (0xffff - (added << 8));
  sum = (sum & 0xffff) + (sum >> 16);
  view.setUint16(header + 10, sum, true);
  u8[header + 1] |= ECN_CE;
  return 1;
}

function setCeIpv6(machine: Machine, header: number): number {
  const { u8 } = machine.arena;
  const ecn = (u8[header + 1] >> 4) & ECN_MASK;
  if (ecn === 0) return 0;
  u8[header + 1] |= ECN_CE << 4;
  return 1;
}

function setHash(packet: SkBuff, hash: number | undefined): number {
  packet.hash = hash;
  return 0;
}

/** An sk_buff's hash, time stamp and owner (net/core/filter.c). */
export const skbFactsHelpers: readonly [id: number, HelperFunction][] = [
  [34, getHashRecalc],
  [41, (m) => m.returns(setHash(skb(m), undefined))],
  [48, (m) => m.returns(setHash(skb(m), u32(m, 2)))],
  [192, setTstamp],
  [97, ecnSetCe],
  // No packet here belongs to a socket or a route yet: what Linux answers for such packets.
  [24, (m) => m.returns(0)],
  [46, (m) => m.returns(0)],
  [47, (m) => m.returns(OVERFLOW_UID)],
];
