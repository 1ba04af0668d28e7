import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seedOf } from "../../tests/seed.js";
import { anyCode } from "./any-instruction.oracle.js";
import { assemble, disassemble, encode } from "./index.js";

const seed = seedOf("assembler");
const textOf = (code: Uint8Array) => disassemble(code).map((line) => line.text);

describe("assemble and disassemble", () => {
  test("are inverse for all code", () => {
    fc.assert(
      fc.property(anyCode, (insns) => {
        const bytes = encode(insns);
        expect(assemble(textOf(bytes).join("\n"))).toEqual(bytes);
      }),
      { numRuns: 1000, seed },
    );
  });

  test("labels, comments and helper names", () => {
    const code = assemble(
      `  r1 = 10 ; r0 = 0       // two on a line
       again: r0 += r1        # count
       r1 -= 1
       if r1 != 0 goto again
       call double
       call ktime_get_ns      /* a helper */
       exit
       double: r0 += r0
       exit`,
      { helperId: (name) => (name === "ktime_get_ns" ? 5 : undefined) },
    );
    const symbol = (slot: number) => (slot === 8 ? "double" : undefined);
    expect(disassemble(code, { symbol, helperName: () => "ktime_get_ns" }).map((line) => line.text)).toEqual([
      "r1 = 0xa",
      "r0 = 0x0",
      "r0 += r1",
      "r1 -= 0x1",
      "if r1 != 0x0 goto -0x3",
      "call pc+2 <double>",
      "call ktime_get_ns",
      "exit",
      "r0 += r0",
      "exit",
    ]);
  });

  test("names of maps and functions", () => {
    const mapIndex = (name: string) => (name === "counters" ? 2 : undefined);
    const text = "r1 = counters ll\nr2 = counters[0]+8 ll\nr3 = callback ll\nexit\ncallback: exit";
    expect(textOf(assemble(text, { mapIndex }))).toEqual([
      "r1 = map[idx:2]",
      "r2 = map[idx:2][0]+8",
      "r3 = subprog[+2]",
      "exit",
      "exit",
    ]);
    expect(() => assemble("r1 = stats[0]+8 ll", { mapIndex })).toThrow(/line 1: no map stats/);
    expect(() => assemble("exit\nr1 = stats ll", { mapIndex })).toThrow(/line 2: no label stats/);
  });

  // Spellings that are read, besides those that are written.
  test.each([
    ["goto 3", "goto +0x3"],
    ["if r1 < -1 goto +0", "if r1 < -0x1 goto +0x0"],
    ["r1 = 0xffffffff", "r1 = -0x1"],
    ["w1 = *(u32 *)(r2 + 0)", "r1 = *(u32 *)(r2 + 0x0)"],
    ["*(u8 *)(r1 + 0) = w2", "*(u8 *)(r1 + 0x0) = r2"],
    ["lock *(u32 *)(r1 + 8) += r2", "lock *(u32 *)(r1 + 0x8) += w2"],
    ["R1 += W0".replace("W", "R"), "r1 += r0"],
    ["r1 = 0x8000000000000000 ll", "r1 = -0x8000000000000000 ll"],
  ])("read %s", (text, canonical) => {
    expect(textOf(assemble(text))).toEqual([canonical]);
  });

  test.each([
    ["r1 = ", /line 1: no instruction/],
    ["r0 = 0\ngoto nowhere", /line 2: no label nowhere/],
    ["a: exit\na: exit", /line 2: label a is defined twice/],
    ["r1 += 0x1ffffffff", /line 1: .*32 bits/],
    ["r1 = 0x1ffffffffffffffff ll", /64 bits/],
    ["r1 = w2", /differ in width/],
    ["if w1 == r2 goto +1", /differ in width/],
    ["r11 = 1", /no instruction/],
    ["callx r1", /no instruction/],
    ["r1 = *(u8 *)(r2 + 40000)", /16 bits/],
    ["r1 = be16 r2", /in place/],
    ["r1 = -r2", /in place/],
    ["r1 = xchg_64(r2 + 0, r3)", /source register/],
    ["r1 = atomic_fetch_add((u64 *)(r2 + 0), r3)", /source register/],
    [`goto far\n${"r0 = 0\n".repeat(40000)}far: exit`, /line 1: label far is 40000 slots away: use gotol/],
  ])("refuse %.40j", (text, message) => {
    expect(() => assemble(text)).toThrow(message);
  });
});
