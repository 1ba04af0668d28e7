import { describe, expect, test } from "vitest";
import { MapType, ProgramType } from "../uapi/index.js";
import { ManualClock, openUserKernel, type UserKernelOptions } from "../user/index.js";
import {
  type AssembledMap,
  type AssembledObject,
  assembledObject,
  compareKernels,
  DisagreementError,
  describeDifference,
  expectAgreement,
  type Trial,
} from "./index.js";

/*
 * Two user-space kernels, told apart by what a trial gives them to see: time. What shows a time differs
 * between them, so that each comparison can be seen to fail.
 */

const NO_OPTIONS: UserKernelOptions = {};
const kernels = (first = NO_OPTIONS, second = NO_OPTIONS) =>
  [
    openUserKernel({ clock: new ManualClock(1000n), ...first }),
    openUserKernel({ clock: new ManualClock(2000n), ...second }),
  ] as const;

const packets = [{ packet: new Uint8Array(60) }, { packet: new Uint8Array(20) }];
const maps: readonly AssembledMap[] = [
  { name: "array", type: MapType.Array },
  { name: "hash", type: MapType.Hash, maxEntries: 4 },
  { name: "queue", type: MapType.Queue, keySize: 0, maxEntries: 4 },
  { name: "ring", type: MapType.Ringbuf, keySize: 0, valueSize: 0, maxEntries: 4096 },
];
const trialOf = (code: string, more: Partial<Trial> = {}, object: Partial<AssembledObject> = {}): Trial => ({
  object: assembledObject({ programs: [{ name: "main", code }], maps, ...object }),
  packets,
  ...more,
});

/** r0 is the time; it also stands on the stack. */
const TIME = "r6 = r1\ncall ktime_get_ns\n*(u64 *)(r10 - 8) = r0\n";
const STACK = "r2 = r10\nr2 += -8\n";

/** What programs do with the time, and where that shows. */
const SHOWN: readonly (readonly [where: string, code: string])[] = [
  ["return value", TIME],
  [
    "packet",
    `${TIME}r1 = *(u32 *)(r6 + 0)\nr2 = *(u32 *)(r6 + 4)\nr3 = r1\nr3 += 8\nif r3 > r2 goto out\n*(u64 *)(r1 + 0) = r0\nout: r0 = 0\n`,
  ],
  [
    "metadata",
    `r6 = r1\nr2 = -8\ncall xdp_adjust_meta\ncall ktime_get_ns\nr1 = *(u32 *)(r6 + 8)\nr2 = *(u32 *)(r6 + 0)\nr3 = r1\nr3 += 8\nif r3 > r2 goto out\n*(u64 *)(r1 + 0) = r0\nout: r0 = 0\n`,
  ],
  ["map array, key 00000000", `${TIME}r1 = array[0]+0 ll\n*(u64 *)(r1 + 0) = r0\nr0 = 0\n`],
  ["map hash, keys", `${TIME}r1 = hash ll\n${STACK}r3 = r2\nr4 = 0\ncall map_update_elem\n`],
  ["map queue, value 0", `${TIME}r1 = queue ll\n${STACK}r3 = 0\ncall map_push_elem\nr0 = 0\n`],
  ["records of ring, record 0", `${TIME}r1 = ring ll\n${STACK}r3 = 8\nr4 = 0\ncall ringbuf_output\n`],
  [
    "records of ring",
    `${TIME}if r0 == 2000 goto out\nr1 = ring ll\n${STACK}r3 = 8\nr4 = 0\ncall ringbuf_output\nout: r0 = 0\n`,
  ],
  ["trap", `${TIME}if r0 == 2000 goto out\nr1 = 0\nr1 = *(u64 *)(r1 + 0)\nout: r0 = 0\n`],
];

