import fc from "fast-check";
import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { seedOf } from "../../tests/seed.js";
import { WirebeeError } from "../errors.js";
import { ANY_CLANG, compileFixture } from "./fixtures/compile.oracle.js";
import { linkObjectFiles, parseObject, writeObject } from "./index.js";

const FIXTURES = ["programs", "data", "maps", "externs", "struct-ops"];
const RUNS = 400;

/** A number of 1, 4 or 8 bytes, put at a place that is a multiple of its size, modulo the file's. */
interface Damage {
  readonly place: number;
  readonly size: 1 | 4 | 8;
  readonly value: bigint;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  place: fc.noBias(fc.nat()),
  size: fc.constantFrom(1, 4, 8),
  value: fc.oneof(
    fc.constantFrom(0n, 1n, 0xffn, 0x7fffffffn, 0xffffffffn, 1n << 32n, 1n << 53n, (1n << 64n) - 1n),
    fc.bigInt({ min: 0n, max: 255n }),
  ),
});

function damaged(object: Uint8Array, damages: readonly Damage[], cut: number | undefined): Uint8Array {
  const bytes = object.slice();
  for (const { place, size, value } of damages) {
    const at = Math.floor((place % (bytes.length - 8)) / size) * size;
    for (let i = 0; i < size; i++) bytes[at + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }
  return cut === undefined ? bytes : bytes.subarray(0, Math.floor(cut * bytes.length));
}

/** What came of it: a result, or an error of ours; any other is a failure. */
function attempt(action: () => unknown): "done" | "refused" {
  try {
    action();
    return "done";
  } catch (error) {
    if (error instanceof WirebeeError) return "refused";
    throw error;
  }
}

describeWith([ANY_CLANG], "damaged objects", () => {
  test("are read, written and linked, or refused with an error of ours", () => {
    const seed = seedOf("damaged objects");
    const counts = { done: 0, refused: 0 };
    const objects = FIXTURES.map((name) => compileFixture(name));
    fc.assert(
      fc.property(
        fc.nat({ max: FIXTURES.length - 1 }),
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        fc.oneof(
          { weight: 19, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
        ),
        (which, damages, cut) => {
          const bytes = damaged(objects[which], damages, cut);
          counts[attempt(() => writeObject(parseObject(bytes)))]++;
          attempt(() => linkObjectFiles([bytes, objects[0]]));
        },
      ),
      { seed, numRuns: RUNS },
    );
    expect(counts.done).toBeGreaterThan(RUNS / 20);
    expect(counts.refused).toBeGreaterThan(RUNS / 20);
  });
});
