import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SyntaxProblem } from "../../src/errors.js";
import {
  ClassicBpfMachine,
  compileFilter,
  disassembleClassicBpf,
  type PacketRecord,
  type SockFilter,
} from "../../src/packet/index.js";
import { describeWith, whyMissing } from "../needs.js";
import { capturedFrames, withCutFrames } from "./captured-frames.js";
import { contradictions, numbersInPart, otherMeanings, refused } from "./differences.js";
import { expressions, neverMatching } from "./expressions.js";
import { madeFrames } from "./made-frames.js";
import { damagedExpression, poolOf, randomExpression } from "./random-expression.js";
import { Tcpdump, type TcpdumpAnswer } from "./tcpdump.js";

const seed = Number(process.env.WIREBEE_SEED ?? Date.now() % 2 ** 31);
const RANDOM = Number(process.env.WIREBEE_RUNS ?? 150);
const MADE = 4000;

/** What tcpdump says where its optimiser finds that nothing can match. */
const NEVER = "expression rejects all packets";

/** Whole frames, and after them as many cut ones; the captures are among them where there are some. */
async function allFrames(): Promise<PacketRecord[]> {
  const captured = whyMissing("captures") === undefined ? await capturedFrames() : [];
  return withCutFrames([...captured, ...madeFrames(MADE)]);
}

