import fc from "fast-check";
import { expect, test } from "vitest";
import { disassemble } from "../../src/asm/index.js";
import type { WirebeeError } from "../../src/errors.js";
import {
  assembledObject,
  compareKernels,
  DisagreementError,
  type TrialPacket,
} from "../../src/testing/index.js";
import { describeWith } from "../needs.js";
import { seedOf } from "../seed.js";
import { anyObject } from "./generate/any-object.js";
import { anyPackets } from "./generate/any-packet.js";
import type { Hook, ObjectPlan } from "./generate/step.js";
import { writeObject } from "./generate/write-object.js";
import { useKernels } from "./kernels.js";

/** A case is one program on one packet and one state of its maps. WIREBEE_CASES asks for more. */
const CASES = Number(process.env.WIREBEE_CASES ?? 20_000);
const PACKETS = 4;
/** For as many cases as there are; this is no measure of anything. */
const TIMEOUT_MS = 60_000 + CASES * 20;
/** What of the generated programs Linux's verifier may refuse. */
const REFUSED_AT_MOST = 0.05;
const HOOKS: readonly Hook[] = ["xdp", "tc"];

interface Example {
  readonly plan: ObjectPlan;
  readonly packets: readonly TrialPacket[];
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** A failure as a person wants to see it: the shrunk programs as text, the packets, the differences. */
function describeFailure({ plan, packets }: Example, error: unknown): string {
  const { object } = writeObject(plan);
  const programs = object.programs.map(({ name, code }) => {
    const lines = disassemble(code as Uint8Array).map(
      ({ slot, text }) => `${String(slot).padStart(4)}: ${text}`,
    );
    return `${name}:\n${lines.join("\n")}`;
  });
  const maps = (object.maps ?? []).map(({ name }, index) => `map[idx:${index}] is ${name}`);
  const shown = packets.map(({ packet, options }, index) => {
    const text = JSON.stringify(options, (_, value) => (typeof value === "bigint" ? `${value}n` : value));
    return `packet ${index}: ${hexOf(packet)} ${text}`;
  });
  return [(error as Error).message, ...programs, ...maps, ...shown].join("\n");
}

/** "12 of 5000 refused: 7 × the sequence of jumps is too complex, …". */
function describeRefusals(refusals: readonly WirebeeError[], programs: number): string {
  const counts = new Map<string, number>();
  for (const { message } of refusals) {
    const reason = message.replace(/program_\d/, "a program").replace(/\b-?\d+\b/g, "N");
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const reasons = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `\n  ${count} × ${reason}`);
  return `${refusals.length} of ${programs} programs refused${reasons.join("")}`;
}

describeWith(["bpf"], "generated programs on both kernels", () => {
  const kernels = useKernels();

  test.each(HOOKS)(
    "%s: return value, packet, context and maps are the same",
    { timeout: TIMEOUT_MS },
    async (hook) => {
      const cases = CASES / HOOKS.length;
      const seed = seedOf(`generated ${hook} programs`);
      const numRuns = Math.ceil((cases / PACKETS) * (1 + REFUSED_AT_MOST));
      const refusals: WirebeeError[] = [];
      let compared = 0;
      const property = fc.asyncProperty(
        fc.record({ plan: anyObject(hook), packets: anyPackets(hook, PACKETS) }),
        async ({ plan, packets }) => {
          const { object, contents } = writeObject(plan);
          const trial = { object: assembledObject(object), contents, packets };
          const comparison = await compareKernels(kernels(), trial);
          for (const { kernel, error } of comparison.refusals) {
            // The user-space kernel has no verifier yet: it refuses nothing that Linux takes.
            if (kernel.name !== "linux") throw error;
            refusals.push(error);
          }
          if (comparison.differences.length > 0) throw new DisagreementError(comparison.differences);
          compared += comparison.compared;
        },
      );
      const result = await fc.check(property, { seed, numRuns });
      if (result.failed) {
        const [example] = result.counterexample ?? [];
        const shrunk = example === undefined ? "" : describeFailure(example, result.errorInstance);
        throw new Error(`seed ${result.seed}, path ${result.counterexamplePath}\n${shrunk}`);
      }
      console.log(`${hook}: ${compared} cases compared; ${describeRefusals(refusals, numRuns)}`);
      expect(refusals.length / numRuns).toBeLessThan(REFUSED_AT_MOST);
      expect(compared).toBeGreaterThanOrEqual(cases);
    },
  );
});
