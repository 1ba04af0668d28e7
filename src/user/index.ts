/**
 * The user-space kernel: programs, maps and packets in this process. Imports every room above it;
 * browser-safe.
 */
export { type Clock, ManualClock, SystemClock } from "./clock.js";
export { openUserKernel, UserKernel, type UserKernelOptions } from "./user-kernel.js";
export { UserObject } from "./user-object.js";
export { actionName, UserProgram } from "./user-program.js";
