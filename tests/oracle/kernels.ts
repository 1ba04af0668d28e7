import { afterAll, beforeAll } from "vitest";
import type { Kernel } from "../../src/kernel.js";
import { openLinuxKernel } from "../../src/linux/index.js";
import { isolateThread } from "../../src/maps/kernel-map.oracle.js";
import { possibleCpus } from "../../src/maps/test-host.oracle.js";
import {
  type AssembledObject,
  assembledObject,
  expectAgreement,
  type Trial,
} from "../../src/testing/index.js";
import { ManualClock, openUserKernel } from "../../src/user/index.js";

/**
 * Both kernels, for the tests of one file: opened before the first and closed after the last. The
 * thread stays on one CPU, in a network namespace of its own whose only device is lo, so that both
 * see the same CPU number and the same devices.
 */
export function useKernels(): () => readonly [user: Kernel, linux: Kernel] {
  let kernels: readonly [Kernel, Kernel] | undefined;
  beforeAll(() => {
    isolateThread();
    kernels = [
      openUserKernel({ cpus: possibleCpus(), clock: new ManualClock(), memory: 1 << 28 }),
      openLinuxKernel(),
    ];
  });
  afterAll(async () => {
    for (const kernel of kernels ?? []) await kernel.close();
  });
  return () => {
    if (kernels === undefined) throw new Error("the kernels are opened before the first test");
    return kernels;
  };
}

/** Both kernels agree about an object's run; the number of packets that were compared. */
export async function expectSame(
  kernels: readonly [Kernel, Kernel],
  object: AssembledObject,
  trial: Omit<Trial, "object">,
): Promise<number> {
  const { compared } = await expectAgreement(kernels, { ...trial, object: assembledObject(object) });
  return compared;
}
