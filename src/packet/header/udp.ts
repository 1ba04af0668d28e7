import { internetChecksum } from "../checksum/internet-checksum.js";
import { pseudoHeaderSum } from "../checksum/pseudo-header.js";
import { IpProtocol } from "../ip-protocol.js";
import { field, type Layer } from "../layer.js";

export const UDP_HEADER = 8;

/** A UDP header, RFC 768. */
export interface UdpHeader {
  sourcePort: number;
  destinationPort: number;
  /** Bytes of header and payload, as the header claims. */
  length: number;
  /** 0 means that there is none. */
  checksum: number;
}

/** The header at `at`, or undefined where the bytes end before it does. */
export function parseUdp(bytes: Uint8Array, at: number, end = bytes.length): UdpHeader | undefined {
  if (end - at < UDP_HEADER) return undefined;
  const u16 = (offset: number): number => (bytes[at + offset] << 8) | bytes[at + offset + 1];
  return { sourcePort: u16(0), destinationPort: u16(2), length: u16(4), checksum: u16(6) };
}

/** A UDP header to build; from port 1024 to port 9 (discard) unless told otherwise or VXLAN or Geneve follows. */
export function udp(fields: Partial<UdpHeader> = {}): Layer {
  return {
    size: UDP_HEADER,
    ipProtocol: IpProtocol.Udp,
    write: ({ bytes, view, at, end, above, pseudoHeader }) => {
      view.setUint16(at, field("sourcePort", fields.sourcePort ?? 1024, 16));
      view.setUint16(at + 2, field("destinationPort", fields.destinationPort ?? above?.udpPort ?? 9, 16));
      view.setUint16(at + 4, field("length", fields.length ?? end - at, 16));
      const sum = pseudoHeader === undefined ? 0 : pseudoHeaderSum(pseudoHeader, IpProtocol.Udp, end - at);
      // RFC 768: a checksum that comes out as zero is sent as its other form, all ones.
      const checksum = fields.checksum ?? (internetChecksum(bytes, at, end, sum) || 0xffff);
      view.setUint16(at + 6, field("checksum", checksum, 16));
    },
  };
}
