import type { Value, ValueTable } from "./value.js";

/** What the machine's conditional jumps compare; all numbers are unsigned. `set`: left & right != 0. */
export type Comparison = "eq" | "gt" | "ge" | "set";

/** A chain of headers to walk: those after an IPv4 or IPv6 header at `offset` bytes into the packet. */
export interface HeaderChain {
  readonly version: 4 | 6;
  readonly offset: number;
  /** The protocol that is looked for. */
  readonly protocol: number;
}

/** One step of a program: what it does at one place, after which it goes on by a condition or without. */
export type Step =
  | { readonly kind: "compare"; readonly operator: Comparison; readonly left: Value; readonly right: Value }
  /** M[slot] = value; always holds. */
  | { readonly kind: "store"; readonly slot: number; readonly value: Value }
  | { readonly kind: "protochain"; readonly chain: HeaderChain };

/**
 * A condition upon a packet. Its parts are tried in their order, and no more of them than decide it:
 * a load outside the packet rejects it at once, so that which comes first makes a difference.
 */
export type Predicate =
  | Step
  | { readonly kind: "not"; readonly operand: Predicate }
  | {
      readonly kind: "sequence";
      readonly first: Predicate;
      readonly rest: readonly { readonly operator: "and" | "or"; readonly operand: Predicate }[];
    };

export function not(operand: Predicate): Predicate {
  return operand.kind === "not" ? operand.operand : { kind: "not", operand };
}

export function and(...operands: readonly Predicate[]): Predicate {
  return join("and", operands);
}

export function or(...operands: readonly Predicate[]): Predicate {
  return join("or", operands);
}

function join(operator: "and" | "or", [first, ...rest]: readonly Predicate[]): Predicate {
  if (rest.length === 0) return first;
  return { kind: "sequence", first, rest: rest.map((operand) => ({ operator, operand })) };
}

/** A number alone stands on the right, where instructions have a place for it; bits are tested by `set`. */
export function compare(operator: Comparison, left: Value, right: Value): Predicate {
  if (operator === "eq" && right.kind === "number" && right.value === 0 && left.kind === "binary") {
    const { right: mask } = left;
    if (left.operator === "&" && mask.kind === "number") {
      return not({ kind: "compare", operator: "set", left: left.left, right: mask });
    }
  }
  if (left.kind !== "number" || right.kind === "number") return { kind: "compare", operator, left, right };
  switch (operator) {
    case "gt":
      return not({ kind: "compare", operator: "ge", left: right, right: left });
    case "ge":
      return not({ kind: "compare", operator: "gt", left: right, right: left });
    default:
      return { kind: "compare", operator, left: right, right: left };
  }
}

/** Comparisons with numbers known beforehand. */
export function equals(values: ValueTable, value: Value, number: number): Predicate {
  return compare("eq", value, values.number(number));
}

/** (value & mask) == number. */
export function maskedEquals(values: ValueTable, value: Value, mask: number, number: number): Predicate {
  return equals(values, values.binary("&", value, values.number(mask)), number);
}

/** Does a comparison hold between two numbers? */
export function holds(operator: Comparison, left: number, right: number): boolean {
  switch (operator) {
    case "eq":
      return left === right;
    case "gt":
      return left > right;
    case "ge":
      return left >= right;
    case "set":
      return (left & right) !== 0;
  }
}
