/**
 * The numbers of Linux's user-space API that every room shares: error numbers, map, program and
 * attach types, flags, verdicts. Imports nothing.
 */
export * from "./action.js";
export * from "./attach-type.js";
export * from "./errno.js";
export * from "./map-flags.js";
export * from "./map-type.js";
export * from "./program-type.js";
