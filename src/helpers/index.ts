/**
 * The kernel's helper functions and kfuncs: names, C declarations, what the verifier must know of each,
 * and who may call them. Read by verifier, vm and disassembler alike. Imports `uapi/` and errors.
 */
export { type Helper, helperById, helperByName, helperPrototype, helpers } from "./helper.js";
export { type Kfunc, type KfuncFlag, kfuncByName, kfuncs } from "./kfunc.js";
export {
  type Capability,
  callableHelpers,
  helperCapability,
  helperOption,
  knownProgramTypes,
} from "./program-access.js";
export type {
  ArgumentKind,
  HelperArgument,
  HelperPrototype,
  HelperReturn,
  HelperType,
  ReturnKind,
  TypeFlag,
} from "./prototype.js";
