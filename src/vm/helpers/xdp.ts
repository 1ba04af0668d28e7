import type { HelperFunction } from "../machine.js";
import { memory, s32, u32, xdp } from "./argument.js";

function transfer(isStore: boolean): HelperFunction {
  return (machine) => {
    const { address, length } = memory(machine, 3, "the buffer");
    const frame = xdp(machine);
    const offset = u32(machine, 2);
    machine.returns(
      isStore ? frame.storeBytes(offset, address, length) : frame.loadBytes(offset, address, length),
    );
  };
}

/** Helpers on XDP frames (net/core/filter.c, bpf_xdp_*). */
export const xdpHelpers: readonly [id: number, HelperFunction][] = [
  [44, (m) => m.returns(xdp(m).adjustHead(s32(m, 2)))],
  [54, (m) => m.returns(xdp(m).adjustMeta(s32(m, 2)))],
  [65, (m) => m.returns(xdp(m).adjustTail(s32(m, 2)))],
  [188, (m) => m.returns(xdp(m).totalLength)],
  [189, transfer(false)],
  [190, transfer(true)],
];

/** net/core/filter.c, bpf_xdp_pull_data. */
export const xdpKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_xdp_pull_data", (m) => m.returns(xdp(m).pullData(u32(m, 2)))],
];
