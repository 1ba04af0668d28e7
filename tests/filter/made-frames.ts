import { type PacketRecord, packetRecord } from "../../src/packet/index.js";

/** Draws numbers that are the same in every run: mulberry32. */
class Draw {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }

  bytes(count: number): number[] {
    return Array.from({ length: count }, () => this.below(256));
  }
}

const half = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const word = (value: number): number[] => [...half(value >>> 16), ...half(value)];

/** What an EtherType says, with the bytes that it announces. */
type Payload = readonly [etherType: number, bytes: number[]];

const macs = [
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x01, 0x80, 0xc2, 0, 0, 0],
  [0x02, 0, 0, 0, 0, 1],
  [0x02, 0, 0, 0, 0, 2],
  [0x33, 0x33, 0, 0, 0, 1],
];
const ipv4s = [
  [10, 0, 0, 1],
  [10, 0, 0, 2],
  [10, 1, 0, 1],
  [192, 168, 1, 1],
  [224, 0, 0, 5],
  [255, 255, 255, 255],
  [0, 0, 0, 0],
];
const ipv6s = [
  [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2],
  [0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
];
const ports = [20, 21, 22, 53, 80, 443, 646, 1024, 4789, 5060, 6081, 65535];

/** Frames of every kind that filters ask for and captures seldom have, nested at random. */
export function madeFrames(count: number): PacketRecord[] {
  const draw = new Draw(20240917);
  return Array.from({ length: count }, () => packetRecord(Uint8Array.from(frame(draw, 0))));
}

function frame(draw: Draw, depth: number): number[] {
  const addresses = [...draw.of(macs), ...draw.of(macs)];
  if (draw.below(5) === 0) {
    const llc = llcFrame(draw);
    // A length that is a type, or nearly so, now and then.
    const length = draw.below(10) === 0 ? draw.of([1499, 1500, 1501, 1535, 1536]) : llc.length;
    return [...addresses, ...half(length), ...llc, ...draw.bytes(draw.below(20))];
  }
  const [type, bytes] = tagged(draw, depth);
  return [...addresses, ...half(type), ...bytes];
}

function tagged(draw: Draw, depth: number): Payload {
  const [type, bytes] = draw.below(4) === 0 && depth < 3 ? tagged(draw, depth + 1) : network(draw, depth);
  if (draw.below(3) > 0) return [type, bytes];
  return [
    draw.of([0x8100, 0x88a8, 0x9100]),
    [...half(draw.of([5, 100, 200, 0x2005])), ...half(type), ...bytes],
  ];
}

function network(draw: Draw, depth: number): Payload {
  switch (draw.below(10)) {
    case 0:
    case 1:
    case 9:
      return [0x86dd, ipv6(draw, depth)];
    case 6:
      return [draw.of([0x0806, 0x8035]), arp(draw)];
    case 2:
      return [0x8847, mpls(draw, depth)];
    case 3:
      return [draw.of([0x8863, 0x8864, 0x8864]), pppoe(draw, depth)];
    case 4:
      return [0x6003, decnet(draw)];
    case 5:
      return [draw.of([0x6001, 0x6002, 0x6004, 0x6007, 0x809b, 0x80f3, 0x8137, 0x9000]), draw.bytes(30)];
    default:
      return [0x0800, ipv4(draw, depth)];
  }
}

function arp(draw: Draw): number[] {
  const [sender, target] = [draw.of(ipv4s), draw.of(ipv4s)];
  return [0, 1, 8, 0, 6, 4, 0, draw.of([1, 2]), ...draw.of(macs), ...sender, ...draw.of(macs), ...target];
}

function mpls(draw: Draw, depth: number): number[] {
  const labels = Array.from({ length: 1 + draw.below(3) }, () => draw.of([16, 1000, 1024, 100_000]));
  const stack = labels.flatMap((label, i) =>
    word(label * 0x1000 + (i === labels.length - 1 ? 0x100 : 0) + 64),
  );
  return [...stack, ...(draw.below(2) === 0 ? ipv4(draw, depth) : ipv6(draw, depth))];
}

function pppoe(draw: Draw, depth: number): number[] {
  const [protocol, bytes]: Payload = draw.of([
    () => [0x0021, ipv4(draw, depth)] as const,
    () => [0x0057, ipv6(draw, depth)] as const,
    () => [0x0281, mpls(draw, depth)] as const,
    () => [draw.of([0x0023, 0x0027, 0x0029, 0x002b, 0x0031]), draw.bytes(30)] as const,
  ])();
  return [0x11, 0, ...half(draw.of([1, 0x27])), ...half(bytes.length + 2), ...half(protocol), ...bytes];
}

function decnet(draw: Draw): number[] {
  const padding = draw.below(2) === 0 ? [0x81] : [];
  const address = (): number[] =>
    draw.of([
      [1, 4],
      [0x7b, 0x28],
      [5, 0],
    ]);
  const long = [0x06, 0, 0, ...draw.bytes(4), ...address(), 0, 0, ...draw.bytes(4), ...address(), 0, 0, 0, 0];
  const short = [0x02, ...address(), ...address(), 0];
  return [...draw.bytes(2), ...padding, ...draw.of([long, short]), ...draw.bytes(16)];
}

function ipv4(draw: Draw, depth: number): number[] {
  const options = draw.bytes(4 * draw.of([0, 0, 0, 1, 5]));
  const [protocol, bytes] = transport(draw, depth, draw.below(8) === 0);
  const fragment = draw.of([0, 0, 0, 0x4000, 0x2000, 0x0010]);
  return [
    0x45 + options.length / 4,
    draw.below(4),
    ...half(20 + options.length + bytes.length),
    ...half(draw.below(100)),
    ...half(fragment),
    draw.of([1, 64, 255]),
    protocol,
    ...draw.bytes(2),
    ...draw.of(ipv4s),
    ...draw.of(ipv4s),
    ...options,
    ...bytes,
  ];
}

function ipv6(draw: Draw, depth: number): number[] {
  let [next, bytes] = transport(draw, depth, true);
  for (let count = draw.of([0, 0, 0, 1, 3]); count > 0; count--) {
    const extension = draw.of([0, 43, 44, 60]);
    // A fragment header has no length.
    const more = extension === 44 ? 0 : draw.below(2);
    bytes = [next, more, ...draw.bytes(6 + 8 * more), ...bytes];
    next = extension;
  }
  return [0x60, 0, 0, 0, ...half(bytes.length), next, 64, ...draw.of(ipv6s), ...draw.of(ipv6s), ...bytes];
}

/** A protocol number and what it stands for; an authentication header before it at times. */
function transport(draw: Draw, depth: number, mayAuthenticate: boolean): [number, number[]] {
  if (mayAuthenticate && draw.below(6) === 0) {
    const [next, bytes] = transport(draw, depth, false);
    return [51, [next, 4, 0, 0, ...draw.bytes(20), ...bytes]];
  }
  const portPair = [...half(draw.of(ports)), ...half(draw.of(ports))];
  // Many a packet is a tunnel's, so that what is within has its share.
  switch (depth === 0 && draw.below(3) === 0 ? 4 : draw.below(9)) {
    case 0:
      return [
        6,
        [
          ...portPair,
          ...draw.bytes(8),
          0x50,
          draw.of([0x02, 0x10, 0x12, 0x11, 0x04, 0x18]),
          ...draw.bytes(10),
        ],
      ];
    case 1:
      return [132, [...portPair, ...draw.bytes(12)]];
    case 2:
      return [draw.of([1, 58]), [draw.of([0, 8, 128, 135]), draw.below(3), ...draw.bytes(8)]];
    case 3:
      return [draw.of([2, 9, 50, 59, 88, 89, 103, 112]), draw.bytes(12)];
    case 4:
    case 5:
    case 6:
      return depth < 3 ? [17, tunnel(draw, depth + 1)] : [17, [...portPair, ...draw.bytes(12)]];
    default:
      return [17, [...portPair, ...half(20), 0, 0, ...draw.bytes(12)]];
  }
}

/** UDP with Geneve or VXLAN in it. */
function tunnel(draw: Draw, depth: number): number[] {
  const vni = draw.of([5, 10, 100]);
  if (draw.below(2) === 0) {
    const flags = draw.of([0x08, 0x08, 0x00]);
    return [
      ...half(49152),
      ...half(4789),
      0,
      0,
      0,
      0,
      flags,
      0,
      0,
      0,
      0,
      ...half(vni),
      0,
      ...frame(draw, depth),
    ];
  }
  const options = draw.below(3);
  const [type, bytes]: Payload = draw.below(2) === 0 ? [0x6558, frame(draw, depth)] : network(draw, depth);
  const version = draw.of([0, 0, 0, 0x40]);
  const header = [version | options, 0, ...half(type), 0, ...half(vni), 0, ...draw.bytes(4 * options)];
  return [...half(49152), ...half(6081), 0, 0, 0, 0, ...header, ...bytes];
}

function llcFrame(draw: Draw): number[] {
  const organisation = draw.of([
    [0, 0, 0],
    [0x08, 0, 0x07],
  ]);
  return draw.of([
    () => [
      0xaa,
      0xaa,
      3,
      ...organisation,
      ...half(draw.of([0x0800, 0x809b, 0x80f3, 0x8137])),
      ...draw.bytes(30),
    ],
    () => [0xe0, 0xe0, 3, ...draw.bytes(30)],
    () => [0xff, 0xff, ...draw.bytes(30)],
    () => [0x42, 0x42, 3, ...draw.bytes(35)],
    () => [0x06, 0x06, 3, ...ipv4(draw, 2)],
    () => [0xf0, 0xf0, draw.of([0x03, 0x01, 0x05, 0x09, 0x00, 0x7f]), ...draw.bytes(10)],
    () => [0xfe, 0xfe, 3, draw.of([0x81, 0x82]), ...draw.bytes(30)],
    () => [0xfe, 0xfe, 3, 0x83, 27, 1, 0, draw.of([15, 16, 17, 18, 20, 24, 25, 26, 27]), ...draw.bytes(20)],
    () => [
      0x04,
      0x04,
      draw.of([0x03, 0x63, 0x43, 0x0f, 0x6f, 0xe3, 0xaf, 0x87, 0x01, 0x05, 0x09, 0x20]) | draw.of([0, 0x10]),
      0,
    ],
  ])();
}
