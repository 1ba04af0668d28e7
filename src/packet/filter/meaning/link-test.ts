import { EtherType } from "../../ether-type.js";
import { FilterEtherType, LlcSap } from "../names/link-protocol-name.js";
import { and, compare, equals, maskedEquals, not, or, type Predicate } from "../program/predicate.js";
import type { FilterContext, Origin } from "./filter-context.js";

/** The most bytes that the length field of IEEE 802.3 tells; what is more is an EtherType. */
const LARGEST_LENGTH = 1500;

/** PPP's numbers (RFC 1661 §2, IANA) of what is asked for by EtherType or 802.2 service access point. */
const pppProtocols: ReadonlyMap<number, number> = new Map<number, number>([
  [EtherType.Ipv4, 0x0021],
  [LlcSap.IsoNetwork, 0x0023],
  [FilterEtherType.XeroxNs, 0x0025],
  [FilterEtherType.DecNet, 0x0027],
  [FilterEtherType.AppleTalk, 0x0029],
  [LlcSap.Ipx, 0x002b],
  [LlcSap.SpanningTree, 0x0031],
  [EtherType.Ipv6, 0x0057],
]);

/**
 * Does the link layer carry this: an EtherType, or an 802.2 service access point up to 1,500? The
 * order of tests, which says what a packet cut short is rejected by, is libpcap's (gencode.c).
 */
export function linkProtocol(context: FilterContext, protocol: number): Predicate {
  if (context.mplsLabels > 0) return mplsProtocol(context, protocol);
  const { values } = context;
  if (context.linkType === "ppp") {
    return equals(values, context.load("link type", 0, 2), pppProtocols.get(protocol) ?? protocol);
  }
  const type = equals(values, context.load("link type", 0, 2), protocol);
  switch (protocol) {
    case LlcSap.IsoNetwork:
    case LlcSap.Ip:
    case LlcSap.NetBeui:
      // Both access points, the destination's and the source's.
      return and(isLength(context), equals(values, context.load("link payload", 0, 2), protocol * 0x101));
    case LlcSap.Ipx:
      return ipx(context);
    case FilterEtherType.AppleTalk:
      return or(type, and(isLength(context), snap(context, 0x080007, protocol)));
    case FilterEtherType.AppleTalkArp:
      return or(type, and(isLength(context), snap(context, 0, protocol)));
    default:
      if (protocol > LARGEST_LENGTH) return type;
      return and(isLength(context), equals(values, context.load("link type", 2, 1), protocol));
  }
}

/** Is the EtherType a length, so that an LLC header follows? */
function isLength(context: FilterContext): Predicate {
  return not(compare("gt", context.load("link type", 0, 2), context.values.number(LARGEST_LENGTH)));
}

/** IPX has four framings: SNAP, 802.2, "raw" 802.3 of Novell's, and Ethernet II. */
function ipx(context: FilterContext): Predicate {
  const { values } = context;
  return or(
    equals(values, context.load("link type", 0, 2), FilterEtherType.Ipx),
    and(
      isLength(context),
      or(
        snap(context, 0, FilterEtherType.Ipx),
        equals(values, context.load("link payload", 0, 1), LlcSap.Ipx),
        equals(values, context.load("link payload", 0, 2), 0xffff),
      ),
    ),
  );
}

/** LLC and SNAP headers (RFC 1042) of an organisation's protocol. */
function snap(context: FilterContext, organisation: number, protocol: number): Predicate {
  const header = [LlcSap.Snap, LlcSap.Snap, 0x03];
  header.push(organisation >>> 16, (organisation >>> 8) & 0xff, organisation & 0xff);
  header.push(protocol >>> 8, protocol & 0xff);
  return bytesEqual(context, "link payload", 0, header);
}

/** The bytes at a place are these; the last word of four, or two, is looked at first. */
export function bytesEqual(
  context: FilterContext,
  origin: Origin,
  offset: number,
  bytes: ArrayLike<number>,
): Predicate {
  const { values } = context;
  const tests: Predicate[] = [];
  for (let end = bytes.length; end > 0; ) {
    const size = end >= 4 ? 4 : end >= 2 ? 2 : 1;
    end -= size;
    let word = 0;
    for (let i = end; i < end + size; i++) word = word * 256 + bytes[i];
    tests.push(equals(values, context.load(origin, offset + end, size), word));
  }
  return and(...tests);
}

/** Behind labels of MPLS nothing but the version of IP tells what follows the last of them. */
function mplsProtocol(context: FilterContext, protocol: number): Predicate {
  const version = protocol === EtherType.Ipv4 ? 0x40 : protocol === EtherType.Ipv6 ? 0x60 : undefined;
  if (version === undefined) return context.refuse("behind mpls only IPv4 and IPv6 can be told apart");
  const { values } = context;
  return and(
    maskedEquals(values, context.load("network header", -2, 1), 0x01, 0x01),
    maskedEquals(values, context.load("network header", 0, 1), 0xf0, version),
  );
}

/** Types of LLC frames: mask and value of the control field (ISO/IEC 8802-2 §5.4). */
const llcTypes: ReadonlyMap<string, readonly [mask: number, value: number]> = new Map([
  ["i", [0x01, 0x00]],
  ["s", [0x03, 0x01]],
  ["u", [0x03, 0x03]],
  ["rr", [0x0f, 0x01]],
  ["rnr", [0x0f, 0x05]],
  ["rej", [0x0f, 0x09]],
  ["ui", [0xef, 0x03]],
  ["ua", [0xef, 0x63]],
  ["disc", [0xef, 0x43]],
  ["dm", [0xef, 0x0f]],
  ["sabme", [0xef, 0x6f]],
  ["test", [0xef, 0xe3]],
  ["xid", [0xef, 0xaf]],
  ["frmr", [0xef, 0x87]],
]);

/** `llc [TYPE]`: an LLC header, which Novell's raw 802.3 has none of. */
export function llc(context: FilterContext, type: string | undefined): Predicate {
  const { values } = context;
  if (context.linkType !== "ethernet")
    return context.refuse('"llc" is asked behind pppoes: PPP has no LLC header');
  const test = and(isLength(context), not(equals(values, context.load("link payload", 0, 2), 0xffff)));
  if (type === undefined) return test;
  const control = llcTypes.get(type);
  if (control === undefined) {
    return context.refuse(`"${type}" is no type of LLC frame: ${[...llcTypes.keys()].join(", ")} are`);
  }
  const [mask, value] = control;
  return and(test, maskedEquals(values, context.load("link payload", 2, 1), mask, value));
}

/** Within Geneve: is there a link header at all? Undefined where there always is. */
export function hasLinkHeader(context: FilterContext): Predicate | undefined {
  const { linkHeader, payload, mayLackLinkHeader } = context;
  if (!mayLackLinkHeader) return undefined;
  return not(compare("eq", linkHeader.variable!, payload.variable!));
}
