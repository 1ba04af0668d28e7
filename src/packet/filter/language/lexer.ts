import { SyntaxProblem } from "../../../errors.js";
import { parseIpv6 } from "../../address/index.js";
import { namedNumber } from "../names/named-number.js";
import { isKeyword } from "./keyword.js";
import { abridge, type Token } from "./token.js";

// As libpcap's scanner (scanner.l) the longest match wins, so that "len-14" is one name.
const SPACE = /[ \t\r\n]*/y;
const WORD = /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y;
const ESCAPED = /\\[^ !()\n\t]+/y;
const SIGN = /&&|\|\||[<>!=]=|<<|>>|[-+*/%:[\]!<>()&|^=]/y;
const ARCNET = /\$[0-9A-Fa-f]{1,2}/y;
/** What has colons in it and may be an address: hexadecimal digits, and a dotted tail. */
const WITH_COLONS =
  /[0-9A-Fa-f]{0,4}:(?:[0-9A-Fa-f:]*:)?[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*/y;

const NUMBER = /^(?:[0-9]+|0[xX][0-9A-Fa-f]+)$/;
const DOTTED = /^(?:[0-9]+|0[xX][0-9A-Fa-f]+)(?:\.(?:[0-9]+|0[xX][0-9A-Fa-f]+)){1,3}$/;
const MAC =
  /^(?:[0-9A-Fa-f]{1,2}([:.-])[0-9A-Fa-f]{1,2}(?:\1[0-9A-Fa-f]{1,2}){4}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}|[0-9A-Fa-f]{12})$/;

/** Cuts a filter expression into tokens, as they are asked for. */
export class Lexer {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next token; "end" for ever after the last. Throws SyntaxProblem. */
  next(): Token {
    this.#match(SPACE);
    const column = this.#at;
    if (column === this.#text.length) return { kind: "end", column, text: "" };
    const address = this.#address(column);
    if (address !== undefined) return address;
    const word = this.#match(WORD);
    if (word !== "") return wordToken(word, column);
    const escaped = this.#match(ESCAPED);
    if (escaped !== "") return { kind: "name", column, text: escaped, name: escaped.slice(1) };
    const sign = this.#match(SIGN);
    if (sign !== "") return { kind: "sign", column, text: sign };
    const arcnet = this.#match(ARCNET);
    if (arcnet !== "")
      throw new SyntaxProblem(`"${arcnet}" is an address of ARCnet, not of Ethernet`, column);
    const character = String.fromCodePoint(this.#text.codePointAt(column)!);
    throw new SyntaxProblem(`"${character}" is no part of a filter expression`, column);
  }

  /** An address with colons; undefined where a colon only stands before an index's size. */
  #address(column: number): Token | undefined {
    const text = this.#match(WITH_COLONS);
    if (text === "") return undefined;
    if (MAC.test(text)) return { kind: "mac", column, text };
    if (isIpv6(text)) return { kind: "ipv6", column, text };
    this.#at = column;
    if (!/:.*:/.test(text)) return undefined;
    throw new SyntaxProblem(`"${abridge(text)}" is neither an Ethernet nor an IPv6 address`, column);
  }

  /** Moves past what a pattern matches here and returns it. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += text.length;
    return text;
  }
}

function isIpv6(text: string): boolean {
  try {
    parseIpv6(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxProblem) return false;
    throw error;
  }
}

function wordToken(text: string, column: number): Token {
  if (MAC.test(text)) return { kind: "mac", column, text };
  if (NUMBER.test(text)) return { kind: "number", column, text, value: parseNumber(text, column) };
  if (DOTTED.test(text)) return { kind: "ipv4", column, text };
  const value = namedNumber(text);
  if (value !== undefined) return { kind: "number", column, text, value };
  return isKeyword(text) ? { kind: "keyword", column, text } : { kind: "name", column, text, name: text };
}

/** Decimal, octal after 0, hexadecimal after 0x; 32 bits. */
function parseNumber(text: string, column: number): number {
  const isOctal = /^0[0-9]/.test(text);
  if (isOctal && /[89]/.test(text)) {
    throw new SyntaxProblem(`"${abridge(text)}" starts with 0, so it is octal, but has an 8 or a 9`, column);
  }
  const value = isOctal ? Number.parseInt(text, 8) : Number(text);
  if (value > 0xffff_ffff) throw new SyntaxProblem(`"${abridge(text)}" does not fit in 32 bits`, column);
  return value;
}
