import { internetChecksum } from "../checksum/internet-checksum.js";
import { pseudoHeaderSum } from "../checksum/pseudo-header.js";
import { IpProtocol } from "../ip-protocol.js";
import { field, type Layer } from "../layer.js";
import { echoRest, ICMP_HEADER, type IcmpHeader, parseIcmp } from "./icmp.js";

export const Icmpv6Type = {
  Unreachable: 1,
  PacketTooBig: 2,
  TimeExceeded: 3,
  ParameterProblem: 4,
  Echo: 128,
  EchoReply: 129,
  RouterSolicitation: 133,
  RouterAdvertisement: 134,
  NeighborSolicitation: 135,
  NeighborAdvertisement: 136,
  Redirect: 137,
} as const;

/** The same eight bytes as ICMP's (RFC 4443 §2.1 has four; every message defined has eight). */
export type Icmpv6Header = IcmpHeader;

/** The header at `at`, or undefined where the bytes end before it does. */
export const parseIcmpv6: (bytes: Uint8Array, at: number, end?: number) => Icmpv6Header | undefined =
  parseIcmp;

/** An ICMPv6 header to build; an echo request unless told otherwise. Its checksum needs an `ipv6()` below. */
export function icmpv6(fields: Partial<Icmpv6Header> = {}): Layer {
  return {
    size: ICMP_HEADER,
    ipProtocol: IpProtocol.Icmpv6,
    write: ({ bytes, view, at, end, pseudoHeader }) => {
      view.setUint8(at, field("type", fields.type ?? Icmpv6Type.Echo, 8));
      view.setUint8(at + 1, field("code", fields.code ?? 0, 8));
      view.setUint32(at + 4, field("rest", fields.rest ?? 0, 32));
      const sum = pseudoHeader === undefined ? 0 : pseudoHeaderSum(pseudoHeader, IpProtocol.Icmpv6, end - at);
      view.setUint16(at + 2, field("checksum", fields.checksum ?? internetChecksum(bytes, at, end, sum), 16));
    },
  };
}

/** An echo request, or its reply. */
export function icmpv6Echo(fields: { reply?: boolean; identifier?: number; sequence?: number } = {}): Layer {
  return icmpv6({
    type: fields.reply === true ? Icmpv6Type.EchoReply : Icmpv6Type.Echo,
    rest: echoRest(fields),
  });
}
