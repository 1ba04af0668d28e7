import { EtherType } from "../../ether-type.js";
import { IpProtocol } from "../../ip-protocol.js";
import type { Direction } from "../language/expression.js";
import type { Protocol } from "../language/keyword.js";
import { findService, type Service } from "../names/service-name.js";
import { and, compare, equals, not, or, type Predicate } from "../program/predicate.js";
import { inDirection } from "./address-test.js";
import type { FilterContext } from "./filter-context.js";
import { linkProtocol } from "./link-test.js";

/** Offsets of the ports in the headers of TCP, UDP and SCTP. */
const PORTS = { src: 0, dst: 2 };
const LARGEST_PORT = 0xffff;

/** Ports from `first` to `last` of one protocol over IP, or (undefined) of TCP, UDP and SCTP. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly protocol: number | undefined;
}

/** A packet of IPv4 or IPv6 with such a port. Of fragments only the first has one; IPv6's are not looked for. */
export function port(context: FilterContext, direction: Direction | undefined, range: PortRange): Predicate {
  return or(ipv6Port(context, direction, range), ipv4Port(context, direction, range));
}

export function ipv4Port(
  context: FilterContext,
  direction: Direction | undefined,
  range: PortRange,
): Predicate {
  return and(
    linkProtocol(context, EtherType.Ipv4),
    protocolIs(context, 9, range.protocol),
    isFirstFragment(context),
    inDirection(direction, (side) => portIs(context, "transport header over IPv4", PORTS[side], range)),
  );
}

export function ipv6Port(
  context: FilterContext,
  direction: Direction | undefined,
  range: PortRange,
): Predicate {
  return and(
    linkProtocol(context, EtherType.Ipv6),
    protocolIs(context, 6, range.protocol),
    inDirection(direction, (side) => portIs(context, "transport header over IPv6", PORTS[side], range)),
  );
}

function protocolIs(context: FilterContext, offset: number, protocol: number | undefined): Predicate {
  const field = context.load("network header", offset, 1);
  const protocols = protocol === undefined ? [IpProtocol.Sctp, IpProtocol.Tcp, IpProtocol.Udp] : [protocol];
  return or(...protocols.map((number) => equals(context.values, field, number)));
}

/** An IPv4 packet that is whole, or the fragment that has the transport header. */
export function isFirstFragment(context: FilterContext): Predicate {
  return not(compare("set", context.load("network header", 6, 2), context.values.number(0x1fff)));
}

function portIs(
  context: FilterContext,
  origin: "transport header over IPv4" | "transport header over IPv6",
  offset: number,
  { first, last }: PortRange,
): Predicate {
  const { values } = context;
  const field = context.load(origin, offset, 2);
  if (first === last) return equals(values, field, first);
  return and(compare("ge", field, values.number(first)), not(compare("gt", field, values.number(last))));
}

/** What the protocol before `port` leaves of the protocols; throws SyntaxProblem where it has no ports. */
export function portProtocol(context: FilterContext, protocol: Protocol | undefined): number | undefined {
  switch (protocol) {
    case undefined:
      return undefined;
    case "tcp":
      return IpProtocol.Tcp;
    case "udp":
      return IpProtocol.Udp;
    case "sctp":
      return IpProtocol.Sctp;
    default:
      return context.refuse(`"${protocol}" has no ports: tcp, udp and sctp have`);
  }
}

/** Port `number` and no other. */
export function onePort(context: FilterContext, number: number, protocol: number | undefined): PortRange {
  return { first: checked(context, number), last: number, protocol };
}

/** The port of a service, by its name. */
export function namedPort(context: FilterContext, name: string, protocol: number | undefined): PortRange {
  const service = serviceOf(context, name);
  return onePort(context, service.port, common(context, name, service, protocol));
}

/** "1024-2048", "ftp-telnet": what stands before the first hyphen cannot have one itself. */
export function namedRange(context: FilterContext, text: string, protocol: number | undefined): PortRange {
  const hyphen = text.indexOf("-");
  if (hyphen < 0)
    return context.refuse(`"${text}" is no range of ports: two with a hyphen between are wanted`);
  const first = serviceOf(context, text.slice(0, hyphen));
  const last = serviceOf(context, text.slice(hyphen + 1));
  const both = first.protocol === last.protocol ? first.protocol : undefined;
  const ports = [checked(context, first.port), checked(context, last.port)];
  return {
    first: Math.min(...ports),
    last: Math.max(...ports),
    protocol: common(context, text, { port: first.port, protocol: both }, protocol),
  };
}

function serviceOf(context: FilterContext, name: string): Service {
  const service = findService(name);
  if (service !== undefined) return service;
  return context.refuse(
    `there is no port "${name}": its number is wanted, or the name of a well-known service`,
  );
}

function common(
  context: FilterContext,
  name: string,
  service: Service,
  protocol: number | undefined,
): number | undefined {
  if (protocol === undefined || service.protocol === undefined) return protocol ?? service.protocol;
  if (protocol !== service.protocol) {
    const spoken = service.protocol === IpProtocol.Tcp ? "tcp" : "udp";
    return context.refuse(`"${name}" is a port of ${spoken}`);
  }
  return protocol;
}

function checked(context: FilterContext, number: number): number {
  return number > LARGEST_PORT ? context.refuse(`port ${number} is more than ${LARGEST_PORT}`) : number;
}
