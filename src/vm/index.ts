/**
 * The machine that runs programs: the reference interpreter. Imports `asm/`, `arena/`, `maps/`,
 * `uapi/` and errors.
 */
export { Interpreter, type MachineState } from "./interpreter.js";
export type { HelperFunction, Machine, PacketContext, Services } from "./machine.js";
export { type DecodedCode, decodeForExecution, type VmProgram } from "./program.js";
export { Trap, type TrapKind } from "./trap.js";
