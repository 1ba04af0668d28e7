import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { examplePath, readObject } from "../example.js";
import { mapContents, mapsFile } from "./configuration.js";
import { maglevTable, type TableBackend } from "./maglev.js";
import { services } from "./services.js";

const backends = (count: number): TableBackend[] =>
  Array.from({ length: count }, (_, i) => ({ number: i + 1, name: `192.0.2.${i} 8080` }));

function slots(table: readonly number[]): number[] {
  const counts: number[] = [];
  for (const number of table) counts[number] = (counts[number] ?? 0) + 1;
  return counts;
}

test.each([1, 2, 3, 10, 40])("%i backends have the same share, to a slot", (count) => {
  const shares = slots(maglevTable(backends(count), 4093)).slice(1);
  expect(shares).toHaveLength(count);
  expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
});

test("a table is the same whatever the backends are numbered and however they are ordered by weight", () => {
  const names = (table: readonly number[], list: readonly TableBackend[]) =>
    table.map((number) => list.find((backend) => backend.number === number)?.name);
  const list = backends(5);
  const renumbered = list.map((backend) => ({ ...backend, number: 100 - backend.number }));
  expect(names(maglevTable(renumbered, 251), renumbered)).toEqual(names(maglevTable(list, 251), list));
});

test("most slots of the others stay when a backend goes", () => {
  const list = backends(10);
  const before = maglevTable(list, 4093);
  const after = maglevTable(list.slice(1), 4093);
  const moved = before.filter((number, slot) => number !== 1 && number !== after[slot]).length;
  // The paper measures a few per cent; without the permutations it would be nine in ten.
  expect(moved / before.length).toBeLessThan(0.1);
});

test("weights are shares", () => {
  const [one, two] = backends(2);
  const [, first, second] = slots(maglevTable([one, { ...two, weight: 3 }], 4093));
  expect(second / first).toBeCloseTo(3, 1);
});

test.each([[[]], [[{ number: 1, name: "drained", weight: 0 }]]])("there may be no backend: %j", (none) => {
  expect(new Set(maglevTable(none, 251))).toEqual(new Set([0]));
});

test.each([0, 1, 4, 250, 4095, 2.5])("%d slots are refused", (size) => {
  expect(() => maglevTable(backends(2), size)).toThrow(RangeError);
});

test("maps.json is what the services give", () => {
  const size = readObject("load-balancer").globals.get("table_size") as number;
  const path = examplePath("load-balancer", "maps.json");
  const text = mapsFile(mapContents(services, size));
  // After a change of services.ts: WIREBEE_UPDATE=1 npx vitest run examples/load-balancer
  if (process.env.WIREBEE_UPDATE === "1") writeFileSync(path, text);
  expect(readFileSync(path, "utf8")).toBe(text);
});
