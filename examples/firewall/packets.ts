import {
  buildPacket,
  destinationOptions,
  ethernet,
  fragment,
  hopByHop,
  icmp,
  icmpEcho,
  icmpv6,
  icmpv6Echo,
  ipv4,
  ipv4Options,
  ipv6,
  sctp,
  tcp,
  udp,
  vlan,
} from "../../src/packet/index.js";
import { Rule } from "./rules.js";

export interface Row {
  readonly title: string;
  readonly packet: Uint8Array;
  readonly action: "BLOCK" | "ALLOW";
  readonly rule: number;
  /** Global variables that differ from maps.json's usual ones. */
  readonly globals?: Readonly<Record<string, string>>;
}

const SERVER = "192.0.2.1";
const SERVER6 = "2001:db8::1";
const from = (source: string, fields = {}) => ipv4({ source, destination: SERVER, ...fields });
const from6 = (source: string, fields = {}) => ipv6({ source, destination: SERVER6, ...fields });
const to = (destinationPort: number) => tcp({ sourcePort: 1025, destinationPort });
const http = buildPacket(ethernet(), from("192.0.2.10"), to(80));
const web6 = buildPacket(ethernet(), from6("2001:db8::10"), hopByHop(), destinationOptions(), to(80));

const chain = (count: number) => Array.from({ length: count }, () => destinationOptions(new Uint8Array(6)));
/** Cut behind `size` bytes of the IP packet, which says itself that it is no longer. */
function shortened(packet: Uint8Array, size: number): Uint8Array {
  const cut = packet.slice(0, 14 + size);
  new DataView(cut.buffer).setUint16(16, size);
  return cut;
}

