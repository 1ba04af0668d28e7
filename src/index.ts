/** wirebee's errors and the numbers of Linux's user-space API; everything else has its own entry. */
export * from "./errors.js";
export * from "./uapi/index.js";
