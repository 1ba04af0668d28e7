import { expect, test } from "vitest";
import type { AssembledMap, MapContent } from "../../../src/testing/index.js";
import { MapFlag, MapType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { expectSame, useKernels } from "../kernels.js";
import { choose, lookup, operationPackets, program, readAndCount, remove, update } from "./operations.js";

const ANY = 0;
const NOEXIST = 1;
const EXIST = 2;
const PACKETS = 120;

/** All that a program can do to a map of keys and values. */
const everything = (name: string, valueSize: 4 | 8 = 8) =>
  choose(
    `${lookup(name)}\n${readAndCount(valueSize)}`,
    update(name, ANY),
    update(name, NOEXIST),
    update(name, EXIST),
    remove(name),
    update(name, 77),
  );

const MAPS: readonly (readonly [title: string, map: AssembledMap, keys: number])[] = [
  ["HASH", { name: "map", type: MapType.Hash, keySize: 8, maxEntries: 8 }, 12],
  [
    "HASH without preallocation",
    { name: "map", type: MapType.Hash, keySize: 8, maxEntries: 8, flags: MapFlag.NoPrealloc },
    12,
  ],
  [
    "HASH with keys of 3 bytes",
    { name: "map", type: MapType.Hash, keySize: 3, valueSize: 8, maxEntries: 8 },
    12,
  ],
  [
    "HASH with values of 5 bytes",
    { name: "map", type: MapType.Hash, keySize: 4, valueSize: 5, maxEntries: 8 },
    12,
  ],
  ["HASH of one element", { name: "map", type: MapType.Hash, keySize: 4, maxEntries: 1 }, 3],
  ["ARRAY", { name: "map", type: MapType.Array, maxEntries: 5 }, 8],
  ["ARRAY of one element", { name: "map", type: MapType.Array, maxEntries: 1 }, 3],
  ["ARRAY of values of 5 bytes", { name: "map", type: MapType.Array, valueSize: 5, maxEntries: 3 }, 5],
  ["PERCPU_HASH", { name: "map", type: MapType.PercpuHash, keySize: 8, maxEntries: 8 }, 12],
  ["PERCPU_ARRAY", { name: "map", type: MapType.PercpuArray, maxEntries: 5 }, 8],
  ["LRU_HASH", { name: "map", type: MapType.LruHash, keySize: 8, maxEntries: 16 }, 12],
  ["LRU_PERCPU_HASH", { name: "map", type: MapType.LruPercpuHash, keySize: 8, maxEntries: 16 }, 12],
];

/** Prefix lengths and the bytes behind them: an LPM_TRIE's key of 8 bytes. */
const prefix = (length: number, ...bytes: number[]) => Uint8Array.of(length, 0, 0, 0, ...bytes);
const value = (n: number) => Uint8Array.of(n, 0, 0, 0, 0, 0, 0, 0);
const ROUTES: readonly MapContent[] = [
  { map: "map", key: prefix(0, 0, 0, 0, 0), value: value(1) },
  { map: "map", key: prefix(8, 0, 0, 0, 0), value: value(2) },
  { map: "map", key: prefix(6, 4, 0, 0, 0), value: value(3) },
  { map: "map", key: prefix(32, 9, 0, 0, 0), value: value(4) },
];

describeWith(["bpf"], "maps of keys and values in programs on both kernels", () => {
  const kernels = useKernels();
  const seed = seedOf("map programs");

  test.each(MAPS)("%s: look-ups, updates and deletions", async (_title, map, keys) => {
    const code = program(everything("map", (map.valueSize ?? 8) < 8 ? 4 : 8));
    const packets = operationPackets(PACKETS, keys, 7, seed);
    expect(await expectSame(kernels(), { programs: [{ name: "ops", code }], maps: [map] }, { packets })).toBe(
      PACKETS,
    );
  });

  test.each([
    ["LRU_HASH", MapType.LruHash, 0],
    ["LRU_HASH with lists of each CPU's own", MapType.LruHash, MapFlag.NoCommonLru],
    ["LRU_PERCPU_HASH", MapType.LruPercpuHash, 0],
  ])("%s: the least recently used goes when the map is full", async (_title, type, flags) => {
    const map = { name: "map", type, keySize: 8, maxEntries: 8, flags };
    const code = program(
      choose(`${lookup("map")}\n${readAndCount()}`, update("map"), update("map"), remove("map")),
    );
    const packets = operationPackets(PACKETS, 40, 4, seed);
    expect(await expectSame(kernels(), { programs: [{ name: "lru", code }], maps: [map] }, { packets })).toBe(
      PACKETS,
    );
  });

  test("LPM_TRIE: the longest prefix is found", async () => {
    const map = { name: "map", type: MapType.LpmTrie, keySize: 8, maxEntries: 12, flags: MapFlag.NoPrealloc };
    // The operand's low byte is the prefix length's, and its bits come back as the address.
    const key = `
      r3 = *(u64 *)(r8 + 0)
      r4 = r3
      r4 &= 63
      r3 <<= 29
      r3 |= r4
      *(u64 *)(r8 + 0) = r3`;
    const code = program(
      choose(
        ...[
          `${lookup("map")}\n${readAndCount()}`,
          update("map"),
          remove("map"),
          update("map", NOEXIST),
          update("map", EXIST),
        ].map((operation) => `${key}\n${operation}`),
      ),
    );
    const packets = operationPackets(PACKETS * 2, 64, 5, seed);
    const trial = { packets, contents: ROUTES };
    expect(await expectSame(kernels(), { programs: [{ name: "lpm", code }], maps: [map] }, trial)).toBe(
      PACKETS * 2,
    );
  });

  test.each([
    ["PERCPU_ARRAY", MapType.PercpuArray],
    ["PERCPU_HASH", MapType.PercpuHash],
    ["LRU_PERCPU_HASH", MapType.LruPercpuHash],
  ])("%s: bpf_map_lookup_percpu_elem, also of CPUs that are not there", async (_title, type) => {
    const map = { name: "map", type, maxEntries: 4 };
    const find = `r3 = *(u64 *)(r8 + 8)\nr3 &= 127\nr1 = map ll\nr2 = r8\ncall map_lookup_percpu_elem\n${readAndCount()}`;
    const code = program(choose(find, update("map"), find));
    const packets = operationPackets(PACKETS, 5, 3, seed).map(({ packet }, index) => {
      new DataView(packet.buffer).setUint32(24, index % 4, true);
      return { packet };
    });
    expect(await expectSame(kernels(), { programs: [{ name: "cpu", code }], maps: [map] }, { packets })).toBe(
      PACKETS,
    );
  });

  test("a value that programs may only read, and one that they may only write", async () => {
    const maps = [
      { name: "readable", type: MapType.Array, maxEntries: 4, flags: MapFlag.RdonlyProg },
      { name: "writable", type: MapType.Array, maxEntries: 4, flags: MapFlag.WronlyProg },
      { name: "constants", type: MapType.Array, valueSize: 16, flags: MapFlag.RdonlyProg },
    ];
    const read = `${lookup("readable")}\nif r0 == 0 goto out\nr0 = *(u64 *)(r0 + 0)\nout: r1 = 0`;
    const direct = "r3 = constants[0]+4 ll\nr0 = *(u32 *)(r3 + 2)";
    const code = program(choose(read, update("writable"), direct));
    const constants = {
      map: "constants",
      key: value(0).subarray(0, 4),
      value: Uint8Array.from({ length: 16 }, (_, n) => n * 3),
    };
    const readable = [0, 1, 2, 3].map((n) => ({
      map: "readable",
      key: value(n).subarray(0, 4),
      value: value(n * 17 + 1),
    }));
    const packets = operationPackets(PACKETS, 6, 3, seed);
    for (const frozen of [[], ["readable", "constants"]]) {
      const trial = { packets, contents: [...readable, constants], frozen };
      expect(await expectSame(kernels(), { programs: [{ name: "ro", code }], maps }, trial)).toBe(PACKETS);
    }
  });

  test("spin locks around a value's update; the lock's bytes are not the user's", async () => {
    const special = [{ kind: "spin_lock", offset: 8, size: 4 }] as const;
    const maps = [
      { name: "array", type: MapType.Array, valueSize: 16, maxEntries: 4, special },
      { name: "hash", type: MapType.Hash, valueSize: 16, maxEntries: 8, special },
    ];
    const locked = (map: string) => `
      ${lookup(map)}
      if r0 == 0 goto missing
      r9 = r0
      r1 = r0
      r1 += 8
      call spin_lock
      r3 = *(u64 *)(r9 + 0)
      r3 += 5
      *(u64 *)(r9 + 0) = r3
      *(u32 *)(r9 + 12) = r3
      r1 = r9
      r1 += 8
      call spin_unlock
      r0 = 1
      goto out
      missing: r0 = 0
      out: r1 = 0`;
    // Values of 16 bytes: r8's 16 bytes are key and value at once, the key its first 4.
    const store = "r1 = hash ll\nr2 = r8\nr3 = r8\nr4 = 0\ncall map_update_elem\nr1 = 0";
    const code = program(choose(locked("array"), locked("hash"), store, remove("hash")));
    const packets = operationPackets(PACKETS, 6, 4, seed);
    expect(await expectSame(kernels(), { programs: [{ name: "lock", code }], maps }, { packets })).toBe(
      PACKETS,
    );
  });

  test("maps in maps", async () => {
    const inner = { name: "shape", type: MapType.Array, maxEntries: 2 };
    const maps: AssembledMap[] = [
      { ...inner, name: "first" },
      { ...inner, name: "second" },
      {
        name: "array",
        type: MapType.ArrayOfMaps,
        valueSize: 4,
        maxEntries: 4,
        inner,
        values: [
          { index: 0, name: "first" },
          { index: 2, name: "second" },
        ],
      },
      {
        name: "hash",
        type: MapType.HashOfMaps,
        valueSize: 4,
        maxEntries: 4,
        inner,
        values: [
          { index: 1, name: "second" },
          { index: 3, name: "first" },
        ],
      },
    ];
    const through = (outer: string) => `
      ${lookup(outer)}
      if r0 == 0 goto missing
      r1 = r0
      r2 = r8
      r2 += 8
      r3 = *(u32 *)(r2 + 0)
      r3 &= 3
      *(u32 *)(r2 + 0) = r3
      call map_lookup_elem
      if r0 == 0 goto inner
      r3 = *(u64 *)(r0 + 0)
      r3 += 1
      *(u64 *)(r0 + 0) = r3
      r0 = r3
      goto out
      inner: r0 = -2
      goto out
      missing: r0 = -1
      out: r1 = 0`;
    const code = program(choose(through("array"), through("hash")));
    const packets = operationPackets(PACKETS, 5, 2, seed);
    expect(await expectSame(kernels(), { programs: [{ name: "nested", code }], maps }, { packets })).toBe(
      PACKETS,
    );
  });
});
