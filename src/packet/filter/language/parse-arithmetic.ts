import { SyntaxProblem } from "../../../errors.js";
import type { Arithmetic, ArithmeticOperator, Relation } from "./expression.js";
import { type Protocol, protocolOf } from "./keyword.js";
import type { TokenReader } from "./token-reader.js";

/** Operations within one another, of which a row such as 1 + 2 + 3 is one too. */
const DEEPEST = 1000;

/** Binds tighter than any operator of two operands that has a precedence. */
const UNARY = 6;

/**
 * How tightly operators bind. `%` and `^` have no place in libpcap's table (grammar.y), whose parser
 * then reads on: whatever follows such an operator, or stands before it, waits for what is to its
 * right. So `a % b + c` is `a % (b + c)` and `a * b ^ c` is `a * (b ^ c)`.
 */
const precedences: ReadonlyMap<string, number | undefined> = new Map<ArithmeticOperator, number | undefined>([
  ["|", 1],
  ["&", 2],
  ["<<", 3],
  [">>", 3],
  ["+", 4],
  ["-", 4],
  ["*", 5],
  ["/", 5],
  ["%", undefined],
  ["^", undefined],
]);

const relations = new Map<string, Relation>([
  ["=", "="],
  ["==", "="],
  ["!=", "!="],
  [">", ">"],
  [">=", ">="],
  ["<", "<"],
  ["<=", "<="],
]);

/** The relation that comes; undefined where none does. */
export function relationAt(tokens: TokenReader): Relation | undefined {
  return tokens.token.kind === "sign" ? relations.get(tokens.token.text) : undefined;
}

/** Can the token to come only start a number that is reckoned: `len` or a sign? */
export function isArithmeticAt(tokens: TokenReader): boolean {
  return tokens.isAt("len") || tokens.isAt("length") || tokens.isAt("-");
}

/** A whole arithmetic expression. */
export function parseArithmetic(tokens: TokenReader): Arithmetic {
  return parseOperators(tokens, parseOperand(tokens));
}

/** Goes on after `left` with all operators that come. */
export function parseOperators(tokens: TokenReader, left: Arithmetic): Arithmetic {
  return goOn(tokens, left, 0);
}

/** One operand: a number, `len`, `-operand`, `protocol[…]` or what stands in parentheses. */
function parseOperand(tokens: TokenReader): Arithmetic {
  const { token } = tokens;
  if (token.kind === "number") {
    tokens.take();
    return { kind: "number", value: token.value, column: token.column, depth: 0 };
  }
  if (isArithmeticAt(tokens)) return parseSignOrLength(tokens);
  if (tokens.takeIf("(")) {
    const inner = tokens.nested(() => parseArithmetic(tokens));
    tokens.expect(")", "to end the arithmetic expression");
    return inner;
  }
  const protocol = token.kind === "keyword" ? protocolOf(token.text) : undefined;
  if (protocol === undefined) return tokens.refuse("a number, len or PROTOCOL[OFFSET:SIZE] is wanted");
  tokens.take();
  if (!tokens.isAt("[")) tokens.refuse(`"[" is wanted after "${token.text}" within arithmetic`);
  return parseIndex(tokens, protocol, token.column);
}

/** What `isArithmeticAt` has announced. */
export function parseSignOrLength(tokens: TokenReader): Arithmetic {
  const { column } = tokens.token;
  if (!tokens.takeIf("-")) {
    tokens.take();
    return { kind: "length", column, depth: 0 };
  }
  const operand = tokens.nested(() => goOn(tokens, parseOperand(tokens), UNARY));
  return { kind: "negate", operand, column, depth: deeper(column, operand) };
}

/** `[offset:size]` after the name of a header. */
export function parseIndex(tokens: TokenReader, protocol: Protocol, column: number): Arithmetic {
  tokens.expect("[", "to begin an index");
  const offset = tokens.nested(() => parseArithmetic(tokens));
  let size = 1;
  if (tokens.takeIf(":")) {
    const sizeColumn = tokens.token.column;
    size = tokens.number("a size of 1, 2 or 4 bytes");
    if (size !== 1 && size !== 2 && size !== 4) {
      throw new SyntaxProblem(`${size} bytes cannot be read at once: 1, 2 or 4 can`, sizeColumn);
    }
  }
  tokens.expect("]", "to end the index");
  return { kind: "index", protocol, offset, size, column, depth: deeper(column, offset) };
}

/**
 * Reads operators after `left` as long as they bind tighter than `pending`, the one that waits before
 * it: undefined for one of no precedence, 0 where none waits.
 */
function goOn(tokens: TokenReader, left: Arithmetic, pending: number | undefined): Arithmetic {
  let result = left;
  for (;;) {
    const { token } = tokens;
    if (token.kind !== "sign" || !precedences.has(token.text)) return result;
    const precedence = precedences.get(token.text);
    if (pending !== undefined && precedence !== undefined && precedence <= pending) return result;
    tokens.take();
    const right = tokens.nested(() => goOn(tokens, parseOperand(tokens), precedence));
    const operator = token.text as ArithmeticOperator;
    const { column } = token;
    result = { kind: "binary", operator, left: result, right, column, depth: deeper(column, result, right) };
  }
}

/** The depth of an operation upon operands; throws SyntaxProblem past what the stack is sure to hold. */
function deeper(column: number, ...operands: Arithmetic[]): number {
  const depth = 1 + Math.max(...operands.map((operand) => operand.depth));
  if (depth > DEEPEST) throw new SyntaxProblem(`more than ${DEEPEST} operations within one another`, column);
  return depth;
}
