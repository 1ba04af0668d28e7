import type { HelperFunction } from "../machine.js";
import { flags, u32 } from "./argument.js";

/** Helpers on maps (kernel/bpf/helpers.c); ids as in include/uapi/linux/bpf.h. */
export const mapHelpers: readonly [id: number, HelperFunction][] = [
  [1, (m) => m.returnsAddress(m.mapAt(u32(m, 1)).lookup(u32(m, 2)))],
  [2, (m) => m.returns(m.mapAt(u32(m, 1)).update(u32(m, 2), u32(m, 3), flags(m, 4)))],
  [3, (m) => m.returns(m.mapAt(u32(m, 1)).delete(u32(m, 2)))],
  [87, (m) => m.returns(m.mapAt(u32(m, 1)).push(u32(m, 2), flags(m, 3)))],
  [88, (m) => m.returns(m.mapAt(u32(m, 1)).pop(u32(m, 2)))],
  [89, (m) => m.returns(m.mapAt(u32(m, 1)).peek(u32(m, 2)))],
  [195, (m) => m.returnsAddress(m.mapAt(u32(m, 1)).lookupPerCpu(u32(m, 2), u32(m, 3)))],
];
