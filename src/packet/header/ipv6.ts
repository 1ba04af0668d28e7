import { formatIpv6, parseIpv6 } from "../address/ipv6-address.js";
import { EtherType } from "../ether-type.js";
import { IpProtocol } from "../ip-protocol.js";
import { field, type Layer } from "../layer.js";

export const IPV6_HEADER = 40;

/** An IPv6 header, RFC 8200 §3. */
export interface Ipv6Header {
  /** 6 in every real packet. */
  version: number;
  trafficClass: number;
  flowLabel: number;
  /** Bytes behind this header, as it claims; extension headers count. */
  payloadLength: number;
  nextHeader: number;
  hopLimit: number;
  source: string;
  destination: string;
}

/** The header at `at`; undefined where it is cut or is not version 6. */
export function parseIpv6Header(bytes: Uint8Array, at: number, end = bytes.length): Ipv6Header | undefined {
  if (end - at < IPV6_HEADER || bytes[at] >>> 4 !== 6) return undefined;
  return {
    version: 6,
    trafficClass: ((bytes[at] & 15) << 4) | (bytes[at + 1] >>> 4),
    flowLabel: ((bytes[at + 1] & 15) << 16) | (bytes[at + 2] << 8) | bytes[at + 3],
    payloadLength: (bytes[at + 4] << 8) | bytes[at + 5],
    nextHeader: bytes[at + 6],
    hopLimit: bytes[at + 7],
    source: formatIpv6(bytes, at + 8),
    destination: formatIpv6(bytes, at + 24),
  };
}

/** An IPv6 header to build; from fd00::1 to fd00::2, hop limit 64, unless told otherwise. */
export function ipv6(fields: Partial<Ipv6Header> = {}): Layer {
  const source = parseIpv6(fields.source ?? "fd00::1");
  const destination = parseIpv6(fields.destination ?? "fd00::2");
  return {
    size: IPV6_HEADER,
    etherType: EtherType.Ipv6,
    ipProtocol: IpProtocol.Ipv6,
    pseudoHeader: () => ({ source, destination }),
    write: ({ bytes, view, at, end, above }) => {
      const version = field("version", fields.version ?? 6, 4);
      const trafficClass = field("trafficClass", fields.trafficClass ?? 0, 8);
      const flowLabel = field("flowLabel", fields.flowLabel ?? 0, 20);
      view.setUint32(at, version * 0x1000_0000 + trafficClass * 0x10_0000 + flowLabel);
      view.setUint16(at + 4, field("payloadLength", fields.payloadLength ?? end - at - IPV6_HEADER, 16));
      const next = fields.nextHeader ?? (above === undefined ? IpProtocol.NoNext : above.ipProtocol);
      view.setUint8(at + 6, field("nextHeader", next ?? IpProtocol.Experiment, 8));
      view.setUint8(at + 7, field("hopLimit", fields.hopLimit ?? 64, 8));
      bytes.set(source, at + 8);
      bytes.set(destination, at + 24);
    },
  };
}
