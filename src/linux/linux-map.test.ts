import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { KernelError, MapFullError } from "../errors.js";
import { BatchError } from "../maps/index.js";
import { MapFlag, MapType, mapTypeName } from "../uapi/index.js";
import { createMap, type MapShape } from "./create-map.js";
import { expectNothingOpen } from "./fixtures/left-behind.oracle.js";
import { LinuxMap } from "./index.js";
import { possibleCpus } from "./possible-cpus.js";

const shape = (type: MapType, more: Partial<MapShape> = {}): MapShape => ({
  name: "under_test",
  type,
  keySize: 4,
  valueSize: 8,
  maxEntries: 4,
  flags: 0,
  ...more,
});
const create = (type: MapType, more: Partial<MapShape> = {}) => new LinuxMap(createMap(shape(type, more)));
const key = (number: number) => new Uint8Array(Uint32Array.of(number).buffer);
const value = (...bytes: number[]) => Uint8Array.from({ length: 8 }, (_, i) => bytes[i] ?? 0);
const codeOf = (operation: () => unknown): string => {
  try {
    operation();
    return "ok";
  } catch (error) {
    if (error instanceof KernelError) return error.code;
    throw error;
  }
};

describeWith(["bpf"], "maps of Linux", () => {
  expectNothingOpen();

  test("what the kernel says of a map", () => {
    using map = create(MapType.BloomFilter, { keySize: 0, mapExtra: 3n, flags: MapFlag.ZeroSeed });
    expect(map.info).toMatchObject({
      name: "under_test",
      type: MapType.BloomFilter,
      keySize: 0,
      valueSize: 8,
      maxEntries: 4,
      flags: MapFlag.ZeroSeed,
      mapExtra: 3n,
      btfId: 0,
    });
    expect(map.id).toBeGreaterThan(0);
  });

  test("a map lives on the NUMA node that is asked for, and on none that is not there", () => {
    const flags = MapFlag.NumaNode;
    using _map = create(MapType.Hash, { flags, numaNode: 0 });
    expect(codeOf(() => create(MapType.Hash, { flags, numaNode: 1000 }))).toBe("EINVAL");
  });

  test("elements: their values, and the kernel's error numbers", () => {
    using map = create(MapType.Hash, { maxEntries: 2 });
    map.updateElem(key(7), value(1, 2));
    map.updateElem(key(7), value(3), 2);
    expect(map.lookupElem(key(7))).toEqual(value(3));
    expect(codeOf(() => map.lookupElem(key(8)))).toBe("ENOENT");
    expect(codeOf(() => map.updateElem(key(7), value(1), 1))).toBe("EEXIST");
    expect(codeOf(() => map.updateElem(key(8), value(1), 2))).toBe("ENOENT");
    expect(codeOf(() => map.deleteElem(key(8)))).toBe("ENOENT");
    map.updateElem(key(8), value(8));
    expect(() => map.updateElem(key(9), value(9))).toThrow(MapFullError);
    expect(map.lookupAndDeleteElem(key(8))).toEqual(value(8));
    map.deleteElem(key(7));
    expect(map.nextKey()).toBeUndefined();
  });

  test.each([
    [
      "key",
      () => create(MapType.Hash),
      (map: LinuxMap) => map.lookupElem(value()),
      "a key has 4 bytes, not 8",
    ],
    [
      "value",
      () => create(MapType.Hash),
      (map: LinuxMap) => map.updateElem(key(1), key(1)),
      "a value has 8 bytes, not 4",
    ],
  ])("a %s of the wrong size never reaches the kernel", (_what, make, operation, message) => {
    using map = make();
    expect(() => operation(map)).toThrow(message);
  });

  test("values of every CPU", () => {
    using map = create(MapType.PercpuArray, { valueSize: 5 });
    const cpus = possibleCpus();
    expect(map.userValueSize).toBe(8 * cpus);
    const bytes = Uint8Array.from({ length: 8 * cpus }, (_, i) => (i % 8 < 5 ? i : 0));
    map.updateElem(key(2), bytes);
    const found = map.lookupElem(key(2)).map((byte, i) => (i % 8 < 5 ? byte : 0));
    expect(found).toEqual(bytes);
  });

  test.each([
    [MapType.Queue, [1, 2, 3]],
    [MapType.Stack, [3, 2, 1]],
  ])("%i has values and no keys", (type, order) => {
    using map = create(type, { keySize: 0 });
    const none = new Uint8Array(0);
    for (const number of [1, 2, 3]) map.updateElem(none, value(number));
    expect(map.lookupElem(none)).toEqual(value(order[0]));
    expect(order.map(() => map.lookupAndDeleteElem(none)[0])).toEqual(order);
    expect(codeOf(() => map.lookupAndDeleteElem(none))).toBe("ENOENT");
  });

  test("a bloom filter is asked for a value", () => {
    using map = create(MapType.BloomFilter, { keySize: 0, maxEntries: 1000 });
    map.updateElem(new Uint8Array(0), value(42));
    expect(map.lookupElem(value(42))).toEqual(value(42));
    expect(codeOf(() => map.lookupElem(value(43)))).toBe("ENOENT");
  });

  test.each([MapType.Hash, MapType.LruHash, MapType.PercpuHash, MapType.LpmTrie] as const)(
    "every element of map type %i is seen once",
    (type) => {
      const isTrie = type === MapType.LpmTrie;
      const flags = isTrie ? MapFlag.NoPrealloc : 0;
      using map = create(type, { maxEntries: 3000, flags, keySize: isTrie ? 8 : 4 });
      const keyOf = (i: number) => (isTrie ? Uint8Array.of(...key(32), ...key(i)) : key(i));
      const numbers = Array.from({ length: 2000 }, (_, i) => i);
      for (const i of numbers) map.updateElem(keyOf(i), new Uint8Array(map.userValueSize).fill(i));
      const seen = [...map.entries()].map(([found, content]) => {
        const number = new Uint32Array(found.slice(isTrie ? 4 : 0).buffer)[0];
        return content.every((byte) => byte === (number & 0xff)) ? number : -1;
      });
      expect(seen.sort((a, b) => a - b)).toEqual(numbers);
    },
  );

  test("a bucket that is larger than a batch asks for a larger one", () => {
    // So large that a batch begins with one: two in a bucket are one too many.
    const valueSize = 700_000;
    using map = create(MapType.Hash, { valueSize, flags: MapFlag.NoPrealloc });
    for (let round = 0; round < 10; round++) {
      const numbers = [1, 2, 3, 4].map((number) => round * 4 + number);
      for (const number of numbers) map.updateElem(key(number), new Uint8Array(valueSize).fill(number));
      const seen = [...map.entries()].map(([found, content]) => [
        found[0],
        content[0],
        content[valueSize - 1],
      ]);
      expect(seen.sort(([a], [b]) => a - b)).toEqual(numbers.map((number) => [number, number, number]));
      for (const number of numbers) map.deleteElem(key(number));
    }
  });

  test("types that have no batches are iterated key by key", () => {
    using map = create(MapType.DevmapHash, { valueSize: 4 });
    expect([...map.entries()]).toEqual([]);
    map.updateElem(key(9), key(1));
    expect([...map.entries()]).toEqual([[key(9), key(1)]]);
  });

  test("batches", () => {
    using map = create(MapType.Hash, { maxEntries: 100 });
    const keys = Array.from({ length: 10 }, (_, i) => key(i));
    const values = keys.map((_, i) => value(i));
    expect(map.updateBatch(keys, values)).toBe(10);
    expect(map.lookupBatch(undefined, 100).keys).toHaveLength(10);
    expect(map.deleteBatch(keys.slice(0, 3))).toBe(3);
    const missing = [key(5), key(0), key(6)];
    expect(() => map.deleteBatch(missing)).toThrow(BatchError);
    expect(() => map.deleteBatch([key(7), ...missing])).toThrow(
      expect.objectContaining({ done: 1, code: "ENOENT" }),
    );
    expect(map.lookupAndDeleteBatch(undefined, 100).keys).toHaveLength(5);
    expect(map.nextKey()).toBeUndefined();
  });

  test("a frozen map is written no more", () => {
    using map = create(MapType.Array);
    map.updateElem(key(0), value(1));
    map.freeze();
    expect(codeOf(() => map.updateElem(key(0), value(2)))).toBe("EPERM");
    expect(map.lookupElem(key(0))).toEqual(value(1));
  });

  test("a map that is closed is used no more", () => {
    const map = create(MapType.Array);
    map.close();
    map.close();
    expect(map.isClosed).toBe(true);
    for (const operation of [() => map.lookupElem(key(0)), () => map.nextKey(), () => map.freeze()]) {
      expect(codeOf(operation)).toBe("EBADF");
    }
    expect(codeOf(() => map.lookupBatch(undefined, 1))).toBe("EBADF");
  });

  test.each([
    [mapTypeName(MapType.Hash), shape(MapType.Hash, { keySize: 0 }), "EINVAL"],
    [
      mapTypeName(MapType.Ringbuf),
      shape(MapType.Ringbuf, { keySize: 0, valueSize: 0, maxEntries: 5 }),
      "EINVAL",
    ],
    ["too large", shape(MapType.Array, { valueSize: 1 << 30, maxEntries: 1 << 20 }), "ENOMEM"],
    ["no such type", shape(200 as MapType), "EINVAL"],
  ])("refused at creation: %s", (_what, refused, code) => {
    expect(codeOf(() => createMap(refused))).toBe(code);
  });
});
