import { EtherType } from "../../ether-type.js";
import { IpProtocol } from "../../ip-protocol.js";
import type { Protocol } from "../language/keyword.js";
import { ipProtocolNumber } from "../names/ip-protocol-name.js";
import {
  FilterEtherType,
  IsoProtocol,
  isoProtocolNumber,
  LlcSap,
  linkProtocolNumber,
} from "../names/link-protocol-name.js";
import { and, equals, or, type Predicate } from "../program/predicate.js";
import type { FilterContext } from "./filter-context.js";
import { linkProtocol } from "./link-test.js";

/** Protocols that the link layer tells apart. */
const linkProtocols = new Map<Protocol, number>([
  ["ip", EtherType.Ipv4],
  ["ip6", EtherType.Ipv6],
  ["arp", EtherType.Arp],
  ["rarp", EtherType.ReverseArp],
  ["atalk", FilterEtherType.AppleTalk],
  ["aarp", FilterEtherType.AppleTalkArp],
  ["decnet", FilterEtherType.DecNet],
  ["lat", FilterEtherType.Lat],
  ["sca", FilterEtherType.Sca],
  ["moprc", FilterEtherType.MopRc],
  ["mopdl", FilterEtherType.MopDl],
  ["iso", LlcSap.IsoNetwork],
  ["stp", LlcSap.SpanningTree],
  ["ipx", LlcSap.Ipx],
  ["netbeui", LlcSap.NetBeui],
]);

/** Protocols by the header that carries them (undefined: IPv4 or IPv6) and the number that they have there. */
const carried = new Map<Protocol, readonly [carrier: "ip" | "ip6" | "iso" | undefined, number: number]>([
  ["tcp", [undefined, IpProtocol.Tcp]],
  ["udp", [undefined, IpProtocol.Udp]],
  ["sctp", [undefined, IpProtocol.Sctp]],
  ["pim", [undefined, IpProtocol.Pim]],
  ["ah", [undefined, IpProtocol.Ah]],
  ["esp", [undefined, IpProtocol.Esp]],
  ["icmp", ["ip", IpProtocol.Icmp]],
  ["igmp", ["ip", IpProtocol.Igmp]],
  ["igrp", ["ip", 9]],
  ["vrrp", ["ip", IpProtocol.Vrrp]],
  // CARP took VRRP's number.
  ["carp", ["ip", IpProtocol.Vrrp]],
  ["icmp6", ["ip6", IpProtocol.Icmpv6]],
  ["clnp", ["iso", IsoProtocol.Clnp]],
  ["esis", ["iso", IsoProtocol.EsIs]],
  ["isis", ["iso", IsoProtocol.IsIs]],
]);

/** Types of IS-IS PDUs (ISO/IEC 10589 §9): hellos on LANs and point to point, link state, sequence numbers. */
const IsisPdu = {
  Hello1: 15,
  Hello2: 16,
  HelloPtp: 17,
  Lsp1: 18,
  Lsp2: 20,
  Csnp1: 24,
  Csnp2: 25,
  Psnp1: 26,
  Psnp2: 27,
};

const isisPdus = new Map<Protocol, readonly number[]>([
  ["l1", [IsisPdu.Hello1, IsisPdu.HelloPtp, IsisPdu.Lsp1, IsisPdu.Csnp1, IsisPdu.Psnp1]],
  ["l2", [IsisPdu.Hello2, IsisPdu.HelloPtp, IsisPdu.Lsp2, IsisPdu.Csnp2, IsisPdu.Psnp2]],
  ["iih", [IsisPdu.Hello1, IsisPdu.Hello2, IsisPdu.HelloPtp]],
  ["lsp", [IsisPdu.Lsp1, IsisPdu.Lsp2]],
  ["snp", [IsisPdu.Csnp1, IsisPdu.Csnp2, IsisPdu.Psnp1, IsisPdu.Psnp2]],
  ["csnp", [IsisPdu.Csnp1, IsisPdu.Csnp2]],
  ["psnp", [IsisPdu.Psnp1, IsisPdu.Psnp2]],
]);

