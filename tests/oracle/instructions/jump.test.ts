import { expect, test } from "vitest";
import { describeWith } from "../../needs.js";
import { expectSame, useKernels } from "../kernels.js";
import { EDGES, IMMEDIATES, onOperands, PAIRS, SINGLES } from "./operands.js";

const CONDITIONS = ["==", "!=", "&", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<="];

/** Loops and jumps of other kinds: what they do shows in r0 and r1. */
const FLOWS: readonly (readonly [name: string, body: string])[] = [
  ["goto", "if r1 > 8 goto one\nr0 = 1\ngoto over\none: r0 = 2\nover: r0 += 7"],
  ["goto over nothing", "goto +0\nr0 = 7"],
  ["gotol", "if r1 > 8 goto one\nr0 = 1\ngotol over\none: r0 = 2\nover: r0 += 7"],
  ["gotol over nothing", "gotol +0\nr0 = 7"],
  ["a jump back", "r0 = 0\nr1 = 10\nagain: r0 += r1\nr1 -= 1\nif r1 != 0 goto again"],
  [
    "a gotol back",
    "r0 = 0\nr1 = 0\ngoto test\nagain: r0 += r1\nr1 += 1\ntest: if r1 > 9 goto out\ngotol again\nout: r2 = 1",
  ],
  ["may_goto, not exhausted", "r0 = 0\nagain: may_goto out\nr0 += 3\nif r0 < 100 goto again\nout: r1 = r0"],
  ["may_goto over nothing", "may_goto +0\nr0 = 1"],
  ["a jump that a 32-bit comparison decides", "w1 = w2\nif w1 == w2 goto +1\nr0 = 5"],
];

describeWith(["bpf"], "jumps on both kernels", () => {
  const kernels = useKernels();
  const agree = (body: string, packets = SINGLES) =>
    expectSame(kernels(), { programs: [{ name: "jump", code: onOperands(body) }] }, { packets });
  const branch = (condition: string) =>
    `if ${condition} goto taken\nr0 = 1\ngoto out\ntaken: r0 = 2\nout: r3 = 0`;

  for (const [name, r] of [
    ["64 bits", "r"],
    ["32 bits", "w"],
  ]) {
    test.each(CONDITIONS)(`${name}: %s of two registers, and of an immediate`, async (condition) => {
      const compared = await agree(branch(`${r}1 ${condition} ${r}2`), [...PAIRS]);
      expect(compared).toBe(EDGES.length ** 2);
      for (const imm of IMMEDIATES) await agree(branch(`${r}1 ${condition} ${imm}`));
    });
  }

  test.each(FLOWS)("%s", async (_name, body) => {
    expect(await agree(body)).toBe(EDGES.length);
  });

  test("gotol over more than a 16-bit offset reaches", async () => {
    const code = `
      r0 = *(u32 *)(r1 + 0)
      r2 = *(u32 *)(r1 + 4)
      r3 = r0
      r3 += 24
      if r3 > r2 goto near
      r0 = *(u64 *)(r0 + 16)
      if r0 > 64 goto near
      gotol far
      near: r0 = 1
      ${"r0 += 1\n".repeat(40_000)}
      far: exit`;
    const compared = await expectSame(kernels(), { programs: [{ name: "far", code }] }, { packets: SINGLES });
    expect(compared).toBe(EDGES.length);
  });
});
