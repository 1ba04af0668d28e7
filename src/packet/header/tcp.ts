import { internetChecksum } from "../checksum/internet-checksum.js";
import { pseudoHeaderSum } from "../checksum/pseudo-header.js";
import { IpProtocol } from "../ip-protocol.js";
import { field, type Layer } from "../layer.js";
import { parseTcpOptions, type TcpOption, tcpOptions } from "./tcp-options.js";

/** Bytes of a TCP header without options. */
export const TCP_HEADER = 20;

export const TcpFlag = {
  Fin: 0x001,
  Syn: 0x002,
  Rst: 0x004,
  Psh: 0x008,
  Ack: 0x010,
  Urg: 0x020,
  Ece: 0x040,
  Cwr: 0x080,
  /** Accurate ECN (RFC 9768); the nonce sum of RFC 3540 before. */
  Ae: 0x100,
} as const;

/** A TCP header, RFC 9293 §3.1. */
export interface TcpHeader {
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgment: number;
  /** Bytes, options included: 20 to 60. */
  headerLength: number;
  /** TcpFlag bits; the three reserved bits above them too. */
  flags: number;
  window: number;
  checksum: number;
  urgentPointer: number;
  /** Undefined where an option is cut or claims an impossible length. */
  options: TcpOption[] | undefined;
}

/** The header at `at`; undefined where it is cut or claims less than 20 bytes. */
export function parseTcp(bytes: Uint8Array, at: number, end = bytes.length): TcpHeader | undefined {
  if (end - at < TCP_HEADER) return undefined;
  const headerLength = (bytes[at + 12] >>> 4) * 4;
  if (headerLength < TCP_HEADER || end - at < headerLength) return undefined;
  const u16 = (offset: number): number => (bytes[at + offset] << 8) | bytes[at + offset + 1];
  const u32 = (offset: number): number => u16(offset) * 65536 + u16(offset + 2);
  return {
    sourcePort: u16(0),
    destinationPort: u16(2),
    sequence: u32(4),
    acknowledgment: u32(8),
    headerLength,
    flags: u16(12) & 0xfff,
    window: u16(14),
    checksum: u16(16),
    urgentPointer: u16(18),
    options: parseTcpOptions(bytes, at + TCP_HEADER, at + headerLength),
  };
}

/**
 * A TCP header to build; a SYN from port 1024 to port 80 unless told otherwise. Options may be given as
 * a list or as bytes, which are padded with zeroes to a multiple of 4.
 */
export function tcp(
  fields: Partial<Omit<TcpHeader, "options">> & { options?: readonly TcpOption[] | Uint8Array } = {},
): Layer {
  const { options = [] } = fields;
  const optionBytes = options instanceof Uint8Array ? options : tcpOptions(options);
  const size = TCP_HEADER + Math.ceil(optionBytes.length / 4) * 4;
  if (size > 60) throw new RangeError(`${optionBytes.length} bytes of TCP options: there is room for 40`);
  return {
    size,
    ipProtocol: IpProtocol.Tcp,
    write: ({ bytes, view, at, end, pseudoHeader }) => {
      view.setUint16(at, field("sourcePort", fields.sourcePort ?? 1024, 16));
      view.setUint16(at + 2, field("destinationPort", fields.destinationPort ?? 80, 16));
      view.setUint32(at + 4, field("sequence", fields.sequence ?? 0, 32));
      view.setUint32(at + 8, field("acknowledgment", fields.acknowledgment ?? 0, 32));
      const headerLength = fields.headerLength ?? size;
      if (headerLength % 4 !== 0)
        throw new RangeError(`headerLength is ${headerLength}, which is no multiple of 4`);
      const offset = field("headerLength", headerLength / 4, 4) << 12;
      view.setUint16(at + 12, offset | field("flags", fields.flags ?? TcpFlag.Syn, 12));
      view.setUint16(at + 14, field("window", fields.window ?? 65535, 16));
      view.setUint16(at + 18, field("urgentPointer", fields.urgentPointer ?? 0, 16));
      bytes.set(optionBytes, at + TCP_HEADER);
      const sum = pseudoHeader === undefined ? 0 : pseudoHeaderSum(pseudoHeader, IpProtocol.Tcp, end - at);
      view.setUint16(
        at + 16,
        field("checksum", fields.checksum ?? internetChecksum(bytes, at, end, sum), 16),
      );
    },
  };
}
