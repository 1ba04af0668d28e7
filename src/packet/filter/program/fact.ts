import { type Comparison, holds, type Step } from "./predicate.js";
import type { Value } from "./value.js";

type Compare = Step & { kind: "compare" };

/**
 * What is known of one value wherever it has been compared on every way to a place of the program.
 * That alone says that it was reckoned there without the packet being rejected for it.
 */
interface ValueFact {
  readonly value: Value;
  /** All that it may be, where that is few; undefined where the range says what is known. */
  readonly among: readonly number[] | undefined;
  readonly lowest: number;
  readonly highest: number;
  /** Numbers in between that it is not, the latest first. */
  readonly excluded: Excluded | undefined;
  /** Outcomes of comparisons that leave no range: of bits, and with values that are no numbers. */
  readonly outcomes: readonly Outcome[];
}

interface Excluded {
  readonly number: number;
  readonly earlier: Excluded | undefined;
  readonly count: number;
}

interface Outcome {
  readonly operator: Comparison;
  readonly right: Value;
  readonly holds: boolean;
}

/** Facts about values, the latest touched first. */
export type Facts = readonly ValueFact[];

export const NOTHING_KNOWN: Facts = [];

const LARGEST = 0xffff_ffff;
/** How many values are remembered, and how much of each: what bounds the work for one block. */
const MOST_VALUES = 32;
const MOST_AMONG = 8;
const MOST_OUTCOMES = 8;
const MOST_EXCLUDED = 64;

/** What is known after a comparison; where its outcome is undefined it came out either way. */
export function after(facts: Facts, { operator, left, right }: Compare, outcome: boolean | undefined): Facts {
  const fact = find(facts, left) ?? unknown(left);
  const known = outcome === undefined ? fact : narrowed(fact, operator, right, outcome);
  const touched = right.kind === "number" ? facts : touch(facts, find(facts, right) ?? unknown(right));
  return touch(touched, known);
}

/** What is known where two ways meet. */
export function common(one: Facts, other: Facts): Facts {
  if (one === other) return one;
  const both: ValueFact[] = [];
  for (const fact of one) {
    const same = find(other, fact.value);
    if (same !== undefined) both.push(same === fact ? fact : widened(fact, same));
  }
  return both;
}

/** The outcome of a comparison where facts decide it; undefined where they do not. */
export function decide({ operator, left, right }: Compare, facts: Facts): boolean | undefined {
  const fact = find(facts, left);
  if (fact === undefined) return undefined;
  const before = fact.outcomes.find((outcome) => outcome.operator === operator && outcome.right === right);
  if (before !== undefined) return before.holds;
  if (right.kind !== "number") return undefined;
  const number = right.value;
  const { among, lowest, highest } = fact;
  if (among !== undefined) {
    const outcome = holds(operator, among[0], number);
    return among.every((each) => holds(operator, each, number) === outcome) ? outcome : undefined;
  }
  switch (operator) {
    case "eq":
      return number < lowest || number > highest || isExcluded(fact.excluded, number) ? false : undefined;
    case "gt":
      return lowest > number ? true : highest <= number ? false : undefined;
    case "ge":
      return lowest >= number ? true : highest < number ? false : undefined;
    case "set":
      return undefined;
  }
}

/** Have both values of a comparison been reckoned on every way here, without a rejection? */
export function isReckoned({ left, right }: Compare, facts: Facts): boolean {
  const isKnown = (value: Value): boolean => value.kind === "number" || find(facts, value) !== undefined;
  return isKnown(left) && isKnown(right);
}

function find(facts: Facts, value: Value): ValueFact | undefined {
  return facts.find((fact) => fact.value === value);
}

function unknown(value: Value): ValueFact {
  return { value, among: undefined, lowest: 0, highest: LARGEST, excluded: undefined, outcomes: [] };
}

function touch(facts: Facts, fact: ValueFact): Facts {
  return [fact, ...facts.filter(({ value }) => value !== fact.value)].slice(0, MOST_VALUES);
}

function narrowed(fact: ValueFact, operator: Comparison, right: Value, outcome: boolean): ValueFact {
  if (right.kind !== "number") return withOutcome(fact, operator, right, outcome);
  const number = right.value;
  if (operator === "eq" && outcome) return within(fact, [number]);
  if (fact.among !== undefined) {
    // Decided comparisons are left out before they come here, so that something remains.
    return within(
      fact,
      fact.among.filter((each) => holds(operator, each, number) === outcome),
    );
  }
  if (operator === "set") return withOutcome(fact, operator, right, outcome);
  if (operator === "eq") {
    const { excluded } = fact;
    return { ...fact, excluded: { number, earlier: excluded, count: 1 + (excluded?.count ?? 0) } };
  }
  // What is not greater is at most the number; what is not at least the number is below it.
  const limit = operator === "gt" ? number : number - 1;
  return outcome
    ? { ...fact, lowest: Math.max(fact.lowest, limit + 1) }
    : { ...fact, highest: Math.min(fact.highest, limit) };
}

function withOutcome(fact: ValueFact, operator: Comparison, right: Value, outcome: boolean): ValueFact {
  const outcomes = [{ operator, right, holds: outcome }, ...fact.outcomes].slice(0, MOST_OUTCOMES);
  return { ...fact, outcomes };
}

function within(fact: ValueFact, among: readonly number[]): ValueFact {
  return { ...fact, among, lowest: Math.min(...among), highest: Math.max(...among) };
}

function widened(one: ValueFact, other: ValueFact): ValueFact {
  const all = [...new Set([...(one.among ?? []), ...(other.among ?? [])])];
  const isFew = one.among !== undefined && other.among !== undefined && all.length <= MOST_AMONG;
  return {
    value: one.value,
    among: isFew ? all : undefined,
    lowest: Math.min(one.lowest, other.lowest),
    highest: Math.max(one.highest, other.highest),
    excluded: commonExcluded(one.excluded, other.excluded),
    outcomes: one.outcomes.filter((outcome) => other.outcomes.includes(outcome)),
  };
}

/** The end that two lists have in common; none where it is too far back. */
function commonExcluded(one: Excluded | undefined, other: Excluded | undefined): Excluded | undefined {
  let [a, b] = [one, other];
  for (let steps = 0; a !== b; steps++) {
    if (steps === MOST_EXCLUDED) return undefined;
    if ((a?.count ?? 0) >= (b?.count ?? 0)) a = a?.earlier;
    else b = b?.earlier;
  }
  return a;
}

function isExcluded(excluded: Excluded | undefined, number: number): boolean {
  let entry = excluded;
  for (let steps = 0; entry !== undefined && steps < MOST_EXCLUDED; steps++, entry = entry.earlier) {
    if (entry.number === number) return true;
  }
  return false;
}
