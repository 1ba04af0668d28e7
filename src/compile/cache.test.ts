import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ObjectCache } from "./cache.js";
import { testFolder } from "./fixtures.oracle.js";

const file = testFolder();
const bytes = (...values: number[]) => Uint8Array.from(values);

test("what was put in comes out", () => {
  const cache = new ObjectCache(file("plain"));
  const key = ObjectCache.key(["a"]);
  expect(cache.get(key)).toBeUndefined();
  cache.put(key, bytes(1, 2, 3));
  expect(cache.get(key)).toEqual(bytes(1, 2, 3));
  expect(readdirSync(cache.folder)).toEqual([key]);
});

test("parts of a key cannot be shifted into each other", () => {
  expect(ObjectCache.key(["ab", "c"])).not.toBe(ObjectCache.key(["a", "bc"]));
  expect(ObjectCache.key(["é"])).toBe(ObjectCache.key([new TextEncoder().encode("é")]));
});

const damage: readonly [title: string, (entry: Buffer) => Uint8Array][] = [
  ["one bit is another", (entry) => entry.map((byte, at) => (at === entry.length - 1 ? byte ^ 1 : byte))],
  ["the end is missing", (entry) => entry.subarray(0, -1)],
  ["it is empty", () => new Uint8Array(0)],
  ["there is only a part of the digest", (entry) => entry.subarray(0, 7)],
];
test.each(damage)("an entry is not used where %s", (_title, change) => {
  const cache = new ObjectCache(file("damaged"));
  const key = ObjectCache.key(["a"]);
  cache.put(key, bytes(1, 2, 3));
  const path = join(cache.folder, key);
  writeFileSync(path, change(readFileSync(path)));
  expect(cache.get(key)).toBeUndefined();
  cache.put(key, bytes(4));
  expect(cache.get(key)).toEqual(bytes(4));
});

test("a folder that cannot be made is as good as an empty cache", () => {
  const cache = new ObjectCache(join(file("occupied", "a file"), "cache"));
  cache.put(ObjectCache.key(["a"]), bytes(1));
  expect(cache.get(ObjectCache.key(["a"]))).toBeUndefined();
});

test("the entries that were used last stay, and what is no entry", () => {
  const cache = new ObjectCache(file("full"));
  const key = (number: number) => ObjectCache.key([String(number)]);
  const vmlinux = file("full/vmlinux-0/vmlinux.h", "");
  for (let i = 0; i < 512; i++) {
    cache.put(key(i), bytes(i & 255));
    utimesSync(join(cache.folder, key(i)), i, i);
  }
  // Used again, so that it is not the oldest any more.
  cache.get(key(0));
  cache.put(key(512), bytes(0));
  cache.put(key(513), bytes(1));
  expect(cache.get(key(0))).toEqual(bytes(0));
  expect(cache.get(key(1))).toBeUndefined();
  expect(cache.get(key(2))).toBeUndefined();
  expect(cache.get(key(3))).toEqual(bytes(3));
  expect(readdirSync(cache.folder)).toHaveLength(513);
  expect(existsSync(vmlinux)).toBe(true);
});
