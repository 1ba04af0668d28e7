import { parseIpv4 } from "../address/ipv4-address.js";
import { parseIpv6 } from "../address/ipv6-address.js";
import { type DissectedLayer, type Dissection, dissect } from "../dissect.js";
import { IpProtocol } from "../ip-protocol.js";
import { crc32c } from "./crc32c.js";
import { internetChecksum } from "./internet-checksum.js";
import { type PseudoHeader, pseudoHeaderSum } from "./pseudo-header.js";

/**
 * What a checksum says of the bytes that it covers: "absent" where the sender left it out,
 * "unverifiable" where not all that it covers is here (a fragment, a packet that was cut).
 */
export type ChecksumVerdict = "good" | "bad" | "absent" | "unverifiable";

export interface ChecksumReport {
  /** The header that has the checksum, and where it starts. */
  layer: "ipv4" | "tcp" | "udp" | "icmp" | "icmpv6" | "sctp" | "gre";
  at: number;
  verdict: ChecksumVerdict;
}

/** What is known of the IP packet that carries a checksum. */
interface Carrier {
  pseudoHeader: PseudoHeader;
  isIpv6: boolean;
  isWhole: boolean;
}

/** Checks every checksum of an Ethernet frame, outermost first, tunnelled packets included. */
export function verifyChecksums(
  frame: Uint8Array,
  dissection: Dissection = dissect(frame),
): ChecksumReport[] {
  const reports: ChecksumReport[] = [];
  let carrier: Carrier | undefined;
  for (const layer of dissection.layers) {
    carrier = carrierOf(layer, carrier);
    const verdict = verdictOf(frame, layer, carrier);
    if (verdict !== undefined) reports.push(verdict);
  }
  return reports;
}

function carrierOf(layer: DissectedLayer, before: Carrier | undefined): Carrier | undefined {
  switch (layer.name) {
    case "ipv4": {
      const { source, destination, moreFragments, fragmentOffset, totalLength } = layer.header;
      return {
        pseudoHeader: { source: parseIpv4(source), destination: parseIpv4(destination) },
        isIpv6: false,
        isWhole: !moreFragments && fragmentOffset === 0 && layer.end - layer.at >= totalLength,
      };
    }
    case "ipv6": {
      const { source, destination, payloadLength } = layer.header;
      return {
        pseudoHeader: { source: parseIpv6(source), destination: parseIpv6(destination) },
        isIpv6: true,
        isWhole: layer.end - layer.payloadAt >= payloadLength,
      };
    }
    case "ipv6-extensions": {
      if (before === undefined) return undefined;
      const { fragment, finalDestination } = layer.header;
      const isFragment = fragment !== undefined && (fragment.moreFragments || fragment.fragmentOffset !== 0);
      const destination = finalDestination ?? before.pseudoHeader.destination;
      return {
        ...before,
        pseudoHeader: { source: before.pseudoHeader.source, destination },
        isWhole: before.isWhole && !isFragment,
      };
    }
    default:
      return before;
  }
}

function verdictOf(
  frame: Uint8Array,
  layer: DissectedLayer,
  carrier: Carrier | undefined,
): ChecksumReport | undefined {
  const { name, at, end, payloadAt } = layer;
  // Verified over the checksum itself, a right sum comes out as zero (RFC 1071 §1).
  const good = (checksum: number): ChecksumVerdict => (checksum === 0 ? "good" : "bad");
  if (name === "ipv4") return { layer: name, at, verdict: good(internetChecksum(frame, at, payloadAt)) };
  if (carrier === undefined) return undefined;
  const whole = (check: () => ChecksumVerdict): ChecksumVerdict =>
    carrier.isWhole ? check() : "unverifiable";
  const transport = (protocol: number, length = end - at): ChecksumVerdict =>
    good(internetChecksum(frame, at, at + length, pseudoHeaderSum(carrier.pseudoHeader, protocol, length)));
  switch (name) {
    case "tcp":
      return { layer: name, at, verdict: whole(() => transport(IpProtocol.Tcp)) };
    case "icmpv6":
      return { layer: name, at, verdict: whole(() => transport(IpProtocol.Icmpv6)) };
    case "icmp":
      return { layer: name, at, verdict: whole(() => good(internetChecksum(frame, at, end))) };
    case "sctp":
      return {
        layer: name,
        at,
        verdict: whole(() => (crc32c(frame, at, end, at + 8) === layer.header.checksum ? "good" : "bad")),
      };
    case "gre":
      if (layer.header.checksum === undefined) return { layer: name, at, verdict: "absent" };
      return { layer: name, at, verdict: whole(() => good(internetChecksum(frame, at, end))) };
    case "udp": {
      const { checksum, length } = layer.header;
      // RFC 768: zero means none; RFC 8200 §8.1: IPv6 does not allow none.
      if (checksum === 0) return { layer: name, at, verdict: carrier.isIpv6 ? "bad" : "absent" };
      const isCut = length > end - at || length < 8;
      return {
        layer: name,
        at,
        verdict: whole(() => (isCut ? "unverifiable" : transport(IpProtocol.Udp, length))),
      };
    }
    default:
      return undefined;
  }
}
