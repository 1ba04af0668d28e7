import { expect } from "vitest";
import type { Kernel } from "../../../src/kernel.js";
import type { ObjectSpec } from "../../../src/object/index.js";
import {
  type AssembledObject,
  assembledObject,
  compareKernels,
  describeDifference,
  type Trial,
} from "../../../src/testing/index.js";
import { useKernels } from "../kernels.js";

export type Case = readonly [
  title: string,
  object: AssembledObject | ObjectSpec,
  trial: Omit<Trial, "object">,
];

/** Differences that a failing test lists; their number is told too. */
const SHOWN = 12;

async function differencesOf(
  kernels: readonly [Kernel, Kernel],
  [title, object, trial]: Case,
): Promise<string[]> {
  const { compared, refusals, differences } = await compareKernels(kernels, {
    ...trial,
    object: "globals" in object ? object : assembledObject(object),
  });
  if (refusals.length > 0) {
    const words = refusals.map(({ kernel, error }) => `${kernel.name} refuses: ${error.message}`);
    return [`${title}: ${words.join("; ")}`];
  }
  if (differences.length === 0 && compared !== trial.packets.length) return [`${title}: ran ${compared}`];
  return differences.map((each) => `${title}: ${describeDifference(each)}`);
}

/** Two kernels run every case, and differ in nothing; the number of packets that were compared. */
export async function agreeOn(kernels: readonly [Kernel, Kernel], cases: Iterable<Case>): Promise<number> {
  const all: string[] = [];
  let count = 0;
  for (const each of cases) {
    all.push(...(await differencesOf(kernels, each)));
    count += each[2].packets.length;
  }
  expect({ differences: all.length, first: all.slice(0, SHOWN) }).toEqual({ differences: 0, first: [] });
  expect(count).toBeGreaterThan(0);
  return count;
}

/** `agreeOn`, for the tests of a file that need no devices but lo. */
export function useAgreement(): (cases: Iterable<Case>) => Promise<number> {
  const kernels = useKernels();
  return (cases) => agreeOn(kernels(), cases);
}
