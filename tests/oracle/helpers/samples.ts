import { buildPacket, ethernet, ipv4, ipv6, tcp, udp, vlan } from "../../../src/packet/index.js";

const BROADCAST = "ff:ff:ff:ff:ff:ff";
const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + 3) & 0xff);
const addresses4 = { source: "10.1.0.1", destination: "10.2.0.2" };
const addresses6 = { source: "2001:db8:1::1", destination: "2001:db8:2::2" };

/** Packets of the kinds that helpers tell apart. */
export const samples = {
  udp4: buildPacket(ethernet(), ipv4(addresses4), udp({ sourcePort: 1000, destinationPort: 53 }), bytes(40)),
  tcp4: buildPacket(ethernet(), ipv4(addresses4), tcp({ sourcePort: 1000, destinationPort: 80 }), bytes(100)),
  udp6: buildPacket(ethernet(), ipv6(addresses6), udp({ sourcePort: 1000, destinationPort: 53 }), bytes(40)),
  tcp6: buildPacket(ethernet(), ipv6(addresses6), tcp({ sourcePort: 1000, destinationPort: 80 }), bytes(7)),
  vlan4: buildPacket(ethernet(), vlan({ id: 5 }), ipv4(addresses4), udp({}), bytes(20)),
  qinq6: buildPacket(
    ethernet(),
    vlan({ id: 7, type: 0x88a8 }),
    vlan({ id: 9 }),
    ipv6(addresses6),
    udp({}),
    bytes(20),
  ),
  /** Nothing but an Ethernet header. */
  bare: buildPacket(ethernet({ etherType: 0x88b5 })),
  arp: buildPacket(ethernet({ etherType: 0x0806, destination: BROADCAST }), bytes(46)),
  multicast: buildPacket(ethernet({ destination: "01:00:5e:00:00:01" }), ipv4(addresses4), udp({}), bytes(9)),
  toNobody: buildPacket(ethernet({ destination: "00:00:00:00:00:00", etherType: 0x88b5 }), bytes(50)),
  /** IEEE 802.3: a length where others have a type; with LLC, and as Novell sent IPX. */
  llc: buildPacket(ethernet({ etherType: 40 }), bytes(46)),
  ipx: buildPacket(ethernet({ etherType: 40 }), new Uint8Array([0xff, 0xff]), bytes(44)),
  large: buildPacket(ethernet(), ipv4(addresses4), udp({}), bytes(3000)),
} as const;

export type SampleName = keyof typeof samples;

export const allSamples: readonly Uint8Array[] = Object.values(samples);
