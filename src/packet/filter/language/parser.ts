import { SyntaxProblem } from "../../../errors.js";
import type { Arithmetic, Expression, FilterValue, Qualifiers, SequencePart } from "./expression.js";
import { protocolOf } from "./keyword.js";
import {
  isArithmeticAt,
  parseArithmetic,
  parseIndex,
  parseOperators,
  parseSignOrLength,
  relationAt,
} from "./parse-arithmetic.js";
import { parseQualifiers, parseWordPrimitive } from "./parse-primitive.js";
import { isValueAt, parseValue } from "./parse-value.js";
import { TokenReader } from "./token-reader.js";

/**
 * Something that has been read and may still become something else: a number may be a port, or go on
 * as arithmetic; only values (with qualifiers from before them) may stand in a list of values.
 */
type Item =
  | { readonly kind: "test"; readonly expression: Expression; readonly qualifiers: Qualifiers | undefined }
  | { readonly kind: "values"; readonly expression: Expression; readonly inParentheses?: boolean }
  | { readonly kind: "arithmetic"; readonly arithmetic: Arithmetic };

/** Where an item stands: which qualifiers a bare value there has, and whether it may be one at all. */
interface Place {
  readonly qualifiers: Qualifiers | undefined;
  readonly valuesAllowed: boolean;
  /** False within a list of values, and after qualifiers. */
  readonly testsAllowed: boolean;
}

/**
 * The tree of a filter expression; undefined for an empty one. The language is that of pcap-filter(7)
 * as libpcap parses it (grammar.y). Throws SyntaxProblem with the column of the word at fault.
 */
export function parseFilter(text: string): Expression | undefined {
  const tokens = new TokenReader(text);
  if (tokens.isAtEnd) return undefined;
  const { expression } = new FilterParser(tokens).parseTests(undefined);
  tokens.expectEnd('"and", "or" or the end is wanted');
  return expression;
}

class FilterParser {
  readonly #tokens: TokenReader;

  constructor(tokens: TokenReader) {
    this.#tokens = tokens;
  }

  /** Tests joined by `and` and `or`; `outer` are the qualifiers that hold where they begin. */
  parseTests(outer: Qualifiers | undefined): Item & { kind: "test" } {
    const place = { qualifiers: outer, valuesAllowed: false, testsAllowed: true };
    return this.#goOnWithTests(this.#asTest(this.#parseItem(place), place));
  }

