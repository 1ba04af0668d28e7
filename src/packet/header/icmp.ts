import { internetChecksum } from "../checksum/internet-checksum.js";
import { IpProtocol } from "../ip-protocol.js";
import { field, type Layer } from "../layer.js";

export const ICMP_HEADER = 8;

export const IcmpType = {
  EchoReply: 0,
  Unreachable: 3,
  SourceQuench: 4,
  Redirect: 5,
  Echo: 8,
  RouterAdvertisement: 9,
  RouterSolicitation: 10,
  TimeExceeded: 11,
  ParameterProblem: 12,
  Timestamp: 13,
  TimestampReply: 14,
} as const;

/** The eight bytes that every ICMP message of RFC 792 starts with. */
export interface IcmpHeader {
  type: number;
  code: number;
  checksum: number;
  /** The second four bytes, whose meaning the type decides: of an echo, identifier and sequence number. */
  rest: number;
}

/** The header at `at`, or undefined where the bytes end before it does. */
export function parseIcmp(bytes: Uint8Array, at: number, end = bytes.length): IcmpHeader | undefined {
  if (end - at < ICMP_HEADER) return undefined;
  return {
    type: bytes[at],
    code: bytes[at + 1],
    checksum: (bytes[at + 2] << 8) | bytes[at + 3],
    rest: ((bytes[at + 4] << 24) | (bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7]) >>> 0,
  };
}

/** An ICMP header to build; an echo request unless told otherwise. */
export function icmp(fields: Partial<IcmpHeader> = {}): Layer {
  return {
    size: ICMP_HEADER,
    ipProtocol: IpProtocol.Icmp,
    write: ({ bytes, view, at, end }) => {
      view.setUint8(at, field("type", fields.type ?? IcmpType.Echo, 8));
      view.setUint8(at + 1, field("code", fields.code ?? 0, 8));
      view.setUint32(at + 4, field("rest", fields.rest ?? 0, 32));
      view.setUint16(at + 2, field("checksum", fields.checksum ?? internetChecksum(bytes, at, end), 16));
    },
  };
}

/** An echo request, or its reply. */
export function icmpEcho(fields: { reply?: boolean; identifier?: number; sequence?: number } = {}): Layer {
  return icmp({ type: fields.reply === true ? IcmpType.EchoReply : IcmpType.Echo, rest: echoRest(fields) });
}

/** Identifier and sequence number of an echo, as the second four bytes of ICMP and ICMPv6. */
export function echoRest({
  identifier = 1,
  sequence = 1,
}: {
  identifier?: number;
  sequence?: number;
}): number {
  return field("identifier", identifier, 16) * 65536 + field("sequence", sequence, 16);
}