/** A protocol's keyword alone: `tcp`, `arp`, `isis`. */
export function namedProtocol(context: FilterContext, protocol: Protocol): Predicate {
  const link = linkProtocols.get(protocol);
  if (link !== undefined) return linkProtocol(context, link);
  const pdus = isisPdus.get(protocol);
  if (pdus !== undefined) return isisPdu(context, pdus);
  const entry = carried.get(protocol);
  if (entry !== undefined) return protocolNumber(context, entry[0], entry[1]);
  return context.refuse(`"${protocol}" alone says nothing of a packet`);
}

/** `[CARRIER] proto NUMBER`. */
export function protocolNumber(
  context: FilterContext,
  carrier: Protocol | undefined,
  number: number,
): Predicate {
  const { values } = context;
  const largest = carrier === "ether" ? 0xffff : 0xff;
  if (number > largest) return context.refuse(`protocol ${number} is more than ${largest}`);
  const next = (offset: number): Predicate =>
    equals(values, context.load("network header", offset, 1), number);
  switch (carrier) {
    case undefined:
      return or(protocolNumber(context, "ip", number), protocolNumber(context, "ip6", number));
    case "ether":
      return linkProtocol(context, number);
    case "ip":
      return and(linkProtocol(context, EtherType.Ipv4), next(9));
    case "ip6":
      // A fragment header is looked behind, and no other.
      return and(
        linkProtocol(context, EtherType.Ipv6),
        or(next(6), and(equals(values, context.load("network header", 6, 1), IpProtocol.Fragment), next(40))),
      );
    case "iso":
      return and(
        linkProtocol(context, LlcSap.IsoNetwork),
        equals(values, context.load("network header after LLC", 0, 1), number),
      );
    case "isis":
      return isisPdu(context, [number]);
    default:
      return context.refuse(`"${carrier}" carries no protocol by number: ether, ip, ip6, iso and isis do`);
  }
}

function isisPdu(context: FilterContext, types: readonly number[]): Predicate {
  const type = context.load("network header after LLC", 4, 1);
  return and(
    protocolNumber(context, "iso", IsoProtocol.IsIs),
    or(...types.map((number) => equals(context.values, type, number))),
  );
}

/** The number of a protocol's name after `proto`; throws SyntaxProblem where the carrier knows none such. */
export function lookUpProtocol(context: FilterContext, carrier: Protocol | undefined, name: string): number {
  const number =
    carrier === "ether"
      ? linkProtocolNumber(name)
      : carrier === "iso"
        ? isoProtocolNumber(name)
        : carrier === undefined || carrier === "ip" || carrier === "ip6"
          ? ipProtocolNumber(name)
          : undefined;
  if (number !== undefined) return number;
  return context.refuse(`${carrier ?? "IP"} carries no protocol named "${name}": its number is wanted`);
}

/** `[ip|ip6] protochain NUMBER`: the header, wherever it is in the chain of headers. */
export function protochain(
  context: FilterContext,
  carrier: Protocol | undefined,
  protocol: number,
): Predicate {
  if (protocol > 0xff) return context.refuse(`protocol ${protocol} is more than 255`);
  const { variable, constant } = context.place("network header");
  if (variable !== undefined) {
    return context.refuse(
      "protochain cannot be asked behind headers of varying length, as geneve and vxlan have them",
    );
  }
  const chain = (version: 4 | 6): Predicate =>
    and(linkProtocol(context, version === 4 ? EtherType.Ipv4 : EtherType.Ipv6), {
      kind: "protochain",
      chain: { version, offset: constant, protocol },
    });
  switch (carrier) {
    case undefined:
      return or(chain(4), chain(6));
    case "ip":
      return chain(4);
    case "ip6":
      return chain(6);
    default:
      return context.refuse(`"${carrier}" has no chain of headers: ip and ip6 have`);
  }
}
