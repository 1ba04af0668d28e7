import { expect, test } from "vitest";
import { MapType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { expectSame, useKernels } from "../kernels.js";
import { choose, operationPackets, peek, pop, program, push } from "./operations.js";

const PACKETS = 100;
const EXIST = 2;

describeWith(["bpf"], "maps without keys in programs on both kernels", () => {
  const kernels = useKernels();
  const seed = seedOf("queue programs");

  test.each([
    ["QUEUE", MapType.Queue],
    ["STACK", MapType.Stack],
  ])("%s: push, pop and peek, when it is full and when it is empty", async (_title, type) => {
    const map = { name: "map", type, keySize: 0, maxEntries: 4 };
    const code = program(
      choose(push("map"), push("map", EXIST), pop("map"), peek("map"), push("map"), push("map", 1)),
    );
    const packets = operationPackets(PACKETS, 9, 6, seed);
    expect(await expectSame(kernels(), { programs: [{ name: "ops", code }], maps: [map] }, { packets })).toBe(
      PACKETS,
    );
  });

  // The hash is each kernel's own, so that false positives differ: there is room enough for none.
  test.each([3n, 5n, 15n])("BLOOM_FILTER with %i hashes", async (mapExtra) => {
    const map = {
      name: "map",
      type: MapType.BloomFilter,
      keySize: 0,
      valueSize: 8,
      maxEntries: 1 << 16,
      mapExtra,
    };
    const code = program(choose(push("map"), peek("map"), peek("map"), push("map", 1)));
    const packets = operationPackets(PACKETS, 9, 4, seed).map(({ packet }, index) => {
      new DataView(packet.buffer).setBigUint64(24, BigInt((index * 7) % 40), true);
      return { packet };
    });
    expect(
      await expectSame(kernels(), { programs: [{ name: "bloom", code }], maps: [map] }, { packets }),
    ).toBe(PACKETS);
  });
});
