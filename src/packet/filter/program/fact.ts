import { type Comparison, holds, type Step } from "./predicate.js";
import type { Value } from "./value.js";

/**
 * What is known at a place of the program: the comparisons that were made on every way there, and
 * their outcomes, the latest first. A tree of such lists has the entry at its root.
 */
export interface Fact {
  readonly earlier: Fact | undefined;
  readonly count: number;
  readonly operator: Comparison;
  readonly left: Value;
  readonly right: Value;
  /** Undefined: it was made, and came out one way or the other. */
  readonly outcome: boolean | undefined;
}

/** How far back facts are looked for: enough for one primitive's tests, and the time stays linear. */
const FURTHEST = 64;
const LARGEST = 0xffff_ffff;

export function addFact(
  facts: Fact | undefined,
  step: Step & { kind: "compare" },
  outcome: boolean | undefined,
): Fact {
  const { operator, left, right } = step;
  return { earlier: facts, count: (facts?.count ?? 0) + 1, operator, left, right, outcome };
}

/** What two lists have in common: what is known where two ways meet. */
export function commonFacts(one: Fact | undefined, other: Fact | undefined): Fact | undefined {
  let [a, b] = [one, other];
  while (a !== b) {
    if (a !== undefined && a.count >= (b?.count ?? 0)) a = a.earlier;
    else b = b?.earlier;
  }
  return a;
}

/** The outcome of a comparison if facts decide it; its values have been reckoned already then. */
export function decide(
  { operator, left, right }: Step & { kind: "compare" },
  facts: Fact | undefined,
): boolean | undefined {
  let lowest = 0;
  let highest = LARGEST;
  let fact = facts;
  for (let i = 0; i < FURTHEST && fact !== undefined; i++, fact = fact.earlier) {
    if (fact.left !== left || fact.outcome === undefined) continue;
    if (fact.right === right && fact.operator === operator) return fact.outcome;
    if (fact.right.kind !== "number" || right.kind !== "number") continue;
    const { value } = fact.right;
    switch (fact.operator) {
      case "eq":
        if (fact.outcome) return holds(operator, value, right.value);
        break;
      case "gt":
        if (fact.outcome) lowest = Math.max(lowest, value + 1);
        else highest = Math.min(highest, value);
        break;
      case "ge":
        if (fact.outcome) lowest = Math.max(lowest, value);
        else highest = Math.min(highest, value - 1);
        break;
    }
  }
  return right.kind === "number" ? decideInRange(operator, lowest, highest, right.value) : undefined;
}

function decideInRange(
  operator: Comparison,
  lowest: number,
  highest: number,
  number: number,
): boolean | undefined {
  // A range that nothing was said of is no reason to skip the comparison, and the load before it.
  if (lowest === 0 && highest === LARGEST) return undefined;
  switch (operator) {
    case "eq":
      return number < lowest || number > highest ? false : undefined;
    case "gt":
      return lowest > number ? true : highest <= number ? false : undefined;
    case "ge":
      return lowest >= number ? true : highest < number ? false : undefined;
    case "set":
      return undefined;
  }
}

/** Have both values of a comparison been reckoned on every way here, without a rejection? */
export function isReckoned({ left, right }: Step & { kind: "compare" }, facts: Fact | undefined): boolean {
  let [leftDone, rightDone] = [left.kind === "number", right.kind === "number"];
  let fact = facts;
  for (let i = 0; i < FURTHEST && fact !== undefined; i++, fact = fact.earlier) {
    leftDone ||= fact.left === left || fact.right === left;
    rightDone ||= fact.left === right || fact.right === right;
  }
  return leftDone && rightDone;
}