describe("compareKernels", () => {
  test("finds nothing where there is nothing", async () => {
    const code = `r1 = array[0]+0 ll\nr2 = *(u64 *)(r1 + 0)\nr2 += 1\n*(u64 *)(r1 + 0) = r2\nr0 = r2\nexit`;
    const contents = [
      { map: "array", key: new Uint8Array(4), value: Uint8Array.of(41, 0, 0, 0, 0, 0, 0, 0) },
    ];
    const trial = trialOf(code, { contents });
    expect(await compareKernels(kernels(), trial)).toEqual({ compared: 2, refusals: [], differences: [] });
    expect((await expectAgreement(kernels(), trial)).compared).toBe(2);
  });

  test.each(SHOWN)("tells of a different %s", async (where, code) => {
    const { differences } = await compareKernels(kernels(), trialOf(`${code}exit`));
    expect(differences.map((each) => each.where)).toContain(where);
    const trial = expectAgreement(kernels(), trialOf(`${code}exit`));
    await expect(trial).rejects.toThrow(DisagreementError);
    await expect(trial).rejects.toThrow(where);
  });

  test("tells of a different context", async () => {
    const code = `${TIME}*(u32 *)(r6 + 8) = r0\nr0 = 0\nexit`;
    const trial = trialOf("", {}, { programs: [{ name: "main", type: ProgramType.SchedCls, code }] });
    const { differences } = await compareKernels(kernels(), trial);
    expect(differences.map((each) => each.where)).toEqual(["context from byte 8 on"]);
  });

  test("stops at the first packet with a difference, and says it in words", async () => {
    const code = `${TIME}r1 = array[0]+0 ll\nr2 = *(u64 *)(r1 + 0)\nr2 += 1\n*(u64 *)(r1 + 0) = r2\nif r0 == 1000 goto same\nif r2 == 2 goto out\nsame: r0 = 7\nout: exit`;
    const { compared, differences } = await compareKernels(kernels(), trialOf(code));
    expect(compared).toBe(2);
    expect(differences.map(describeDifference)).toEqual([
      "after packet 1: return value: user has 7 (XDP 7 (unknown)), user has 2000 (XDP 2000 (unknown))",
    ]);
  });

  test.each([
    [{ what: "return value" }, SHOWN[0][1]],
    [{ what: "packet", offset: 0, size: 8 }, SHOWN[1][1]],
    [{ what: "map value", map: "array", offset: 0, size: 8 }, SHOWN[3][1]],
    [{ what: "map", map: "hash" }, SHOWN[4][1]],
    [{ what: "map", map: "queue" }, SHOWN[5][1]],
    [{ what: "record", map: "ring", offset: 0, size: 8 }, SHOWN[6][1]],
  ] as const)("leaves out what is marked: %j", async (place, code) => {
    const trial = trialOf(`${code}exit`, { incomparable: [place] });
    expect((await expectAgreement(kernels(), trial)).compared).toBe(2);
  });

  test("compares refusals of packets by their error numbers", async () => {
    const short = trialOf("r0 = 0\nexit", { packets: [{ packet: new Uint8Array(5) }] });
    expect((await expectAgreement(kernels(), short)).compared).toBe(1);
  });

  test("tells who refused to load what", async () => {
    const huge = trialOf(
      "r0 = 0\nexit",
      {},
      { maps: [{ name: "huge", type: MapType.Array, maxEntries: 1 << 22 }] },
    );
    const unequal = kernels({ memory: 1 << 24 });
    const { compared, refusals } = await compareKernels(unequal, huge);
    expect({ compared, refusals: refusals.map(({ error }) => error.name) }).toEqual({
      compared: 0,
      refusals: ["NotSupportedError"],
    });
    await expect(expectAgreement(unequal, huge)).rejects.toThrow(DisagreementError);
    // Where both refuse they agree, and there is nothing to run.
    const both = kernels({ memory: 1 << 24 }, { memory: 1 << 24 });
    await expect(expectAgreement(both, huge)).rejects.toThrow(/arena/);
  });
});
