import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("fuzz.mjs", import.meta.url));
const COUNT = 12_000;
const MOST_MEGABYTES = 256;
/** Milliseconds after which a parser hangs, by any measure. */
const HANGS = 110_000;
const seed = process.env.WIREBEE_SEED ?? String(Date.now() % 2 ** 31);

test(`damaged objects, BTF and captures give typed errors alone, in bounded memory, seed ${seed}`, () => {
  const args = [script, "--seed", seed, "--count", String(COUNT)];
  const { status, signal, stdout, stderr } = spawnSync("node", args, { encoding: "utf8", timeout: HANGS });
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
  const { mutants, refused, accepted, peakMegabytes } = JSON.parse(stdout);
  expect(mutants).toBeGreaterThanOrEqual(COUNT);
  expect(refused).toBeGreaterThan(COUNT / 10);
  expect(accepted).toBeGreaterThan(COUNT / 20);
  expect(peakMegabytes).toBeLessThan(MOST_MEGABYTES);
});
