import { describe, expect, test } from "vitest";
import { buildPacket, type PacketPart } from "../build-packet.js";
import { dissect } from "../dissect.js";
import { EtherType } from "../ether-type.js";
import { IpProtocol } from "../ip-protocol.js";
import {
  arp,
  ethernet,
  fragment,
  geneve,
  gre,
  hopByHop,
  Icmpv6Type,
  icmpEcho,
  icmpv6,
  ipv4,
  ipv4Options,
  ipv6,
  neighborDiscovery,
  parseIpv4Options,
  parseNeighborDiscovery,
  routing,
  sctp,
  TcpFlag,
  tcp,
  udp,
  vlan,
  vxlan,
} from "./index.js";

/** What each stack of headers must be dissected into: names, and fields that were given. */
const stacks: [
  title: string,
  parts: PacketPart[],
  layers: [name: string, fields: object][],
  payload: number,
][] = [
  [
    "ARP request",
    [ethernet({ destination: "ff:ff:ff:ff:ff:ff" }), arp({ senderIp: "10.1.2.3", targetIp: "10.1.2.4" })],
    [
      ["ethernet", { destination: "ff:ff:ff:ff:ff:ff", etherType: EtherType.Arp }],
      ["arp", { operation: 1, senderIp: "10.1.2.3", targetIp: "10.1.2.4", senderMac: "02:00:00:00:00:01" }],
    ],
    0,
  ],
  [
    "QinQ, IPv4, TCP with options",
    [
      ethernet(),
      vlan({ id: 100, priority: 5, type: EtherType.QinQ }),
      vlan({ id: 4095, dropEligible: true }),
      ipv4({ source: "192.0.2.1", destination: "198.51.100.2", ttl: 3, dscp: 46, ecn: 1, identification: 7 }),
      tcp({
        sourcePort: 65535,
        destinationPort: 443,
        sequence: 0xffffffff,
        acknowledgment: 0x80000001,
        flags: TcpFlag.Ack | TcpFlag.Psh | TcpFlag.Ae,
        options: [
          { kind: "mss", size: 1460 },
          { kind: "sack-permitted" },
          { kind: "timestamps", value: 1, echo: 0xffffffff },
          { kind: "nop" },
          { kind: "window-scale", shift: 7 },
        ],
      }),
      "GET /",
    ],
    [
      ["ethernet", { etherType: EtherType.QinQ }],
      ["vlan", { id: 100, priority: 5, dropEligible: false, etherType: EtherType.Vlan }],
      ["vlan", { id: 4095, priority: 0, dropEligible: true, etherType: EtherType.Ipv4 }],
      ["ipv4", { ttl: 3, dscp: 46, ecn: 1, totalLength: 65, protocol: IpProtocol.Tcp, dontFragment: true }],
      [
        "tcp",
        {
          sourcePort: 65535,
          sequence: 0xffffffff,
          acknowledgment: 0x80000001,
          flags: 0x118,
          headerLength: 40,
          options: [
            { kind: "mss", size: 1460 },
            { kind: "sack-permitted" },
            { kind: "timestamps", value: 1, echo: 0xffffffff },
            { kind: "nop" },
            { kind: "window-scale", shift: 7 },
          ],
        },
      ],
    ],
    5,
  ],
  [
    "a later IPv4 fragment has no transport header",
    [ethernet(), ipv4({ fragmentOffset: 1480, protocol: IpProtocol.Udp }), "middle"],
    [
      ["ethernet", {}],
      ["ipv4", { fragmentOffset: 1480, dontFragment: false, protocol: IpProtocol.Udp }],
    ],
    6,
  ],
  [
    "IPv6 with hop-by-hop, routing and fragment headers",
    [
      ethernet(),
      ipv6({ trafficClass: 0xb8, flowLabel: 0xfffff, hopLimit: 1 }),
      hopByHop(Uint8Array.of(5, 2, 0, 0)),
      routing({ type: 0, segmentsLeft: 1, data: new Uint8Array(20).fill(1, 4) }),
      fragment({ fragmentOffset: 0, moreFragments: true, identification: 0xdeadbeef }),
      udp({ destinationPort: 53 }),
      "q",
    ],
    [
      ["ethernet", {}],
      ["ipv6", { trafficClass: 0xb8, flowLabel: 0xfffff, hopLimit: 1, nextHeader: IpProtocol.HopByHop }],
      [
        "ipv6-extensions",
        {
          protocol: IpProtocol.Udp,
          fragment: { fragmentOffset: 0, moreFragments: true, identification: 0xdeadbeef },
        },
      ],
      ["udp", { destinationPort: 53, length: 9 }],
    ],
    1,
  ],
  [
    "VXLAN carries Ethernet",
    [
      ethernet(),
      ipv6(),
      udp(),
      vxlan({ vni: 0xffffff }),
      ethernet(),
      ipv4(),
      icmpEcho({ identifier: 5, sequence: 9 }),
    ],
    [
      ["ethernet", {}],
      ["ipv6", {}],
      ["udp", { destinationPort: 4789 }],
      ["vxlan", { vni: 0xffffff }],
      ["ethernet", {}],
      ["ipv4", { protocol: IpProtocol.Icmp }],
      ["icmp", { type: 8, rest: 5 * 65536 + 9 }],
    ],
    0,
  ],
  [
    "Geneve and GRE name what they carry",
    [
      ethernet(),
      ipv4(),
      udp(),
      geneve({ vni: 7, critical: true, options: new Uint8Array(8) }),
      ipv4(),
      gre({ checksum: true, key: 0xffffffff, sequence: 2 }),
      ipv6(),
      sctp({ verificationTag: 0xcafef00d }),
      "c",
    ],
    [
      ["ethernet", {}],
      ["ipv4", {}],
      ["udp", { destinationPort: 6081 }],
      ["geneve", { vni: 7, critical: true, control: false, headerLength: 16, etherType: EtherType.Ipv4 }],
      ["ipv4", { protocol: IpProtocol.Gre }],
      ["gre", { key: 0xffffffff, sequence: 2, headerLength: 16, etherType: EtherType.Ipv6 }],
      ["ipv6", { nextHeader: IpProtocol.Sctp }],
      ["sctp", { verificationTag: 0xcafef00d }],
    ],
    1,
  ],
];

