import { NotSupportedError } from "../errors.js";
import { MapType, mapTypeName } from "../uapi/index.js";
import { ArrayMap, PercpuArrayMap } from "./array.js";
import { BloomFilterMap } from "./bloom-filter.js";
import { checkDefinition } from "./check-definition.js";
import { HashMap } from "./hash.js";
import { LpmTrieMap } from "./lpm-trie.js";
import { LruHashMap, LruPercpuHashMap } from "./lru-hash.js";
import type { BpfMap, MapDefinition, MapHost } from "./map.js";
import { ArrayOfMaps, HashOfMaps } from "./map-in-map.js";
import { PercpuHashMap } from "./percpu-hash.js";
import { PerfEventArray } from "./perf-event-array.js";
import { ProgArray } from "./prog-array.js";
import { QueueStackMap } from "./queue-stack.js";
import { Cpumap, Devmap, DevmapHash, Xskmap } from "./redirect-map.js";
import { RingBuffer } from "./ring-buffer.js";
import { UserRingBuffer } from "./user-ring-buffer.js";

type MapClass = new (definition: MapDefinition, host: MapHost, id: number) => BpfMap;

const classes = new Map<number, MapClass>([
  [MapType.Hash, HashMap],
  [MapType.Array, ArrayMap],
  [MapType.ProgArray, ProgArray],
  [MapType.PerfEventArray, PerfEventArray],
  [MapType.PercpuHash, PercpuHashMap],
  [MapType.PercpuArray, PercpuArrayMap],
  [MapType.LruHash, LruHashMap],
  [MapType.LruPercpuHash, LruPercpuHashMap],
  [MapType.LpmTrie, LpmTrieMap],
  [MapType.ArrayOfMaps, ArrayOfMaps],
  [MapType.HashOfMaps, HashOfMaps],
  [MapType.Queue, QueueStackMap],
  [MapType.Stack, QueueStackMap],
  [MapType.BloomFilter, BloomFilterMap],
  [MapType.Ringbuf, RingBuffer],
  [MapType.UserRingbuf, UserRingBuffer],
  [MapType.Devmap, Devmap],
  [MapType.DevmapHash, DevmapHash],
  [MapType.Cpumap, Cpumap],
  [MapType.Xskmap, Xskmap],
]);

/** Whether there are maps of a type here. */
export function hasMapType(type: number): boolean {
  return classes.has(type);
}

/**
 * Creates a map, as BPF_MAP_CREATE does. Throws KernelError where Linux refuses the definition, and
 * NotSupportedError for types that are missing here or sizes that the arena cannot hold.
 */
export function createMap(definition: MapDefinition, host: MapHost, id: number): BpfMap {
  checkDefinition(definition);
  const MapOfType = classes.get(definition.type);
  if (MapOfType === undefined) {
    const name = mapTypeName(definition.type);
    throw new NotSupportedError(`map type ${name}`, `no maps of type ${name}`);
  }
  return host.arena.allOrNothing(() => new MapOfType(definition, host, id));
}
