import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { KernelError, NotSupportedError } from "../errors.js";
import type { LinuxMap } from "../linux/index.js";
import { MapFlag, MapType, mapTypeName } from "../uapi/index.js";
import { createMap } from "./create-map.js";
import { kernelMap } from "./kernel-map.oracle.js";
import type { MapDefinition } from "./map.js";
import { possibleCpus, TestHost } from "./test-host.oracle.js";

const cpus = possibleCpus();

const types = [
  MapType.Hash,
  MapType.Array,
  MapType.ProgArray,
  MapType.PerfEventArray,
  MapType.PercpuHash,
  MapType.PercpuArray,
  MapType.LruHash,
  MapType.LruPercpuHash,
  MapType.LpmTrie,
  MapType.ArrayOfMaps,
  MapType.HashOfMaps,
  MapType.Queue,
  MapType.Stack,
  MapType.BloomFilter,
  MapType.Ringbuf,
  MapType.UserRingbuf,
  MapType.Devmap,
  MapType.DevmapHash,
  MapType.Cpumap,
  MapType.Xskmap,
];
const keySizes = [0, 1, 3, 4, 5, 8, 260, 261];
const valueSizes = [0, 1, 4, 5, 8, 12, 32768, 32769];
/** Large counts go with small sizes only: Linux fills what it allocates, and that takes time. */
const entries = [0, 1, 100, 4096, 6144, 8193];
const SMALL = 8;
/** How many CPUs a CPUMAP may have is fixed when a kernel is built: ours is Linux's largest choice. */
const NR_CPUS = 8192;
const kernelCpus = () => Number(readFileSync("/sys/devices/system/cpu/kernel_max", "utf8")) + 1;
const { NoPrealloc, NoCommonLru, RdonlyProg, WronlyProg, Rdonly, Wronly } = MapFlag;
/** Combined, besides each flag alone. */
const flagSets = [
  0,
  ...Array.from({ length: 19 }, (_, bit) => 1 << bit),
  NoPrealloc | NoCommonLru,
  NoPrealloc | RdonlyProg,
  NoPrealloc | WronlyProg,
  RdonlyProg | WronlyProg,
  Rdonly | Wronly,
  NoCommonLru | MapFlag.NumaNode,
];
const inner: MapDefinition = {
  name: "inner",
  type: MapType.Array,
  keySize: 4,
  valueSize: 4,
  maxEntries: 2,
  flags: 0,
};

function outcome(create: () => { close(): void }): string {
  try {
    create().close();
    return "created";
  } catch (error) {
    if (error instanceof NotSupportedError) return `not supported: ${error.message}`;
    if (error instanceof KernelError) return error.code;
    throw error;
  }
}

function compare(definition: MapDefinition, innerFd: number): string | undefined {
  const theirs = outcome(() => kernelMap(definition, innerFd));
  const host = new TestHost(cpus);
  const ours = outcome(() => {
    const map = createMap(definition, host, 1);
    return { close: () => map.release() };
  });
  // What creation took, release gives back.
  if (host.arena.used !== 0) return `${host.arena.used} bytes of the arena are lost`;
  return ours === theirs ? undefined : `ours ${ours}, Linux ${theirs}`;
}

function* definitions(type: MapType): Generator<MapDefinition> {
  const base = { name: "m", type, mapExtra: 0n, inner };
  for (const keySize of keySizes) {
    for (const valueSize of valueSizes) {
      for (const maxEntries of entries) {
        if (maxEntries > 1 && Math.max(keySize, valueSize) > SMALL) continue;
        if (type === MapType.Cpumap && maxEntries > kernelCpus() && maxEntries <= NR_CPUS) continue;
        // Sizes with the flags that the type needs, flags with sizes that most types take.
        for (const flags of [0, NoPrealloc]) yield { ...base, keySize, valueSize, maxEntries, flags };
      }
    }
  }
  for (const flags of flagSets) {
    for (const keySize of [0, 4, 8]) {
      for (const valueSize of [0, 4, 8]) {
        for (const maxEntries of type === MapType.Cpumap ? [1] : [1, 4096])
          yield { ...base, keySize, valueSize, maxEntries, flags };
      }
    }
  }
  for (const mapExtra of [1n, 15n, 16n, 1n << 32n]) {
    for (const keySize of [0, 4]) {
      yield { ...base, keySize, valueSize: 4, maxEntries: 1, flags: 0, mapExtra };
    }
  }
}

describeWith(["bpf"], "BPF_MAP_CREATE, ours and Linux's", () => {
  let innerMap: LinuxMap;
  beforeAll(() => {
    innerMap = kernelMap(inner);
  });
  afterAll(() => innerMap.close());

  test.each(types.map((type) => [mapTypeName(type), type] as const))("%s", (_name, type) => {
    const differences: string[] = [];
    let count = 0;
    for (const definition of definitions(type)) {
      count++;
      const difference = compare(definition, innerMap.fd);
      if (difference === undefined) continue;
      const { keySize, valueSize, maxEntries, flags, mapExtra } = definition;
      differences.push(
        `${keySize}/${valueSize}/${maxEntries} 0x${flags.toString(16)} ${mapExtra}: ${difference}`,
      );
    }
    expect(differences.slice(0, 20)).toEqual([]);
    expect(count).toBeGreaterThan(500);
  });
});
