import { crc32c } from "../checksum/crc32c.js";
import { IpProtocol } from "../ip-protocol.js";
import { field, type Layer } from "../layer.js";

export const SCTP_HEADER = 12;

/** The common header of SCTP, RFC 9260 §3.1; chunks follow as payload. */
export interface SctpHeader {
  sourcePort: number;
  destinationPort: number;
  verificationTag: number;
  /** CRC32c, which stands in the header low byte first. */
  checksum: number;
}

/** The header at `at`, or undefined where the bytes end before it does. */
export function parseSctp(bytes: Uint8Array, at: number, end = bytes.length): SctpHeader | undefined {
  if (end - at < SCTP_HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, SCTP_HEADER);
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    verificationTag: view.getUint32(4),
    checksum: view.getUint32(8, true),
  };
}

/** An SCTP header to build. */
export function sctp(fields: Partial<SctpHeader> = {}): Layer {
  return {
    size: SCTP_HEADER,
    ipProtocol: IpProtocol.Sctp,
    write: ({ bytes, view, at, end }) => {
      view.setUint16(at, field("sourcePort", fields.sourcePort ?? 1024, 16));
      view.setUint16(at + 2, field("destinationPort", fields.destinationPort ?? 9, 16));
      view.setUint32(at + 4, field("verificationTag", fields.verificationTag ?? 0, 32));
      view.setUint32(at + 8, field("checksum", fields.checksum ?? crc32c(bytes, at, end), 32), true);
    },
  };
}
