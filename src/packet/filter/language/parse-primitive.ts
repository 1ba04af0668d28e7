import { SyntaxProblem } from "../../../errors.js";
import type { ByteOperator, Direction, Encapsulation, Expression, Qualifiers } from "./expression.js";
import { type Protocol, type ValueType, valueTypeOf } from "./keyword.js";
import type { TokenReader } from "./token-reader.js";

const encapsulations: ReadonlySet<string> = new Set<Encapsulation>([
  "vlan",
  "mpls",
  "pppoes",
  "geneve",
  "vxlan",
]);
const byteOperators: ReadonlySet<string> = new Set<ByteOperator>(["=", "<", ">", "&", "|"]);

/** A primitive that is a word of its own, with or without a number; undefined where none comes. */
export function parseWordPrimitive(tokens: TokenReader): Expression | undefined {
  const { token } = tokens;
  if (token.kind !== "keyword") return undefined;
  const { column } = token;
  if (encapsulations.has(token.text)) {
    tokens.take();
    const idColumn = tokens.token.column;
    const id = parseId(tokens);
    const header = token.text as Encapsulation;
    return { kind: "encapsulation", header, id, column: id === undefined ? column : idColumn };
  }
  switch (token.text) {
    case "less":
    case "greater":
      tokens.take();
      return { kind: token.text, length: tokens.number("a length in bytes") };
    case "byte":
      return parseByte(tokens);
    case "pppoed":
      tokens.take();
      return { kind: "pppoed", column };
    case "llc": {
      tokens.take();
      const typeColumn = tokens.token.column;
      const type = parseLlcType(tokens);
      return { kind: "llc", type, column: type === undefined ? column : typeColumn };
    }
    default:
      return undefined;
  }
}

/** A number that may follow, in parentheses or not. */
function parseId(tokens: TokenReader): number | undefined {
  if (tokens.token.kind === "number") return tokens.number("a number");
  if (!tokens.takeIf("(")) return undefined;
  const id = tokens.nested(() => parseId(tokens));
  if (id === undefined) return tokens.refuse("a number is wanted");
  tokens.expect(")", "after the number");
  return id;
}

function parseByte(tokens: TokenReader): Expression {
  tokens.take();
  const index = tokens.number("an offset in bytes");
  const operator = tokens.token.text as ByteOperator;
  if (tokens.token.kind !== "sign" || !byteOperators.has(operator)) {
    return tokens.refuse('one of "=", "<", ">", "&" and "|" is wanted');
  }
  tokens.take();
  return { kind: "byte", index, operator, value: tokens.number("a number") };
}

/** The type of an LLC frame; `rnr` is a keyword about pf elsewhere. */
function parseLlcType(tokens: TokenReader): string | undefined {
  const { token } = tokens;
  if (token.kind !== "name" && !tokens.isAt("rnr")) return undefined;
  tokens.take();
  return (token.kind === "name" ? token.name : token.text).toLowerCase();
}

/**
 * What stands before a value: `protocol`, if one was read, then a direction, a type or both.
 * Undefined where neither comes, and only the protocol is there.
 */
export function parseQualifiers(tokens: TokenReader, protocol: Protocol | undefined): Qualifiers | undefined {
  const direction = parseDirection(tokens);
  const { token } = tokens;
  const type = token.kind === "keyword" ? valueTypeOf(token.text) : undefined;
  if (type === undefined) {
    return direction === undefined ? undefined : { protocol, direction, type: undefined };
  }
  if (type === "gateway") {
    throw new SyntaxProblem(
      '"gateway" cannot be asked: it would need the name of a host to be looked up',
      token.column,
    );
  }
  if (direction !== undefined && !takesDirection(type)) {
    throw new SyntaxProblem(`"${type}" has no direction such as "${direction}"`, token.column);
  }
  tokens.take();
  return { protocol, direction, type };
}

function takesDirection(type: ValueType): boolean {
  return type !== "proto" && type !== "protochain";
}

function parseDirection(tokens: TokenReader): Direction | undefined {
  const first = directionAt(tokens);
  if (first === undefined) return undefined;
  tokens.take();
  const operator = tokens.takeIf("or", "||") ? "or" : tokens.takeIf("and", "&&") ? "and" : undefined;
  if (operator === undefined) return first;
  const second = directionAt(tokens);
  if (second === undefined || second === first) {
    return tokens.refuse(`"${first === "src" ? "dst" : "src"}" is wanted after "${first} ${operator}"`);
  }
  tokens.take();
  return operator === "or" ? "src or dst" : "src and dst";
}

function directionAt(tokens: TokenReader): "src" | "dst" | undefined {
  return tokens.isAt("src") ? "src" : tokens.isAt("dst") ? "dst" : undefined;
}
