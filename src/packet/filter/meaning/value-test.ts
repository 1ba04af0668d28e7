import { SyntaxProblem } from "../../../errors.js";
import { parseIpv4, parseIpv6, parseMac } from "../../address/index.js";
import type { FilterValue, Qualifiers } from "../language/expression.js";
import { abridge } from "../language/token.js";
import type { Predicate } from "../program/predicate.js";
import { decnetHost, etherHost, ipv4Host, ipv6Host, prefixMask } from "./address-test.js";
import type { FilterContext } from "./filter-context.js";
import { namedPort, namedRange, onePort, port, portProtocol } from "./port-test.js";
import { lookUpProtocol, protochain, protocolNumber } from "./protocol-test.js";

/** A value as its qualifiers want it read: an address, a port, a protocol. */
export function valueTest(context: FilterContext, qualifiers: Qualifiers, value: FilterValue): Predicate {
  const { protocol, direction, type } = qualifiers;
  switch (type) {
    case "port":
    case "portrange": {
      const spoken = portProtocol(context, protocol);
      if (value.kind === "number") return port(context, direction, onePort(context, value.value, spoken));
      if (value.kind !== "name") return wrongKind(context, value, "port");
      const named = type === "port" ? namedPort : namedRange;
      return port(context, direction, named(context, value.name, spoken));
    }
    case "proto":
    case "protochain": {
      if (value.kind !== "number" && value.kind !== "name") return wrongKind(context, value, "protocol");
      const number = value.kind === "number" ? value.value : lookUpProtocol(context, protocol, value.name);
      const test = type === "proto" ? protocolNumber : protochain;
      return test(context, protocol, number);
    }
    default:
      return addressTest(context, qualifiers, value);
  }
}

function wrongKind(context: FilterContext, value: FilterValue, wanted: string): never {
  return context.refuse(`"${abridge(value.text)}" is no ${wanted}`);
}

function addressTest(context: FilterContext, qualifiers: Qualifiers, value: FilterValue): Predicate {
  const { protocol, direction, type } = qualifiers;
  if (value.kind === "mac") {
    if (protocol !== "ether" || type === "net") {
      return context.refuse(
        `"${value.text}" is an address of Ethernet: ether host, src or dst is wanted before it`,
      );
    }
    return etherHost(context, direction, macBytes(value.text));
  }
  if (value.kind === "name") return namedAddress(context, qualifiers, value.name);
  if (protocol === "ether") return wrongKind(context, value, "address of Ethernet");
  if (protocol === "decnet") return decnetHost(context, direction, decnetAddress(context, value));
  if (value.kind === "ipv6" || (value.kind === "prefix" && value.address.includes(":"))) {
    const length = value.kind === "prefix" ? value.length : 128;
    if (length !== 128 && type !== "net") return prefixOfHost(context, value.text);
    return ipv6Host(context, protocol, direction, ipv6Network(context, value, length), length);
  }
  const { address, mask } = ipv4Network(context, value, type === "net");
  return ipv4Host(context, protocol, direction, address, mask);
}

function prefixOfHost(context: FilterContext, text: string): never {
  return context.refuse(`"${text}" is a network: net is wanted before it`);
}

function macBytes(text: string): Uint8Array {
  const digits = text.replace(/[.:-]/g, "");
  // Without separators, or with dots in between words, every byte has its two digits.
  const pairs = digits.length === 12 ? digits.match(/../g)! : text.split(/[.:-]/);
  return parseMac(pairs.join(":"));
}

/** Names would need tables of this machine or of the network, which a capture was not made with. */
function namedAddress(context: FilterContext, { protocol, type }: Qualifiers, name: string): never {
  const text = abridge(name);
  if (type === "net") {
    return context.refuse(`"${text}" is the name of a network, and none is looked up: its number is wanted`);
  }
  if (protocol === "ether") {
    return context.refuse(
      `"${text}" is the name of an Ethernet host, and none is looked up: its address is wanted`,
    );
  }
  return context.refuse(`"${text}" is the name of a host, and no DNS is asked: its address is wanted`);
}

/** "10.123": area and node. */
function decnetAddress(context: FilterContext, value: FilterValue): number {
  if (value.kind === "number" && value.value <= 0xffff) return value.value;
  const [area, node] = /^\d+\.\d+$/.test(value.text) ? value.text.split(".").map(Number) : [64, 0];
  if (area > 63 || node > 1023) return wrongKind(context, value, "address of DECnet");
  return (area << 10) | node;
}

interface Ipv4Network {
  readonly address: number;
  readonly mask: number;
}

/** An address, a network of one to four numbers, with a mask or a prefix or without. */
function ipv4Network(context: FilterContext, value: FilterValue, isNet: boolean): Ipv4Network {
  switch (value.kind) {
    case "number":
      return isNet ? networkOfNumber(value.value) : { address: value.value, mask: 0xffff_ffff };
    case "ipv4":
      return dotted(context, value.text);
    case "prefix":
    case "mask": {
      if (!isNet) return prefixOfHost(context, value.text);
      const { address } = dotted(context, value.address);
      const mask =
        value.kind === "mask" ? dotted(context, value.mask).address : maskOf(context, value.length);
      if ((address & ~mask) !== 0) {
        return context.refuse(`"${value.text}" has bits set outside of its network`);
      }
      return { address, mask };
    }
    default:
      return wrongKind(context, value, "IPv4 address");
  }
}

function maskOf(context: FilterContext, length: number): number {
  return length > 32
    ? context.refuse(`an IPv4 prefix of ${length} bits is longer than 32`)
    : prefixMask(length);
}

/** `net 10` is 10.0.0.0/8, `net 0xac10` is 172.16.0.0/16. */
function networkOfNumber(number: number): Ipv4Network {
  let [address, mask] = [number, 0xffff_ffff];
  while (address !== 0 && address < 0x100_0000) {
    address *= 0x100;
    mask = (mask << 8) >>> 0;
  }
  return { address, mask };
}

/** "10.1" is 10.1.0.0/16, as a host too. */
function dotted(context: FilterContext, text: string): Ipv4Network {
  const parts = text.split(".");
  // Leading zeroes mean nothing here.
  const canonical = parts.map((part) => part.replace(/^0+(?=\d)/, ""));
  const whole = [...canonical, ..."0".repeat(4 - parts.length)].join(".");
  const address = new DataView(addressBytes(context, whole, text, parseIpv4).buffer).getUint32(0);
  return { address, mask: prefixMask(8 * parts.length) };
}

function ipv6Network(context: FilterContext, value: FilterValue, length: number): Uint8Array {
  if (length > 128) return context.refuse(`an IPv6 prefix of ${length} bits is longer than 128`);
  const text = value.kind === "prefix" ? value.address : value.text;
  const bytes = addressBytes(context, text, text, parseIpv6);
  const hostBits = bytes.some(
    (byte, i) => (byte & (0xff >>> Math.min(8, Math.max(0, length - 8 * i)))) !== 0,
  );
  if (hostBits) return context.refuse(`"${value.text}" has bits set outside of its network`);
  return bytes;
}

/** What a parser of addresses makes of a text; its complaint is about `text`, in our column. */
function addressBytes(
  context: FilterContext,
  whole: string,
  text: string,
  parse: (text: string) => Uint8Array,
): Uint8Array {
  try {
    return parse(whole);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return context.refuse(
      `"${abridge(text)}" is no address: ${parse === parseIpv4 ? "10.0.0.1" : "2001:db8::1"} is one`,
    );
  }
}
