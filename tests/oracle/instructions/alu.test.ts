import { expect, test } from "vitest";
import { describeWith } from "../../needs.js";
import { expectSame, useKernels } from "../kernels.js";
import { EDGES, IMMEDIATES, onOperands, PAIRS, SINGLES } from "./operands.js";

const OPERATORS = ["+=", "-=", "*=", "/=", "s/=", "%=", "s%=", "|=", "&=", "^=", "<<=", ">>=", "s>>=", "="];
const SHIFTS = ["<<=", ">>=", "s>>="];
const DIVISIONS = ["/=", "s/=", "%=", "s%="];
const WIDTHS = [
  ["64 bits", "r", 64],
  ["32 bits", "w", 32],
] as const;

/** Immediates that Linux takes: it refuses shifts by the width or more, and division by zero. */
function immediatesOf(operator: string, width: number): readonly number[] {
  if (SHIFTS.includes(operator)) return [0, 1, 7, 8, 15, 16, 31, 32, 33, 63].filter((n) => n < width);
  return DIVISIONS.includes(operator) ? IMMEDIATES.filter((n) => n !== 0) : IMMEDIATES;
}

/** Instructions of one operand, written with its width. */
const UNARY = [
  "r1 = -r1",
  "w1 = -w1",
  ...["le", "be", "bswap"].flatMap((name) => [16, 32, 64].map((bits) => `r1 = ${name}${bits} r1`)),
  "r1 = (s8)r2",
  "r1 = (s16)r2",
  "r1 = (s32)r2",
  "w1 = (s8)w2",
  "w1 = (s16)w2",
  "r1 = (s8)r1",
  "w1 = (s16)w1",
  "w1 = w1",
  "r1 += r1",
  "w1 -= w1",
  "r1 *= r1",
  "r1 s/= r1",
  "w1 <<= w1",
  "r1 s>>= r1",
];

describeWith(["bpf"], "ALU instructions on both kernels", () => {
  const kernels = useKernels();
  const agree = (body: string, packets = SINGLES) =>
    expectSame(kernels(), { programs: [{ name: "alu", code: onOperands(body) }] }, { packets });

  for (const [name, r, width] of WIDTHS) {
    test.each(OPERATORS)(`${name}: %s of two registers, and of an immediate`, async (operator) => {
      const compared = await agree(`${r}1 ${operator} ${r}2`, [...PAIRS]);
      expect(compared).toBe(EDGES.length ** 2);
      for (const imm of immediatesOf(operator, width)) await agree(`${r}1 ${operator} ${imm}`);
    });
  }

  test.each(UNARY)("%s", async (body) => {
    expect(await agree(body)).toBe(EDGES.length);
  });
});
