/**
 * What people test their programs with: objects assembled from text, and the comparison of one
 * kernel with another. Imports `kernel.ts` and the rooms above it.
 */
export {
  type AssembledMap,
  type AssembledObject,
  type AssembledProgram,
  assembledObject,
} from "./assembled-object.js";
export {
  type Comparison,
  compareKernels,
  DisagreementError,
  expectAgreement,
  type Refusal,
} from "./compare-kernels.js";
export { type Difference, describeDifference } from "./difference.js";
export type { Incomparable, MapContent, Trial, TrialPacket } from "./trial.js";