describeWith(["command tcpdump"], "filters, ours and tcpdump's", () => {
  let tcpdump: Tcpdump;
  let frames: PacketRecord[];
  /** What tcpdump makes of the table's expressions. */
  let answers: TcpdumpAnswer[];

  beforeAll(async () => {
    frames = await allFrames();
    tcpdump = await Tcpdump.open(frames);
    answers = await tcpdump.compile(expressions);
  }, 120_000);
  afterAll(() => tcpdump[Symbol.dispose]());

  /** For each frame, whether a program takes it: 1 or 0. */
  function selection(program: readonly SockFilter[]): Uint8Array {
    const machine = new ClassicBpfMachine(program);
    const taken = new Uint8Array(frames.length);
    for (const [i, { buffer, capturedLength, length, offset }] of frames.entries()) {
      taken[i] = machine.run(buffer, capturedLength, length, offset) === 0 ? 0 : 1;
    }
    return taken;
  }

  function ours(expression: string): Uint8Array | SyntaxProblem {
    try {
      return selection(compileFilter(expression).instructions);
    } catch (error) {
      if (error instanceof SyntaxProblem) return error;
      throw new Error(`not a SyntaxProblem for ${expression}`, { cause: error });
    }
  }

  /**
   * What is different, or undefined. tcpdump's two programs do not always agree with one another: its
   * optimiser moves tests and leaves out loads, which a cut packet tells apart. Where they agree, so
   * must ours.
   */
  function disagreement(expression: string, answer: TcpdumpAnswer): string | undefined {
    const mine = ours(expression);
    const { optimized, plain } = answer;
    if (mine instanceof SyntaxProblem) {
      const isRefusedToo = typeof plain === "string" || typeof optimized === "string";
      return isRefusedToo ? undefined : `we refuse ${expression}: ${mine.message}`;
    }
    if (typeof plain === "string") {
      return numbersInPart.test(plain) ? undefined : `tcpdump refuses ${expression}: ${plain}`;
    }
    if (typeof optimized === "string" && optimized !== NEVER && !numbersInPart.test(optimized)) {
      return `tcpdump's optimiser refuses ${expression}: ${optimized}`;
    }
    const whole = selection(plain);
    const other = typeof optimized === "string" ? whole : selection(optimized);
    const wrong = mine.findIndex((bit, i) => bit !== whole[i] && bit !== other[i]);
    if (wrong < 0) return undefined;
    return `${expression}: frame ${wrong} is ${mine[wrong] === 1 ? "taken by us" : "taken by tcpdump"} alone`;
  }

  function disagreements(texts: readonly string[], answers: readonly TcpdumpAnswer[]): string[] {
    return texts.map((text, i) => disagreement(text, answers[i])).filter((text) => text !== undefined);
  }

  test(`${expressions.length} expressions select the same frames`, () => {
    expect(expressions.length).toBeGreaterThanOrEqual(150);
    expect(disagreements(expressions, answers)).toEqual([]);
    // Of frames that were not cut, what tcpdump selects by default.
    const half = frames.length / 2;
    const unlike = expressions.filter((expression, i) => {
      const { optimized } = answers[i];
      if (typeof optimized === "string") return optimized !== NEVER;
      const theirs = selection(optimized);
      return (ours(expression) as Uint8Array).subarray(0, half).some((bit, j) => bit !== theirs[j]);
    });
    expect(unlike).toEqual([]);
  });

  test("tcpdump -r selects the frames that our machine selects by its program, and by ours", async () => {
    const some = [...expressions.keys()].filter((i) => i % 6 === 0);
    const selections = await tcpdump.select(some.map((i) => expressions[i]));
    for (const [at, i] of some.entries()) {
      const expression = expressions[i];
      const selected = selections[at];
      const { optimized } = answers[i];
      if (typeof optimized === "string") {
        expect(selected, expression).toBeUndefined();
        continue;
      }
      const numbers = (bits: Uint8Array): number[] => [...bits.keys()].filter((frame) => bits[frame] === 1);
      expect(selected, expression).toEqual(numbers(selection(optimized)));
      const whole = (frame: number): boolean => frame < frames.length / 2;
      expect(numbers(ours(expression) as Uint8Array).filter(whole), expression).toEqual(
        selected?.filter(whole),
      );
    }
  });

  /** Is it one of differences.ts that random expressions come upon? */
  function isWrittenDown(text: string): boolean {
    if (/^we refuse .*: (.* is more than (255|65535)|division by zero)$/.test(text)) return true;
    return /^geneve .*net [^ ]*::/.test(text) && text.endsWith("taken by us alone");
  }

  test(`random expressions, good and damaged, seed ${seed}`, async () => {
    const pool = poolOf(frames);
    const texts = [
      ...fc.sample(randomExpression(pool), { seed, numRuns: RANDOM }),
      ...fc.sample(damagedExpression(pool), { seed, numRuns: RANDOM }),
    ];
    const programs = await tcpdump.compile(texts);
    const unexplained = disagreements(texts, programs).filter((text) => !isWrittenDown(text));
    expect(unexplained).toEqual([]);
    const taken = programs.filter(({ plain }) => typeof plain !== "string").length;
    expect(taken, "expressions that tcpdump takes").toBeGreaterThan(RANDOM);
  });

  test("differences are those that are written down", async () => {
    const meant = await tcpdump.compile(otherMeanings.map(({ theirs }) => theirs));
    for (const [i, { ours: text, why }] of otherMeanings.entries()) {
      expect(disagreement(text, meant[i]), why).toBeUndefined();
      expect(ours(text), text).toContain(1);
    }
    for (const [i, { optimized }] of (await tcpdump.compile(contradictions)).entries()) {
      expect(optimized, contradictions[i]).toBe(NEVER);
      expect(ours(contradictions[i]), contradictions[i]).not.toContain(1);
    }
    for (const { expression, message, why } of refused) {
      expect(() => compileFilter(expression), why).toThrow(message);
    }
    const taken = refused.filter(({ message }) => !/DNS|looked up/.test(message.source));
    for (const [i, { plain }] of (
      await tcpdump.compile(taken.map(({ expression }) => expression))
    ).entries()) {
      expect(plain, taken[i].expression).toBeInstanceOf(Array);
    }
  });

  test("programs are written as tcpdump -d writes them", async () => {
    const some = [...expressions.keys()].filter((i) => i % 3 === 0);
    const texts = await tcpdump.disassemble(some.map((i) => expressions[i]));
    for (const [at, i] of some.entries()) {
      const { optimized } = answers[i];
      if (typeof optimized === "string") continue;
      expect(disassembleClassicBpf(optimized)).toEqual(texts[at].map((line) => line.trimEnd()));
    }
  });
});

describeWith(["captures"], "the frames that filters are compared by", () => {
  test("are of kinds enough for every expression to mean something", async () => {
    const frames = await allFrames();
    const idle = expressions.filter((expression) => {
      const filter = compileFilter(expression);
      return !frames.some((frame) => filter.matchesPacket(frame));
    });
    expect(idle).toEqual(neverMatching);
  });
});
