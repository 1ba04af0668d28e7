import type { AssembledMap, MapContent } from "../../../src/testing/index.js";
import { MapType } from "../../../src/uapi/index.js";

/** The maps that generated programs use; an object has those alone that its programs name. */

/** Where a program's numbers go when it ends. */
export const OUT = "out";
/** One value that is accessed without a look-up. */
export const GLOBALS = "globals";
export const GLOBALS_SIZE = 64;
export const TARGETS = "targets";
/** Values of maps with look-ups. */
export const VALUE_SIZE = 16;
/** Maps with look-ups, and how many keys the writer lets programs use: some more than there is room for. */
export const LOOKUP_MAPS = [
  { name: "array", keys: 8 },
  { name: "hash", keys: 16 },
  { name: "percpu", keys: 4 },
  { name: "lru", keys: 8 },
] as const;
/** Those whose elements come in the same order in every kernel. */
export const ORDERED_MAPS = ["array", "percpu"] as const;

export const GENERATED_MAPS: readonly AssembledMap[] = [
  { name: OUT, type: MapType.Array, valueSize: 80 },
  { name: GLOBALS, type: MapType.Array, valueSize: GLOBALS_SIZE },
  { name: "array", type: MapType.Array, valueSize: VALUE_SIZE, maxEntries: 5 },
  { name: "hash", type: MapType.Hash, valueSize: VALUE_SIZE, maxEntries: 8 },
  { name: "percpu", type: MapType.PercpuArray, valueSize: VALUE_SIZE, maxEntries: 3 },
  { name: "lru", type: MapType.LruHash, valueSize: VALUE_SIZE, maxEntries: 16 },
  { name: TARGETS, type: MapType.ProgArray, valueSize: 4, maxEntries: 4 },
];

/** What the maps with look-ups hold at first. */
export const GENERATED_CONTENTS: readonly MapContent[] = [0, 1, 2].flatMap((n) =>
  ["array", "hash", "lru"].map((map) => ({
    map,
    key: Uint8Array.of(n * 2, 0, 0, 0),
    value: Uint8Array.from({ length: VALUE_SIZE }, (_, index) => (index * 29 + n * 77 + 0x70) & 0xff),
  })),
);
