import { EtherType } from "../../ether-type.js";
import type { Direction } from "../language/expression.js";
import type { Protocol } from "../language/keyword.js";
import { FilterEtherType } from "../names/link-protocol-name.js";
import { and, compare, equals, maskedEquals, or, type Predicate } from "../program/predicate.js";
import type { Value } from "../program/value.js";
import type { FilterContext } from "./filter-context.js";
import { bytesEqual, hasLinkHeader, linkProtocol } from "./link-test.js";

/** Offsets of source and destination in their headers: RFC 791, RFC 826 (of IPv4 over Ethernet), RFC 8200. */
const IPV4_ADDRESSES = { src: 12, dst: 16 };
const ARP_ADDRESSES = { src: 14, dst: 24 };
const IPV6_ADDRESSES = { src: 8, dst: 24 };
const ETHERNET_ADDRESSES = { src: 6, dst: 0 };

/** A test of source, of destination, or of both, as the direction says. */
export function inDirection(
  direction: Direction | undefined,
  test: (side: "src" | "dst") => Predicate,
): Predicate {
  switch (direction) {
    case "src":
    case "dst":
      return test(direction);
    case "src and dst":
      return and(test("src"), test("dst"));
    default:
      return or(test("src"), test("dst"));
  }
}

/** `[PROTOCOL] [DIRECTION] host|net` with an IPv4 address, of which the bits of `mask` count. */
export function ipv4Host(
  context: FilterContext,
  protocol: Protocol | undefined,
  direction: Direction | undefined,
  address: number,
  mask: number,
): Predicate {
  const test = (type: number, offsets: { src: number; dst: number }): Predicate => {
    const link = linkProtocol(context, type);
    if (mask === 0) return link;
    const field = (side: "src" | "dst"): Value => context.load("network header", offsets[side], 4);
    return and(
      link,
      inDirection(direction, (side) => maskedEquals(context.values, field(side), mask, address)),
    );
  };
  switch (protocol) {
    case undefined: {
      const ip = test(EtherType.Ipv4, IPV4_ADDRESSES);
      // Behind MPLS there is nothing to tell ARP by.
      if (context.mplsLabels > 0) return ip;
      return or(ip, test(EtherType.Arp, ARP_ADDRESSES), test(EtherType.ReverseArp, ARP_ADDRESSES));
    }
    case "ip":
      return test(EtherType.Ipv4, IPV4_ADDRESSES);
    case "arp":
      return test(EtherType.Arp, ARP_ADDRESSES);
    case "rarp":
      return test(EtherType.ReverseArp, ARP_ADDRESSES);
    default:
      return context.refuse(`"${protocol}" has no IPv4 addresses: ip, arp and rarp have`);
  }
}

/** `[ip6] [DIRECTION] host|net` with an IPv6 address of 16 bytes and the length of its prefix in bits. */
export function ipv6Host(
  context: FilterContext,
  protocol: Protocol | undefined,
  direction: Direction | undefined,
  address: Uint8Array,
  prefix: number,
): Predicate {
  if (protocol !== undefined && protocol !== "ip6") {
    return context.refuse(`"${protocol}" has no IPv6 addresses: ip6 has`);
  }
  const link = linkProtocol(context, EtherType.Ipv6);
  // Words that lie behind the prefix are not looked at, and need not have been captured.
  const words = [0, 4, 8, 12].filter((at) => at * 8 < prefix);
  if (words.length === 0) return link;
  const view = new DataView(address.buffer, address.byteOffset);
  const wordTest = (side: "src" | "dst", at: number): Predicate => {
    const word = context.load("network header", IPV6_ADDRESSES[side] + at, 4);
    return maskedEquals(context.values, word, prefixMask(prefix - at * 8), view.getUint32(at));
  };
  return and(
    link,
    inDirection(direction, (side) => and(...words.map((at) => wordTest(side, at)))),
  );
}