/** One packet for each thing that the firewall decides, with maps.json in its maps. */
export const rows: readonly Row[] = [
  { title: "a port that is open", packet: http, action: "ALLOW", rule: 21 },
  {
    title: "a port that is closed",
    packet: buildPacket(ethernet(), from("192.0.2.10"), to(23)),
    action: "BLOCK",
    rule: 20,
  },
  {
    title: "the same port of another protocol",
    packet: buildPacket(ethernet(), from("192.0.2.10"), udp({ destinationPort: 23 })),
    action: "ALLOW",
    rule: Rule.Policy,
  },
  {
    title: "a port without a rule, where the policy is to block",
    packet: buildPacket(ethernet(), from("192.0.2.10"), to(8080)),
    action: "BLOCK",
    rule: Rule.Policy,
    globals: { policy: "BLOCK" },
  },
  {
    title: "an open port, where the policy is to block",
    packet: http,
    action: "ALLOW",
    rule: 21,
    globals: { policy: "BLOCK" },
  },
  {
    title: "a blocked address",
    packet: buildPacket(ethernet(), from("192.0.2.66"), to(80)),
    action: "BLOCK",
    rule: 16,
  },
  {
    title: "a blocked prefix",
    packet: buildPacket(ethernet(), from("198.51.100.7"), icmpEcho()),
    action: "BLOCK",
    rule: 17,
  },
  {
    title: "an address let through within a blocked prefix, to a closed port",
    packet: buildPacket(ethernet(), from("198.51.100.42"), to(23)),
    action: "ALLOW",
    rule: 18,
  },
  {
    title: "a blocked IPv6 prefix",
    packet: buildPacket(ethernet(), from6("2001:db8:bad:1::7"), to(80)),
    action: "BLOCK",
    rule: 19,
  },
  {
    title: "an address beside it",
    packet: buildPacket(ethernet(), from6("2001:db8:bae::7"), to(80)),
    action: "ALLOW",
    rule: 21,
  },
  { title: "IPv6 extension headers", packet: web6, action: "ALLOW", rule: 21 },
  {
    title: "four extension headers",
    packet: buildPacket(ethernet(), from6("2001:db8::10"), ...chain(4), to(23)),
    action: "BLOCK",
    rule: 20,
  },
  {
    title: "five extension headers",
    packet: buildPacket(ethernet(), from6("2001:db8::10"), ...chain(5), to(80)),
    action: "BLOCK",
    rule: Rule.Malformed,
  },
  {
    title: "an extension header that goes on behind the packet's end",
    packet: web6.subarray(0, 14 + 40 + 4),
    action: "BLOCK",
    rule: Rule.Malformed,
  },
  {
    title: "two VLAN tags",
    packet: buildPacket(
      ethernet(),
      vlan({ id: 100, type: 0x88a8 }),
      vlan({ id: 7 }),
      from("192.0.2.10"),
      to(23),
    ),
    action: "BLOCK",
    rule: 20,
  },
  {
    title: "IPv4 options",
    packet: buildPacket(
      ethernet(),
      from("192.0.2.10", { options: ipv4Options([{ type: 148, data: new Uint8Array(2) }]) }),
      to(23),
    ),
    action: "BLOCK",
    rule: 20,
  },
  {
    title: "a ping",
    packet: buildPacket(ethernet(), from("192.0.2.10"), icmpEcho()),
    action: "ALLOW",
    rule: 23,
  },
  {
    title: "a ping of IPv6",
    packet: buildPacket(ethernet(), from6("2001:db8::10"), icmpv6Echo()),
    action: "ALLOW",
    rule: 23,
  },
  {
    title: "another ICMP message, where the policy is to block",
    packet: buildPacket(ethernet(), from("192.0.2.10"), icmp({ type: 13 })),
    action: "BLOCK",
    rule: Rule.Policy,
    globals: { policy: "BLOCK" },
  },
  {
    title: "neighbour discovery, where the policy is to block",
    packet: buildPacket(
      ethernet(),
      from6("2001:db8::10", { hopLimit: 255 }),
      icmpv6({ type: 135 }),
      new Uint8Array(16),
    ),
    action: "ALLOW",
    rule: Rule.Neighbour,
    globals: { policy: "BLOCK" },
  },
  {
    title: "neighbour discovery that came through a router",
    packet: buildPacket(
      ethernet(),
      from6("2001:db8::10", { hopLimit: 64 }),
      icmpv6({ type: 135 }),
      new Uint8Array(16),
    ),
    action: "BLOCK",
    rule: Rule.Policy,
    globals: { policy: "BLOCK" },
  },
  {
    title: "SCTP",
    packet: buildPacket(ethernet(), from("192.0.2.10"), sctp({ destinationPort: 80 })),
    action: "ALLOW",
    rule: Rule.Policy,
  },
  {
    title: "a protocol without ports",
    packet: buildPacket(ethernet(), from("192.0.2.10", { protocol: 89 }), "ospf"),
    action: "ALLOW",
    rule: Rule.Policy,
  },
  {
    title: "ARP, where the policy is to block",
    packet: buildPacket(ethernet({ etherType: 0x0806 }), new Uint8Array(46)),
    action: "ALLOW",
    rule: Rule.NotIp,
    globals: { policy: "BLOCK" },
  },
  {
    title: "the first fragment to a closed port",
    packet: buildPacket(ethernet(), from("192.0.2.10", { moreFragments: true }), to(23)),
    action: "BLOCK",
    rule: 20,
  },
  {
    title: "a later fragment",
    packet: buildPacket(ethernet(), from("192.0.2.10", { fragmentOffset: 1480, protocol: 6 }), "data"),
    action: "ALLOW",
    rule: Rule.Fragment,
  },
  {
    title: "a later fragment, where fragments are blocked",
    packet: buildPacket(ethernet(), from("192.0.2.10", { fragmentOffset: 1480, protocol: 6 }), "data"),
    action: "BLOCK",
    rule: Rule.Fragment,
    globals: { fragments: "BLOCK" },
  },
  {
    title: "a first fragment, where fragments are blocked",
    packet: buildPacket(ethernet(), from("192.0.2.10", { moreFragments: true }), to(80)),
    action: "BLOCK",
    rule: Rule.Fragment,
    globals: { fragments: "BLOCK" },
  },
  {
    title: "a first fragment too short for its ports",
    packet: shortened(buildPacket(ethernet(), from("192.0.2.10", { moreFragments: true }), to(80)), 28),
    action: "BLOCK",
    rule: Rule.Malformed,
  },
  {
    title: "a later fragment of IPv6",
    packet: buildPacket(
      ethernet(),
      from6("2001:db8::10"),
      fragment({ fragmentOffset: 1448, identification: 1 }),
      "data",
    ),
    action: "ALLOW",
    rule: Rule.Fragment,
  },
  {
    title: "a whole IPv6 packet with a fragment header, where fragments are blocked",
    packet: buildPacket(ethernet(), from6("2001:db8::10"), fragment({ identification: 1 }), to(80)),
    action: "ALLOW",
    rule: 21,
    globals: { fragments: "BLOCK" },
  },
  {
    title: "a header length of 4",
    packet: http.map((byte, at) => (at === 14 ? 0x44 : byte)),
    action: "BLOCK",
    rule: Rule.Malformed,
  },
  {
    title: "half a TCP header",
    packet: http.subarray(0, 14 + 20 + 10),
    action: "BLOCK",
    rule: Rule.Malformed,
  },
];
