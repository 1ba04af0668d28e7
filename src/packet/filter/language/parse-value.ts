import type { FilterValue } from "./expression.js";
import type { TokenReader } from "./token-reader.js";

/** Kinds of token that a value starts with. */
export function isValueAt(tokens: TokenReader): boolean {
  switch (tokens.token.kind) {
    case "name":
    case "number":
    case "ipv4":
    case "ipv6":
    case "mac":
      return true;
    default:
      return false;
  }
}

/** A value with what may belong to it: `/LENGTH`, `mask MASK`. */
export function parseValue(tokens: TokenReader, isNet: boolean): FilterValue {
  const token = tokens.take();
  switch (token.kind) {
    case "name":
      return { kind: "name", text: token.text, name: token.name };
    case "number":
      // libpcap takes a prefix after two numbers and more only; pcap-filter(7) says `net 10` and
      // means 10.0.0.0/8, so that `net 10/8` is taken too.
      return isNet && tokens.isAt("/")
        ? parsePrefix(tokens, String(token.value))
        : { kind: "number", text: token.text, value: token.value };
    case "ipv4":
    case "ipv6":
      if (tokens.isAt("/")) return parsePrefix(tokens, token.text);
      return token.kind === "ipv4" && tokens.isAt("mask")
        ? parseMask(tokens, token.text)
        : { kind: token.kind, text: token.text };
    case "mac":
      return { kind: "mac", text: token.text };
    default:
      throw new TypeError(`no value starts with a ${token.kind}`);
  }
}

function parsePrefix(tokens: TokenReader, address: string): FilterValue {
  tokens.take();
  const length = tokens.number("the length of the prefix, in bits,");
  return { kind: "prefix", text: `${address}/${length}`, address, length };
}

function parseMask(tokens: TokenReader, address: string): FilterValue {
  tokens.take();
  const { token } = tokens;
  if (token.kind !== "ipv4") return tokens.refuse("a mask such as 255.255.0.0 is wanted");
  tokens.take();
  return { kind: "mask", text: `${address} mask ${token.text}`, address, mask: token.text };
}
