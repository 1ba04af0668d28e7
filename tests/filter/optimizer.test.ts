import fc from "fast-check";
import { expect, test } from "vitest";
import { SyntaxProblem } from "../../src/errors.js";
import { parseFilter } from "../../src/packet/filter/language/parser.js";
import { FilterContext } from "../../src/packet/filter/meaning/filter-context.js";
import { generate } from "../../src/packet/filter/meaning/generate.js";
import { toBlocks } from "../../src/packet/filter/program/block.js";
import { emit } from "../../src/packet/filter/program/emit.js";
import { optimize } from "../../src/packet/filter/program/optimize.js";
import {
  ClassicBpfMachine,
  checkClassicBpf,
  compileFilter,
  type SockFilter,
} from "../../src/packet/index.js";
import { withCutFrames } from "./captured-frames.js";
import { expressions } from "./expressions.js";
import { madeFrames } from "./made-frames.js";
import { damagedExpression, poolOf, randomExpression } from "./random-expression.js";

const seed = Number(process.env.WIREBEE_SEED ?? Date.now() % 2 ** 31);
const frames = withCutFrames(madeFrames(400));
const pool = poolOf(frames);

/** The program of an expression as it was, and as the optimiser has it. */
function bothPrograms(text: string): [plain: SockFilter[], optimized: SockFilter[]] {
  const context = new FilterContext(0);
  const predicate = generate(context, parseFilter(text)!);
  const plain = emit(toBlocks(predicate), 1, context.scratchWords);
  return [plain, emit(optimize(toBlocks(predicate)), 1, context.scratchWords)];
}

/** Compares verdicts; returns how many instructions the optimiser saves (now and then it costs one). */
function expectSame(text: string): number {
  const [plain, optimized] = bothPrograms(text);
  checkClassicBpf(plain);
  checkClassicBpf(optimized);
  const [one, other] = [new ClassicBpfMachine(plain), new ClassicBpfMachine(optimized)];
  for (const { buffer, length } of frames) {
    const [before, after] = [
      one.run(buffer, buffer.length, length),
      other.run(buffer, buffer.length, length),
    ];
    if (before !== after)
      throw new Error(`${text}: ${before} and ${after} of ${Buffer.from(buffer).toString("hex")}`);
  }
  return plain.length - optimized.length;
}

test("the optimiser changes no verdict: the table's expressions", () => {
  const saved = expressions.map(expectSame);
  expect(saved.reduce((sum, count) => sum + count)).toBeGreaterThan(2 * expressions.length);
});

test(`the optimiser changes no verdict: random expressions, seed ${seed}`, () => {
  const property = fc.property(randomExpression(pool), (text) => {
    try {
      compileFilter(text);
    } catch (error) {
      // A range that no field has, or a constant that divides by zero.
      if (error instanceof SyntaxProblem) return;
      throw error;
    }
    expectSame(text);
  });
  fc.assert(property, { seed, numRuns: 1000 });
});

test(`damaged expressions give programs or SyntaxProblems, seed ${seed}`, () => {
  let programs = 0;
  const property = fc.property(damagedExpression(pool), (text) => {
    try {
      checkClassicBpf(compileFilter(text).instructions);
      programs++;
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      expect(error.message).not.toBe("");
    }
  });
  fc.assert(property, { seed, numRuns: 5000 });
  expect(programs).toBeGreaterThan(250);
});
