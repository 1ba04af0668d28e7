/**
 * Maps: one file per map type, all in the arena, with Linux's semantics and error numbers.
 * Imports `arena/`, `uapi/` and errors.
 */
export { BpfMap, type HeldProgram, type MapDefinition, type MapHost } from "./map.js";
