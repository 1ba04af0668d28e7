import { formatIpv4, parseIpv4 } from "../address/ipv4-address.js";
import { internetChecksum } from "../checksum/internet-checksum.js";
import { EtherType } from "../ether-type.js";
import { IpProtocol } from "../ip-protocol.js";
import { field, type Layer } from "../layer.js";

/** Bytes of an IPv4 header without options. */
export const IPV4_HEADER = 20;

/** An IPv4 header, RFC 791. */
export interface Ipv4Header {
  /** 4 in every real packet. */
  version: number;
  /** Bytes, options included: 20 to 60. */
  headerLength: number;
  /** Differentiated services code point, 0 to 63. */
  dscp: number;
  /** Explicit congestion notification, 0 to 3. */
  ecn: number;
  /** Bytes of header and payload, as the header claims. */
  totalLength: number;
  identification: number;
  /** The reserved ("evil", RFC 3514) flag. */
  reservedFlag: boolean;
  dontFragment: boolean;
  moreFragments: boolean;
  /** Bytes, a multiple of 8. */
  fragmentOffset: number;
  ttl: number;
  protocol: number;
  checksum: number;
  source: string;
  destination: string;
  /** Option bytes as they are, a multiple of 4. */
  options: Uint8Array;
}

/** The header at `at`; undefined where it is cut, is not version 4 or claims less than 20 bytes. */
export function parseIpv4Header(bytes: Uint8Array, at: number, end = bytes.length): Ipv4Header | undefined {
  if (end - at < IPV4_HEADER) return undefined;
  const version = bytes[at] >>> 4;
  const headerLength = (bytes[at] & 15) * 4;
  if (version !== 4 || headerLength < IPV4_HEADER || end - at < headerLength) return undefined;
  const u16 = (offset: number): number => (bytes[at + offset] << 8) | bytes[at + offset + 1];
  const fragment = u16(6);
  return {
    version,
    headerLength,
    dscp: bytes[at + 1] >>> 2,
    ecn: bytes[at + 1] & 3,
    totalLength: u16(2),
    identification: u16(4),
    reservedFlag: (fragment & 0x8000) !== 0,
    dontFragment: (fragment & 0x4000) !== 0,
    moreFragments: (fragment & 0x2000) !== 0,
    fragmentOffset: (fragment & 0x1fff) * 8,
    ttl: bytes[at + 8],
    protocol: bytes[at + 9],
    checksum: u16(10),
    source: formatIpv4(bytes, at + 12),
    destination: formatIpv4(bytes, at + 16),
    options: bytes.slice(at + IPV4_HEADER, at + headerLength),
  };
}

/**
 * An IPv4 header to build; from 10.0.0.1 to 10.0.0.2, ttl 64, don't fragment, unless told otherwise.
 * Options are padded with zeroes (end of options) to a multiple of 4.
 */
export function ipv4(fields: Partial<Ipv4Header> = {}): Layer {
  const source = parseIpv4(fields.source ?? "10.0.0.1");
  const destination = parseIpv4(fields.destination ?? "10.0.0.2");
  const options = fields.options ?? new Uint8Array(0);
  const size = IPV4_HEADER + Math.ceil(options.length / 4) * 4;
  if (size > 60) throw new RangeError(`${options.length} bytes of IPv4 options: there is room for 40`);
  const { fragmentOffset = 0 } = fields;
  if (fragmentOffset % 8 !== 0) {
    throw new RangeError(`fragmentOffset is ${fragmentOffset}, which is no multiple of 8`);
  }
  return {
    size,
    etherType: EtherType.Ipv4,
    ipProtocol: IpProtocol.Ipv4,
    pseudoHeader: () => ({ source, destination }),
    write: ({ bytes, view, at, end, above }) => {
      const headerLength = fields.headerLength ?? size;
      if (headerLength % 4 !== 0)
        throw new RangeError(`headerLength is ${headerLength}, which is no multiple of 4`);
      view.setUint8(
        at,
        (field("version", fields.version ?? 4, 4) << 4) | field("headerLength", headerLength / 4, 4),
      );
      view.setUint8(at + 1, (field("dscp", fields.dscp ?? 0, 6) << 2) | field("ecn", fields.ecn ?? 0, 2));
      view.setUint16(at + 2, field("totalLength", fields.totalLength ?? end - at, 16));
      view.setUint16(at + 4, field("identification", fields.identification ?? 0, 16));
      const flags =
        (fields.reservedFlag === true ? 0x8000 : 0) |
        ((fields.dontFragment ?? (fragmentOffset === 0 && fields.moreFragments !== true)) ? 0x4000 : 0) |
        (fields.moreFragments === true ? 0x2000 : 0);
      view.setUint16(at + 6, flags | field("fragmentOffset / 8", fragmentOffset / 8, 13));
      view.setUint8(at + 8, field("ttl", fields.ttl ?? 64, 8));
      view.setUint8(
        at + 9,
        field("protocol", fields.protocol ?? above?.ipProtocol ?? IpProtocol.Experiment, 8),
      );
      bytes.set(source, at + 12);
      bytes.set(destination, at + 16);
      bytes.set(options, at + IPV4_HEADER);
      const checksum = fields.checksum ?? internetChecksum(bytes, at, at + size);
      view.setUint16(at + 10, field("checksum", checksum, 16));
    },
  };
}
