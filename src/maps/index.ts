/**
 * Maps: one file per map type, all in the arena, with Linux's semantics and error numbers.
 * Imports `arena/`, `uapi/` and errors.
 */
export { BatchError, type BatchResult } from "./batch.js";
export { BloomFilterMap } from "./bloom-filter.js";
export { checkDefinition } from "./check-definition.js";
export { createMap, hasMapType } from "./create-map.js";
export {
  BpfMap,
  type ElementCursor,
  type HeldProgram,
  type MapDefinition,
  type MapHost,
  type SpecialField,
} from "./map.js";
export { PerfEventArray, type PerfRecord } from "./perf-event-array.js";
export { ProgArray } from "./prog-array.js";
export { QueueStackMap } from "./queue-stack.js";
export { type RedirectEntry, RedirectMap, Xskmap } from "./redirect-map.js";
export { RingBuffer } from "./ring-buffer.js";
export { UserRingBuffer, type UserSample } from "./user-ring-buffer.js";
