/**
 * Where our filters are not what libpcap 1.10 makes of the same text, and why. Everything else that
 * the tests find different is a mistake.
 */

/** What we take for an expression, and what tcpdump takes for the same: libpcap is mistaken, or is without it. */
export const otherMeanings: readonly {
  readonly ours: string;
  readonly theirs: string;
  readonly why: string;
}[] = [
  {
    ours: "ip multicast",
    theirs: "ip multicast and ip[16] < 240",
    why: "224.0.0.0/4; what is above was multicast up to libpcap 1.10.5",
  },
  {
    ours: "byte 0 & 1",
    theirs: "ether[0] & 1 != 0",
    why: "up to 1.10 libpcap forgets to load the byte",
  },
  { ours: "byte 5 | 2", theirs: "ether[5] | 2 != 0", why: "the same" },
  {
    ours: "net 10/8",
    theirs: "net 10.0.0.0/8",
    why: "libpcap takes a prefix after two numbers of an address and more only",
  },
  {
    ours: "src net (10/8 or 192.168/16)",
    theirs: "src net 10.0.0.0/8 or src net 192.168.0.0/16",
    why: "the same",
  },
  {
    ours: "vxlan",
    theirs: "(udp dst port 4789 and udp[8] = 8) or (ip6[6] = 17 and udp dst port 4789 and ip6[48] = 8)",
    why: "libpcap has vxlan since 1.11",
  },
  {
    ours: "vxlan 5 and ip",
    theirs: `(udp dst port 4789 and udp[8] = 8 and udp[12:4] & 0xffffff00 = 0x500 and udp[28:2] = 0x800) or
      (ip6[6] = 17 and udp dst port 4789 and ip6[48] = 8 and ip6[52:4] & 0xffffff00 = 0x500 and ip6[68:2] = 0x800)`,
    why: "the same",
  },
  {
    ours: "1 / (0 + 1) = 1 and tcp",
    theirs: "tcp",
    why: "libpcap looks at the divisor's first number alone",
  },
  { ours: "ip[9] << (33 - 32) = 12", theirs: "ip[9] << 1 = 12", why: "the same, of shifts" },
];

/** Expressions that no packet can match, which tcpdump refuses for it. */
export const contradictions: readonly string[] = ["ip and arp", "1 = 2", "tcp and udp and ip", "arp and ip6"];

/** What tcpdump takes and we refuse, with what we say. */
export const refused: readonly {
  readonly expression: string;
  readonly message: RegExp;
  readonly why: string;
}[] = [
  ...["ip proto 256", "ip6 proto 1000", "ether proto 65536", "protochain 300", "proto 256"].map(
    (expression) => ({
      expression,
      message: /is more than (255|65535)$/,
      why: "no packet has it; libpcap refuses it too since 1.11",
    }),
  ),
  ...[
    "decnet host 64.1",
    "decnet host 1.1024",
    "decnet host 1.2.3",
    "decnet host 65536",
    "decnet net 1.2/16",
  ].map((expression) => ({
    expression,
    message: /is no address of DECnet$/,
    why: "libpcap cuts it to fit; it refuses it too since 1.11",
  })),
  {
    expression: "ip[0] % (5 - 5) = 1",
    message: /division by zero/,
    why: "no packet would be taken; libpcap's optimiser mostly sees it too",
  },
  { expression: "portrange 1-2x", message: /no port "2x"/, why: "libpcap does not see the x" },
  {
    expression: "host localhost",
    message: /no DNS is asked/,
    why: "a filter means the same on every machine",
  },
  { expression: "net loopback", message: /none is looked up/, why: "the same" },
];

/** What tcpdump says of numbers that it looks at in part only; we take the expression where they are good. */
export const numbersInPart = /^(division by zero|modulus by zero|shift by more than 31 bits)$/;
