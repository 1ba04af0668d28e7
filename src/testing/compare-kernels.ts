import { KernelError, WirebeeError } from "../errors.js";
import type { Kernel, LoadedObject } from "../kernel.js";
import { compareMaps } from "./compare-maps.js";
import { compareRecords } from "./compare-records.js";
import { compareRuns, type RunOutcome } from "./compare-runs.js";
import { type Difference, describeDifference } from "./difference.js";
import { readElements, takeQueue } from "./map-content.js";
import { RecordCollector } from "./record-collector.js";
import type { Trial, TrialPacket } from "./trial.js";

/** A kernel that did not take the trial's object. */
export interface Refusal {
  readonly kernel: Kernel;
  readonly error: WirebeeError;
}

/** What two kernels made of a trial. */
export interface Comparison {
  /** Packets that both ran. */
  readonly compared: number;
  /** Kernels that refused to load the object; nothing is compared then. */
  readonly refusals: readonly Refusal[];
  readonly differences: readonly Difference[];
}

/** Two kernels that do not agree; the message lists the differences. */
export class DisagreementError extends WirebeeError {
  override name = "DisagreementError";
  readonly differences: readonly Difference[];

  constructor(differences: readonly Difference[]) {
    super(`the kernels differ:\n${differences.map((each) => `  ${describeDifference(each)}`).join("\n")}`);
    this.differences = differences;
  }
}

/**
 * Runs a trial on two kernels in step and compares, after each packet, what the program returned, the
 * packet, its metadata, the context, every byte of every map that user space can read, and the records
 * of ring buffers and perf event arrays; the values of queues and stacks once the last packet has run. Kernel addresses, ids and hash orders are left
 * out by themselves; times and random numbers where the trial marks them as incomparable. Stops at
 * the first packet with a difference.
 */
export async function compareKernels(kernels: readonly [Kernel, Kernel], trial: Trial): Promise<Comparison> {
  const refusals: Refusal[] = [];
  const objects: LoadedObject[] = [];
  try {
    for (const kernel of kernels) {
      try {
        objects.push(await kernel.load(trial.object));
      } catch (error) {
        if (!(error instanceof WirebeeError)) throw error;
        refusals.push({ kernel, error });
      }
    }
    if (refusals.length > 0) return { compared: 0, refusals, differences: [] };
    return { refusals, ...(await runInStep(kernels, objects as [LoadedObject, LoadedObject], trial)) };
  } finally {
    for (const object of objects) object.close();
  }
}

/**
 * As `compareKernels`; throws DisagreementError where the two differ, or where one loads what the
 * other refuses, and the refusal where both refuse. For property tests: what is thrown depends on
 * the trial alone.
 */
export async function expectAgreement(kernels: readonly [Kernel, Kernel], trial: Trial): Promise<Comparison> {
  const comparison = await compareKernels(kernels, trial);
  const { refusals, differences } = comparison;
  if (refusals.length === 2) throw refusals[0].error;
  if (refusals.length === 1) {
    const [{ kernel: refusing, error }] = refusals;
    const found = kernels.map((kernel) => ({
      kernel: kernel.name,
      text: kernel === refusing ? error.message : "no complaint",
    }));
    throw new DisagreementError([{ packet: undefined, where: "load", found }]);
  }
  if (differences.length > 0) throw new DisagreementError(differences);
  return comparison;
}

async function runInStep(
  [first, second]: readonly [Kernel, Kernel],
  objects: readonly [LoadedObject, LoadedObject],
  trial: Trial,
): Promise<{ compared: number; differences: Difference[] }> {
  const [a, b] = objects;
  const differences: Difference[] = [];
  const reporter = (packet: number | undefined) => (where: string, inFirst: string, inSecond: string) => {
    const found = [
      { kernel: first.name, text: inFirst },
      { kernel: second.name, text: inSecond },
    ];
    differences.push({ packet, where, found });
  };
  for (const object of objects) fill(object, trial);
  const records = [new RecordCollector(a), new RecordCollector(b)] as const;
  const name = trial.program ?? trial.object.programs[0].name;
  const { type } = a.program(name).spec;
  let compared = 0;
  try {
    for (const [index, packet] of trial.packets.entries()) {
      const report = reporter(index);
      compareRuns(trial, type, run(a, name, packet), run(b, name, packet), report);
      compareMaps(trial, a, b, readElements, report);
      if (!records[0].isEmpty) {
        await RecordCollector.settle(...records);
        compareRecords(trial, ...records, report);
      }
      compared++;
      if (differences.length > 0) return { compared, differences };
    }
    compareMaps(trial, a, b, takeQueue, reporter(compared - 1));
    return { compared, differences };
  } finally {
    for (const each of records) await each.close();
  }
}

function fill(object: LoadedObject, trial: Trial): void {
  for (const { map, key, value } of trial.contents ?? []) object.map(map).raw.updateElem(key, value);
  for (const map of trial.frozen ?? []) object.map(map).raw.freeze();
}

function run(object: LoadedObject, program: string, { packet, options }: TrialPacket): RunOutcome {
  try {
    return object.program(program).run(packet, options);
  } catch (error) {
    if (error instanceof KernelError) return { error: error.code };
    throw error;
  }
}
