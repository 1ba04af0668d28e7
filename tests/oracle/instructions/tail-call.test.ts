import { expect, test } from "vitest";
import type { AssembledObject, TrialPacket } from "../../../src/testing/index.js";
import { MapType, ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { expectSame, useKernels } from "../kernels.js";

const packets: readonly TrialPacket[] = [14, 60, 61].map((length) => ({
  packet: Uint8Array.from({ length }, (_, index) => index),
}));

const counts = { name: "counts", type: MapType.Array, valueSize: 64 };
const targets = (...names: string[]) => ({
  name: "targets",
  type: MapType.ProgArray,
  valueSize: 4,
  maxEntries: 8,
  values: names.map((name, index) => ({ index, name })),
});
/** Adds to the counter at a byte of the map's value. */
const count = (at: number, by = 1) => `
    r2 = counts[0]+${at} ll
    r3 = *(u64 *)(r2 + 0)
    r3 += ${by}
    *(u64 *)(r2 + 0) = r3`;
/** r6 is the context. */
const jumpTo = (index: number | string) => `r1 = r6\nr2 = targets ll\nr3 = ${index}\ncall tail_call`;

const OBJECTS: readonly (readonly [name: string, object: AssembledObject])[] = [
  [
    "itself, as often as it may: 33 times",
    {
      programs: [{ name: "self", code: `r6 = r1\n${count(0)}\n${jumpTo(0)}\n${count(8)}\nr0 = 3\nexit` }],
      maps: [counts, targets("self")],
    },
  ],
  [
    "an index without a program, and one past the end",
    {
      programs: [
        {
          name: "miss",
          code: `r6 = r1\n${jumpTo(7)}\n${count(0)}\n${jumpTo(8)}\n${count(8)}\n${jumpTo(-1)}\nr0 = 1\nexit`,
        },
      ],
      maps: [counts, targets()],
    },
  ],
  [
    "the index counts with its low half alone",
    {
      programs: [
        { name: "first", code: `r6 = r1\nr7 = 0x700000001 ll\n${jumpTo("r7")}\nr0 = 1\nexit` },
        { name: "second", code: `${count(0)}\nr0 = 2\nexit` },
      ],
      maps: [counts, targets("first", "second")],
    },
  ],
  [
    "one program after another, each with a stack of its own",
    {
      programs: [
        { name: "one", code: `r6 = r1\n*(u64 *)(r10 - 8) = 5\n${count(0)}\n${jumpTo(1)}\nr0 = 1\nexit` },
        { name: "two", code: `r6 = r1\n*(u64 *)(r10 - 512) = 6\n${count(8)}\n${jumpTo(2)}\nr0 = 2\nexit` },
        {
          name: "three",
          code: `r7 = *(u32 *)(r1 + 0)\nr8 = *(u32 *)(r1 + 4)\nr8 -= r7\n${count(16)}\nr0 = r8\nexit`,
        },
      ],
      maps: [counts, targets("one", "two", "three")],
    },
  ],
  [
    "in a function: the program's result is the function's",
    {
      programs: [
        {
          name: "outer",
          code: `
            r6 = r1
            call inner
            r7 = r0
            ${count(0)}
            r0 = r7
            r0 += 100
            exit
            inner: r6 = r1
            ${jumpTo(1)}
            ${count(8)}
            r0 = 1
            exit`,
        },
        { name: "target", code: `${count(16)}\nr6 = 9\nr7 = 9\nr0 = 40\nexit` },
      ],
      maps: [counts, targets("outer", "target")],
    },
  ],
  [
    "in a function of a program that calls itself: the limit is of the whole run",
    {
      programs: [
        {
          name: "outer",
          code: `
            r6 = r1
            ${count(0)}
            r1 = r6
            call inner
            r7 = r0
            ${count(8)}
            r0 = r7
            r0 += 1
            exit
            inner: r6 = r1
            ${jumpTo(0)}
            ${count(16)}
            r0 = 7
            exit`,
        },
      ],
      maps: [counts, targets("outer")],
    },
  ],
  [
    "two chains of one run",
    {
      programs: [
        {
          name: "fork",
          code: `r6 = r1\ncall left\nr7 = r0\nr1 = r6\ncall right\nr0 += r7\nexit\nleft: r6 = r1\n${jumpTo(1)}\nr0 = 1\nexit\nright: r6 = r1\n${jumpTo(1)}\nr0 = 2\nexit`,
        },
        { name: "leaf", code: `r6 = r1\n${count(0)}\n${jumpTo(1)}\n${count(8)}\nr0 = 10\nexit` },
      ],
      maps: [counts, targets("fork", "leaf")],
    },
  ],
];

describeWith(["bpf"], "tail calls on both kernels", () => {
  const kernels = useKernels();

  for (const type of [ProgramType.Xdp, ProgramType.SchedCls]) {
    test.each(OBJECTS)(`${type === ProgramType.Xdp ? "XDP" : "TC"}: %s`, async (_name, object) => {
      // struct __sk_buff has its pointers elsewhere than struct xdp_md.
      const adapt = (code: string) =>
        type === ProgramType.Xdp
          ? code
          : code
              .replace("*(u32 *)(r1 + 0)", "*(u32 *)(r1 + 76)")
              .replace("*(u32 *)(r1 + 4)", "*(u32 *)(r1 + 80)");
      const programs = object.programs.map((program) => ({
        ...program,
        type,
        code: adapt(program.code as string),
      }));
      expect(await expectSame(kernels(), { ...object, programs }, { packets })).toBe(packets.length);
    });
  }
});
