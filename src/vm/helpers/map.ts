import { MapType } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { checkMemory, flags, u32, u64 } from "./argument.js";

/** bpf_kptr_xchg: puts a pointer in a map's value, and gives what was there. */
function kptrXchg(machine: Machine): void {
  const place = u32(machine, 1);
  checkMemory(machine, place, 8, "the kptr");
  const { view } = machine.arena;
  const old = view.getBigInt64(place, true);
  view.setBigInt64(place, BigInt.asIntN(64, u64(machine, 2)), true);
  machine.returns64(old);
}

/** Helpers on maps (kernel/bpf/helpers.c); ids as in include/uapi/linux/bpf.h. */
export const mapHelpers: readonly [id: number, HelperFunction][] = [
  [1, (m) => m.returnsAddress(m.mapAt(u32(m, 1)).lookup(u32(m, 2)))],
  [2, (m) => m.returns(m.mapAt(u32(m, 1)).update(u32(m, 2), u32(m, 3), flags(m, 4)))],
  [3, (m) => m.returns(m.mapAt(u32(m, 1)).delete(u32(m, 2)))],
  [87, (m) => m.returns(m.mapAt(u32(m, 1)).push(u32(m, 2), flags(m, 3)))],
  [88, (m) => m.returns(m.mapAt(u32(m, 1)).pop(u32(m, 2)))],
  [89, (m) => m.returns(m.mapAt(u32(m, 1)).peek(u32(m, 2)))],
  [194, kptrXchg],
  [195, (m) => m.returnsAddress(m.mapAt(u32(m, 1)).lookupPerCpu(u32(m, 2), u32(m, 3)))],
];

/** The map types that count their elements (kernel/bpf/hashtab.c). */
const COUNTING: readonly number[] = [
  MapType.Hash,
  MapType.PercpuHash,
  MapType.LruHash,
  MapType.LruPercpuHash,
  MapType.HashOfMaps,
];

/** bpf_map_sum_elem_count: 0 for maps that do not count. */
function sumElemCount(machine: Machine): void {
  const map = machine.mapAt(u32(machine, 1));
  let count = 0;
  if (COUNTING.includes(map.type)) for (const elements = map.elements(); elements.next(); ) count++;
  machine.returns(count);
}

/** kfuncs on maps (kernel/bpf/map_iter.c). */
export const mapKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_map_sum_elem_count", sumElemCount],
];