describe("headers", () => {
  test.each(stacks)("%s", (_title, parts, layers, payload) => {
    const dissection = dissect(buildPacket(...parts));
    expect(dissection.broken).toBeUndefined();
    expect(dissection.layers.map(({ name }) => name)).toEqual(layers.map(([name]) => name));
    for (const [index, [, fields]] of layers.entries()) {
      expect(dissection.layers[index].header).toMatchObject(fields);
    }
    expect(dissection.payloadEnd - dissection.payloadAt).toBe(payload);
  });

  test.each(stacks)("%s, cut anywhere, names what is not whole and never throws", (_title, parts) => {
    const frame = buildPacket(...parts);
    const whole = dissect(frame).layers;
    for (let length = 0; length < frame.length; length++) {
      const { layers, broken, payloadAt, payloadEnd } = dissect(frame.subarray(0, length));
      const next = whole[layers.length];
      // Either a header is cut, or only the payload is.
      if (broken !== undefined) expect(broken).toBe(next.name);
      else expect(layers.length).toBe(whole.length);
      expect(payloadAt).toBeLessThanOrEqual(payloadEnd);
      expect(payloadEnd).toBeLessThanOrEqual(length);
    }
  });

  test("a frame is padded, and the padding belongs to no header", () => {
    const frame = buildPacket(ethernet({ minimumLength: 60 }), ipv4(), udp(), "x");
    expect(frame.length).toBe(60);
    expect(dissect(frame)).toMatchObject({ payloadAt: 42, payloadEnd: 43 });
  });

  test.each([
    ["a port", () => udp({ sourcePort: 65536 })],
    ["a fraction", () => tcp({ window: 1.5 })],
    ["a negative number", () => ipv4({ ttl: -1 })],
    ["a VLAN id", () => vlan({ id: 4096 })],
    ["a VNI", () => vxlan({ vni: 2 ** 24 })],
    ["an offset", () => ipv4({ fragmentOffset: 12 })],
    ["options", () => ipv4({ options: new Uint8Array(41) })],
  ])("%s that its field cannot hold is refused", (_title, layer) => {
    expect(() => buildPacket(layer())).toThrow(RangeError);
  });

  test("IPv4 options are read as they were written", () => {
    const options = [
      { type: 7, data: Uint8Array.of(4, 0, 0, 0, 0) },
      { type: 1, data: new Uint8Array(0) },
      { type: 148, data: Uint8Array.of(0, 0) },
    ];
    expect(parseIpv4Options(ipv4Options(options))).toEqual(options);
    expect(parseIpv4Options(Uint8Array.of(7, 1, 0, 0))).toBeUndefined();
    expect(parseIpv4Options(Uint8Array.of(7, 40, 0, 0))).toBeUndefined();
  });

  test("neighbour discovery messages are read as they were written", () => {
    const message = {
      reachableTime: 30000,
      retransmitTimer: 1000,
      options: [
        { type: "source-link-layer-address" as const, mac: "02:00:00:00:00:05" },
        { type: "mtu" as const, mtu: 1480 },
        {
          type: "prefix" as const,
          prefix: "2001:db8::",
          prefixLength: 64,
          onLink: true,
          autonomous: false,
          validLifetime: 0xffffffff,
          preferredLifetime: 10,
        },
      ],
    };
    const body = neighborDiscovery(message);
    const frame = buildPacket(ethernet(), ipv6(), icmpv6({ type: Icmpv6Type.RouterAdvertisement }), body);
    expect(parseNeighborDiscovery(frame, 54)).toEqual(message);
    expect(parseNeighborDiscovery(frame.subarray(0, frame.length - 1), 54)).toBeUndefined();
  });
});
