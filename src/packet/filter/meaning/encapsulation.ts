import { EtherType } from "../../ether-type.js";
import { IpProtocol } from "../../ip-protocol.js";
import type { Encapsulation } from "../language/expression.js";
import { and, equals, maskedEquals, or, type Predicate } from "../program/predicate.js";
import { behind, type FilterContext } from "./filter-context.js";
import { linkProtocol } from "./link-test.js";
import { ipv4Port, ipv6Port } from "./port-test.js";

/** The largest number that may follow the keyword: a field's width. */
const largestIds: Readonly<Record<Encapsulation, number>> = {
  vlan: 0xfff,
  mpls: 0xf_ffff,
  pppoes: 0xffff,
  geneve: 0xff_ffff,
  vxlan: 0xff_ffff,
};

/** IANA. */
const GENEVE_PORT = 6081;
const VXLAN_PORT = 4789;
const UDP_HEADER = 8;

/**
 * `vlan`, `mpls`, `pppoes`, `geneve`, `vxlan`, with a number or without: is there this header, and
 * from here on the headers are those behind it.
 */
export function encapsulation(
  context: FilterContext,
  header: Encapsulation,
  id: number | undefined,
): Predicate {
  if (id !== undefined && id > largestIds[header]) {
    return context.refuse(`${header} ${id} is more than ${largestIds[header]}`);
  }
  switch (header) {
    case "vlan":
      return vlan(context, id);
    case "mpls":
      return mpls(context, id);
    case "pppoes":
      return pppoes(context, id);
    case "geneve":
      return geneve(context, id);
    case "vxlan":
      return vxlan(context, id);
  }
}

/** IEEE 802.1Q; service tags of 802.1ad, and those from before it, count too. */
function vlan(context: FilterContext, id: number | undefined): Predicate {
  if (context.mplsLabels > 0) return context.refuse("vlan cannot be asked behind mpls");
  if (context.linkType !== "ethernet") return context.refuse("vlan cannot be asked behind pppoes");
  const { values } = context;
  const tags = [EtherType.Vlan, EtherType.QinQ, EtherType.QinQ9100];
  const tag = or(...tags.map((type) => linkProtocol(context, type)));
  const test =
    id === undefined ? tag : and(tag, maskedEquals(values, context.load("network header", 0, 2), 0xfff, id));
  context.payload = behind(context.payload, 4);
  context.linkTypeField = behind(context.linkTypeField, 4);
  return test;
}

/** RFC 3032: the first label is announced by the link layer, the others by the one before each. */
function mpls(context: FilterContext, label: number | undefined): Predicate {
  const { values } = context;
  const header =
    context.mplsLabels > 0
      ? maskedEquals(values, context.load("network header", -2, 1), 0x01, 0)
      : context.linkType === "ppp"
        ? equals(values, context.load("link type", 0, 2), 0x0281)
        : linkProtocol(context, EtherType.Mpls);
  const entry = context.load("network header", 0, 4);
  const test =
    label === undefined ? header : and(header, maskedEquals(values, entry, 0xffff_f000, label * 0x1000));
  context.network += 4;
  context.networkAfterLlc += 4;
  context.mplsLabels++;
  return test;
}

/** RFC 2516: six bytes of header, then PPP, whose two bytes of protocol are all of a link header. */
function pppoes(context: FilterContext, session: number | undefined): Predicate {
  const header = linkProtocol(context, EtherType.PppoeSession);
  const word = context.load("network header", 0, 4);
  const test =
    session === undefined ? header : and(header, maskedEquals(context.values, word, 0xffff, session));
  context.linkType = "ppp";
  context.linkHeader = behind(context.place("network header"), 6);
  context.linkTypeField = context.linkHeader;
  context.payload = behind(context.linkHeader, 2);
  context.network = 0;
  context.networkAfterLlc = 0;
  context.mayLackLinkHeader = false;
  return test;
}

/**
 * A packet over UDP to this port of the tunnel, whose header has in its first byte these bits, and
 * this network identifier in the three bytes from its fifth on. M[slot] is then where its header begins.
 */
function tunnel(
  context: FilterContext,
  port: number,
  firstByte: readonly [mask: number, value: number],
  id: number | undefined,
  slot: number,
): Predicate {
  const { values } = context;
  const range = { first: port, last: port, protocol: IpProtocol.Udp };
  const over = (version: 4 | 6): Predicate => {
    const origin = version === 4 ? "transport header over IPv4" : "transport header over IPv6";
    const tests = [
      version === 4 ? ipv4Port(context, "dst", range) : ipv6Port(context, "dst", range),
      maskedEquals(values, context.load(origin, UDP_HEADER, 1), ...firstByte),
    ];
    if (id !== undefined) {
      tests.push(maskedEquals(values, context.load(origin, UDP_HEADER + 4, 4), 0xffff_ff00, id * 0x100));
    }
    const { variable, constant } = context.place(origin);
    const begin = values.number(constant + UDP_HEADER);
    tests.push({
      kind: "store",
      slot,
      value: variable === undefined ? begin : values.binary("+", variable, begin),
    });
    return and(...tests);
  };
  return or(over(4), over(6));
}

/**
 * RFC 8926. What is behind its header, of 8 bytes and options, is an Ethernet frame or, if the header
 * has another type, the packet of a network protocol; then that type stands for the frame's.
 */
function geneve(context: FilterContext, vni: number | undefined): Predicate {
  const { values } = context;
  const [beginSlot, typeSlot, linkSlot, payloadSlot] = Array.from({ length: 4 }, () => context.takeScratch());
  const header = tunnel(context, GENEVE_PORT, [0xc0, 0], vni, beginSlot);
  const begin = values.scratch(beginSlot);
  const plus = (value: typeof begin, distance: number) => values.binary("+", value, values.number(distance));
  const optionWords = values.binary("&", values.load(1, begin, 0), values.number(0x3f));
  const end = plus(values.binary("+", values.binary("*", optionWords, values.number(4)), begin), 8);
  const link = values.scratch(linkSlot);
  const protocol = values.load(2, begin, 2);
  const test = and(
    header,
    { kind: "store", slot: linkSlot, value: end },
    or(
      and(
        equals(values, protocol, EtherType.TransparentEthernet),
        { kind: "store", slot: typeSlot, value: plus(link, 12) },
        { kind: "store", slot: payloadSlot, value: plus(link, 14) },
      ),
      and(
        { kind: "store", slot: typeSlot, value: plus(begin, 2) },
        { kind: "store", slot: payloadSlot, value: link },
      ),
    ),
  );
  context.linkType = "ethernet";
  context.linkHeader = { variable: link, constant: 0 };
  context.linkTypeField = { variable: values.scratch(typeSlot), constant: 0 };
  context.payload = { variable: values.scratch(payloadSlot), constant: 0 };
  context.network = 0;
  context.mayLackLinkHeader = true;
  return test;
}

/** RFC 7348: a header of 8 bytes whose only flag says that it has an identifier, then an Ethernet frame. */
function vxlan(context: FilterContext, vni: number | undefined): Predicate {
  const slot = context.takeScratch();
  const test = tunnel(context, VXLAN_PORT, [0xff, 0x08], vni, slot);
  context.linkType = "ethernet";
  context.linkHeader = { variable: context.values.scratch(slot), constant: 8 };
  context.linkTypeField = behind(context.linkHeader, 12);
  context.payload = behind(context.linkHeader, 14);
  context.network = 0;
  context.mayLackLinkHeader = false;
  return test;
}
