/**
 * The Linux kernel through bpf(2): objects loaded, run and watched, maps found. Imports every room
 * above it; Linux and Node only.
 */
export {
  LinuxKernel,
  type LinuxKernelOptions,
  type LinuxLoadOptions,
  openLinuxKernel,
} from "./linux-kernel.js";
export { LinuxMap } from "./linux-map.js";
export { LinuxObject, type RecordOptions } from "./linux-object.js";
export { LinuxProgram } from "./linux-program.js";
export type { MapInfo } from "./map-info.js";
export { FoundMap, listMaps, type MapReference, openMap } from "./open-map.js";
export { unpin } from "./pin.js";
export { type Finding, type LinuxFacts, probeLinux } from "./probe.js";
export type { ProgramInfo } from "./program-info.js";
