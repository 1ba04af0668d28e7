import type { FunctionPlan, Step } from "./step.js";

/*
 * How many ways the verifier has to follow. It goes down both sides of each branch, again for each
 * round of a loop and each call of a function, and now and then finds no two states alike: a program
 * of some hundred instructions can take it a minute. So there are only so many branches to a program.
 */

/** The most branches that a program may have, loops unrolled and functions inlined. */
export const MOST_FORKS = 20;
/** Callbacks are followed until nothing new shows: a few rounds. */
const CALLBACK_ROUNDS = 3;

/** What each function costs, its calls included: those that a plan's calls may go to are behind it. */
export function costsOf(functions: readonly FunctionPlan[]): number[] {
  const costs = new Array<number>(functions.length).fill(0);
  for (let i = functions.length - 1; i >= 0; i--) {
    costs[i] = forksOf(functions[i].body, Math.max(0, ...costs.slice(i + 1)));
  }
  return costs;
}

function forksOf(steps: readonly Step[], callCost: number): number {
  return steps.reduce((sum, step) => sum + forksOfStep(step, callCost), 0);
}

function forksOfStep(step: Step, callCost: number): number {
  switch (step.kind) {
    case "branch":
      return 1 + forksOf(step.taken, callCost) + forksOf(step.otherwise, callCost);
    case "loop":
      return step.count * (Number(step.hasMayGoto) + forksOf(step.body, callCost));
    case "packet":
    case "value":
      return 1 + forksOf(step.body, callCost);
    case "direct value":
      return forksOf(step.body, callCost);
    case "call":
      return callCost;
    case "loop callback":
    case "each":
      return 1 + CALLBACK_ROUNDS * callCost;
    default:
      return 0;
  }
}

/** What a call adds: for callbacks, the rounds. */
export function callCost(cost: number, isCallback: boolean): number {
  return isCallback ? 1 + CALLBACK_ROUNDS * cost : cost;
}