/** The mask of a prefix; more than 32 bits count as 32. */
export function prefixMask(length: number): number {
  return length === 0 ? 0 : length >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - length)) >>> 0;
}

/** `ether [DIRECTION] host` with the six bytes of an address. */
export function etherHost(
  context: FilterContext,
  direction: Direction | undefined,
  address: Uint8Array,
): Predicate {
  return withLinkHeader(
    context,
    inDirection(direction, (side) => bytesEqual(context, "link header", ETHERNET_ADDRESSES[side], address)),
  );
}

function withLinkHeader(context: FilterContext, test: Predicate): Predicate {
  if (context.linkType !== "ethernet") return context.refuse("behind pppoes there are no Ethernet addresses");
  const check = hasLinkHeader(context);
  return check === undefined ? test : and(check, test);
}

/**
 * `decnet [DIRECTION] host` with an address of 16 bits: area in the upper 6, node in the lower 10.
 * A header of DECnet phase IV is behind two bytes of length and perhaps a byte of padding, and long or
 * short by the bits of its flags; addresses are in little-endian order.
 */
export function decnetHost(
  context: FilterContext,
  direction: Direction | undefined,
  address: number,
): Predicate {
  const { values } = context;
  const swapped = ((address & 0xff) << 8) | ((address >>> 8) & 0xff);
  const at = (offset: number): Predicate =>
    equals(values, context.load("network header", offset, 2), swapped);
  const flags = (value: number): Predicate =>
    maskedEquals(values, context.load("network header", 2, 1), 0x07, value);
  // A first byte of 0x81 says that it is the only byte of padding.
  const paddedFlags = (value: number): Predicate =>
    maskedEquals(values, context.load("network header", 2, 2), 0xff07, 0x8100 | value);
  return inDirection(direction, (side) => {
    const [long, short] = side === "src" ? [15, 3] : [7, 1];
    return and(
      linkProtocol(context, FilterEtherType.DecNet),
      or(
        and(flags(0x02), at(2 + short)),
        and(paddedFlags(0x02), at(3 + short)),
        and(flags(0x06), at(2 + long)),
        and(paddedFlags(0x06), at(3 + long)),
      ),
    );
  });
}

/** `[PROTOCOL] broadcast`. */
export function broadcast(context: FilterContext, protocol: Protocol | undefined): Predicate {
  switch (protocol) {
    case undefined:
    case "ether":
      return etherHost(context, "dst", new Uint8Array(6).fill(0xff));
    case "ip": {
      const hostBits = ~context.netmask >>> 0;
      const destination = context.load("network header", IPV4_ADDRESSES.dst, 4);
      return and(
        linkProtocol(context, EtherType.Ipv4),
        or(
          maskedEquals(context.values, destination, hostBits, 0),
          maskedEquals(context.values, destination, hostBits, hostBits),
        ),
      );
    }
    default:
      return context.refuse(`"${protocol}" has no broadcast address: ether and ip have`);
  }
}

/** `[PROTOCOL] multicast`. */
export function multicast(context: FilterContext, protocol: Protocol | undefined): Predicate {
  const { values } = context;
  switch (protocol) {
    case undefined:
    case "ether":
      return withLinkHeader(context, compare("set", context.load("link header", 0, 1), values.number(1)));
    case "ip":
      // 224.0.0.0/4 as libpcap 1.10.6 has it; before, it took what lies above for multicast too.
      return and(
        linkProtocol(context, EtherType.Ipv4),
        maskedEquals(values, context.load("network header", IPV4_ADDRESSES.dst, 1), 0xf0, 0xe0),
      );
    case "ip6":
      return and(
        linkProtocol(context, EtherType.Ipv6),
        equals(values, context.load("network header", IPV6_ADDRESSES.dst, 1), 0xff),
      );
    default:
      return context.refuse(`"${protocol}" has no multicast addresses: ether, ip and ip6 have`);
  }
}
