/**
 * The machine that runs programs: the reference interpreter, the packets that programs see, and what
 * helpers do. Imports `asm/`, `arena/`, `maps/`, `helpers/`, `uapi/` and errors.
 */
export { SkBuff, type SkbFields } from "./context/sk-buff.js";
export { SKB_CONTEXT_SIZE, SkbField } from "./context/skb-field.js";
export { XdpBuff, type XdpOrigin } from "./context/xdp-buff.js";
export { helperImplementation, kfuncImplementation } from "./helpers/index.js";
export { Interpreter, type MachineState } from "./interpreter.js";
export type {
  FibLookup,
  HelperFunction,
  Machine,
  NetworkServices,
  PacketContext,
  Services,
} from "./machine.js";
export { type DecodedCode, decodeForExecution, type Resolver, type VmProgram } from "./program.js";
export { RedirectInfo, type RedirectTarget } from "./redirect-info.js";
export { type ExpiredTimer, TimerClock, TimerQueue } from "./timer-queue.js";
export { Trap, type TrapKind } from "./trap.js";
