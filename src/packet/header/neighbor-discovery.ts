import { formatIpv6, parseIpv6 } from "../address/ipv6-address.js";
import { formatMac, parseMac } from "../address/mac-address.js";
import { ICMP_HEADER } from "./icmp.js";
import { Icmpv6Type } from "./icmpv6.js";

/** An option of a neighbour discovery message, RFC 4861 §4.6. */
export type NeighborOption =
  | { type: "source-link-layer-address"; mac: string }
  | { type: "target-link-layer-address"; mac: string }
  | { type: "mtu"; mtu: number }
  | {
      type: "prefix";
      prefix: string;
      prefixLength: number;
      onLink: boolean;
      autonomous: boolean;
      /** Seconds; 4,294,967,295 is for ever. */
      validLifetime: number;
      preferredLifetime: number;
    }
  | { type: number; data: Uint8Array };

/** What follows the ICMPv6 header of a neighbour discovery message. */
export interface NeighborDiscovery {
  /** Of solicitations, advertisements and redirects. */
  target?: string;
  /** Of redirects. */
  destination?: string;
  /** Of router advertisements, milliseconds. */
  reachableTime?: number;
  retransmitTimer?: number;
  options: NeighborOption[];
}

/** Bytes of addresses or times between the ICMPv6 header and the options. */
function fixedLength(type: number): number | undefined {
  switch (type) {
    case Icmpv6Type.RouterSolicitation:
      return 0;
    case Icmpv6Type.RouterAdvertisement:
      return 8;
    case Icmpv6Type.NeighborSolicitation:
    case Icmpv6Type.NeighborAdvertisement:
      return 16;
    case Icmpv6Type.Redirect:
      return 32;
    default:
      return undefined;
  }
}

/**
 * The neighbour discovery message whose ICMPv6 header is at `at`; undefined where it is of another
 * type, is cut, or has an option that claims no length or too much (RFC 4861 §4.6: to be discarded).
 */
export function parseNeighborDiscovery(
  bytes: Uint8Array,
  at: number,
  end = bytes.length,
): NeighborDiscovery | undefined {
  const fixed = end - at < ICMP_HEADER ? undefined : fixedLength(bytes[at]);
  if (fixed === undefined || end - at < ICMP_HEADER + fixed) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = at + ICMP_HEADER;
  const message: NeighborDiscovery = { options: [] };
  if (fixed >= 16) message.target = formatIpv6(bytes, body);
  if (fixed === 32) message.destination = formatIpv6(bytes, body + 16);
  if (fixed === 8) {
    message.reachableTime = view.getUint32(body);
    message.retransmitTimer = view.getUint32(body + 4);
  }
  for (let option = body + fixed; option < end; ) {
    const length = end - option < 8 ? 0 : bytes[option + 1] * 8;
    if (length === 0 || length > end - option) return undefined;
    message.options.push(parseOption(bytes, view, option, length));
    option += length;
  }
  return message;
}

function parseOption(bytes: Uint8Array, view: DataView, at: number, length: number): NeighborOption {
  const type = bytes[at];
  if (type === 1 && length === 8) return { type: "source-link-layer-address", mac: formatMac(bytes, at + 2) };
  if (type === 2 && length === 8) return { type: "target-link-layer-address", mac: formatMac(bytes, at + 2) };
  if (type === 5 && length === 8) return { type: "mtu", mtu: view.getUint32(at + 4) };
  if (type === 3 && length === 32) {
    return {
      type: "prefix",
      prefix: formatIpv6(bytes, at + 16),
      prefixLength: bytes[at + 2],
      onLink: (bytes[at + 3] & 0x80) !== 0,
      autonomous: (bytes[at + 3] & 0x40) !== 0,
      validLifetime: view.getUint32(at + 4),
      preferredLifetime: view.getUint32(at + 8),
    };
  }
  return { type, data: bytes.slice(at + 2, at + length) };
}

/**
 * The body of a neighbour discovery message, to follow an `icmpv6({ type, rest })`: target and
 * destination addresses, times, options. Throws RangeError for an option whose data is not 6 modulo 8
 * bytes long.
 */
export function neighborDiscovery(message: Partial<NeighborDiscovery>): Uint8Array {
  const u32 = (value: number): number[] => [
    value >>> 24,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  ];
  const bytes: number[] = [];
  if (message.target !== undefined) bytes.push(...parseIpv6(message.target));
  if (message.destination !== undefined) bytes.push(...parseIpv6(message.destination));
  if (message.reachableTime !== undefined || message.retransmitTimer !== undefined) {
    bytes.push(...u32(message.reachableTime ?? 0), ...u32(message.retransmitTimer ?? 0));
  }
  for (const option of message.options ?? []) {
    switch (option.type) {
      case "source-link-layer-address":
      case "target-link-layer-address":
        bytes.push(option.type === "source-link-layer-address" ? 1 : 2, 1, ...parseMac(option.mac));
        break;
      case "mtu":
        bytes.push(5, 1, 0, 0, ...u32(option.mtu));
        break;
      case "prefix": {
        const flags = (option.onLink ? 0x80 : 0) | (option.autonomous ? 0x40 : 0);
        bytes.push(3, 4, option.prefixLength, flags, ...u32(option.validLifetime));
        bytes.push(...u32(option.preferredLifetime), 0, 0, 0, 0, ...parseIpv6(option.prefix));
        break;
      }
      default: {
        if (option.data.length % 8 !== 6) {
          throw new RangeError(
            `${option.data.length} bytes of option data: 2 less than a multiple of 8 are needed`,
          );
        }
        bytes.push(option.type, (option.data.length + 2) / 8, ...option.data);
      }
    }
  }
  return Uint8Array.from(bytes);
}