  #goOnWithTests(first: Item & { kind: "test" }): Item & { kind: "test" } {
    let { qualifiers } = first;
    const rest: SequencePart[] = [];
    for (let operator = this.#takeOperator(); operator !== undefined; operator = this.#takeOperator()) {
      const place = { qualifiers, valuesAllowed: true, testsAllowed: true };
      const item = this.#asTest(this.#parseItem(place), place);
      rest.push({ operator, operand: item.expression });
      qualifiers = item.qualifiers;
    }
    return { kind: "test", expression: sequence(first.expression, rest), qualifiers };
  }

  /** The rest of a list of values within parentheses. */
  #goOnWithValues(first: Expression, qualifiers: Qualifiers | undefined): Item {
    const rest: SequencePart[] = [];
    for (let operator = this.#takeOperator(); operator !== undefined; operator = this.#takeOperator()) {
      rest.push({ operator, operand: this.#parseValues(qualifiers) });
    }
    return { kind: "values", expression: sequence(first, rest), inParentheses: true };
  }

  #takeOperator(): "and" | "or" | undefined {
    if (this.#tokens.takeIf("and", "&&")) return "and";
    return this.#tokens.takeIf("or", "||") ? "or" : undefined;
  }

  /** One value, negated or not, or several in parentheses. */
  #parseValues(qualifiers: Qualifiers | undefined): Expression {
    const place = { qualifiers, valuesAllowed: true, testsAllowed: false };
    return this.#asValues(this.#parseItem(place), qualifiers);
  }

  #parseItem(place: Place): Item {
    const tokens = this.#tokens;
    if (tokens.takeIf("not", "!")) return this.#negated(place);
    if (tokens.isAt("(")) return this.#goOnWithNumber(this.#parseParenthesised(place), place);
    if (isValueAt(tokens)) return this.#parseNumberOrValue(place);
    if (!place.testsAllowed) return tokens.refuse("a value is wanted");
    if (isArithmeticAt(tokens)) return this.#parseRelation(parseSignOrLength(tokens));
    const word = parseWordPrimitive(tokens);
    if (word !== undefined) return { kind: "test", expression: word, qualifiers: undefined };
    return this.#parseProtocolOrQualifiers();
  }

  #negated(place: Place): Item {
    const item = this.#tokens.nested(() => this.#parseItem(place));
    if (item.kind === "arithmetic") {
      if (!place.valuesAllowed) return this.#tokens.refuse("a comparison is wanted");
      const operand = this.#asValues(item, place.qualifiers);
      return { kind: "values", expression: { kind: "not", operand } };
    }
    const expression: Expression = { kind: "not", operand: item.expression };
    return item.kind === "values" ? { kind: "values", expression } : { ...item, expression };
  }

  /** `( … )`: what is in it decides what it is. */
  #parseParenthesised(place: Place): Item {
    const tokens = this.#tokens;
    tokens.take();
    const { column } = tokens.token;
    const item = tokens.nested(() => {
      const first = this.#parseItem(place);
      if (first.kind === "test") return { ...this.#goOnWithTests(first), qualifiers: place.qualifiers };
      if (first.kind === "values") {
        if (first.inParentheses === true) {
          throw new SyntaxProblem(
            "a value is wanted first within these parentheses, not a list of them",
            column,
          );
        }
        return this.#goOnWithValues(first.expression, place.qualifiers);
      }
      if (tokens.isAt(")")) return first;
      if (!place.valuesAllowed) return tokens.refuse("a comparison is wanted");
      return this.#goOnWithValues(this.#asValues(first, place.qualifiers), place.qualifiers);
    });
    tokens.expect(")", "to match the one that was opened");
    return item;
  }

  #parseNumberOrValue(place: Place): Item {
    const tokens = this.#tokens;
    const { token } = tokens;
    const isNet = place.qualifiers?.type === "net" && !place.testsAllowed;
    if (token.kind === "number") {
      const value = parseValue(tokens, isNet);
      if (value.kind === "number") {
        const arithmetic: Arithmetic = { kind: "number", value: value.value, column: token.column, depth: 0 };
        return this.#goOnWithNumber({ kind: "arithmetic", arithmetic }, place);
      }
      return { kind: "values", expression: this.#value(value, place.qualifiers, token.column) };
    }
    if (!place.valuesAllowed) {
      return tokens.refuse("a qualifier such as host, net or port is wanted before a value");
    }
    const value = parseValue(tokens, isNet);
    return { kind: "values", expression: this.#value(value, place.qualifiers, token.column) };
  }

  /** What may follow a number: an operator, a comparison, or nothing. */
  #goOnWithNumber(item: Item, place: Place): Item {
    return item.kind === "arithmetic" && place.testsAllowed ? this.#parseRelation(item.arithmetic) : item;
  }

  /** A comparison that `left` begins, or `left` alone where none comes. */
  #parseRelation(start: Arithmetic): Item {
    const tokens = this.#tokens;
    const left = parseOperators(tokens, start);
    const operator = relationAt(tokens);
    if (operator === undefined) return { kind: "arithmetic", arithmetic: left };
    tokens.take();
    const right = parseArithmetic(tokens);
    return {
      kind: "test",
      expression: { kind: "relation", operator, left, right },
      qualifiers: undefined,
    };
  }

  #parseProtocolOrQualifiers(): Item {
    const tokens = this.#tokens;
    const { token } = tokens;
    const { column } = token;
    const protocol = token.kind === "keyword" ? protocolOf(token.text) : undefined;
    if (protocol !== undefined) tokens.take();
    if (protocol !== undefined && tokens.isAt("[")) {
      return this.#parseRelation(parseIndex(tokens, protocol, column));
    }
    if (tokens.isAt("broadcast") || tokens.isAt("multicast")) {
      const kind = tokens.take().text as "broadcast" | "multicast";
      return { kind: "test", expression: { kind, protocol, column }, qualifiers: undefined };
    }
    const qualifiers = parseQualifiers(tokens, protocol);
    if (qualifiers !== undefined) {
      return { kind: "test", expression: this.#parseValues(qualifiers), qualifiers };
    }
    if (protocol === undefined) {
      return tokens.refuse("a primitive such as a protocol, host, net or port is wanted");
    }
    tokens.refuseForeign();
    return { kind: "test", expression: { kind: "protocol", protocol, column }, qualifiers: undefined };
  }

  #asTest(item: Item, place: Place): Item & { kind: "test" } {
    if (item.kind === "test") return item;
    if (!place.valuesAllowed) return this.#tokens.refuse("a comparison such as = or < is wanted");
    const { qualifiers } = place;
    return { kind: "test", expression: this.#asValues(item, qualifiers), qualifiers };
  }

  /** An item that must be a list of values. */
  #asValues(item: Item, qualifiers: Qualifiers | undefined): Expression {
    if (item.kind === "values") return item.expression;
    if (item.kind === "test") return this.#tokens.refuse("a value is wanted before this");
    const { arithmetic } = item;
    if (arithmetic.kind !== "number") {
      throw new SyntaxProblem(
        "arithmetic is compared with something: = or < is wanted after it",
        arithmetic.column,
      );
    }
    const text = String(arithmetic.value);
    return this.#value({ kind: "number", text, value: arithmetic.value }, qualifiers, arithmetic.column);
  }

  #value(value: FilterValue, qualifiers: Qualifiers | undefined, column: number): Expression {
    if (qualifiers === undefined) {
      throw new SyntaxProblem(
        `"${value.text}" needs a qualifier before it, such as host, net or port`,
        column,
      );
    }
    return { kind: "value", qualifiers, value, column };
  }
}

function sequence(first: Expression, rest: readonly SequencePart[]): Expression {
  return rest.length === 0 ? first : { kind: "sequence", first, rest };
}
