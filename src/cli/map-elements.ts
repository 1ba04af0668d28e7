import { KernelError } from "../errors.js";
import type { TypedMap } from "../object/index.js";
import { Errno, MapType } from "../uapi/index.js";

/** Types whose elements programs change and anybody may list. */
const CHANGED_BY_PROGRAMS: readonly number[] = [
  MapType.Hash,
  MapType.Array,
  MapType.PercpuHash,
  MapType.PercpuArray,
  MapType.LruHash,
  MapType.LruPercpuHash,
  MapType.LpmTrie,
  MapType.Queue,
  MapType.Stack,
];
/** Types whose elements the user alone changes: programs, maps, devices and CPUs by number. */
const HOLDS_NUMBERS: readonly number[] = [
  MapType.ProgArray,
  MapType.ArrayOfMaps,
  MapType.HashOfMaps,
  MapType.Devmap,
  MapType.DevmapHash,
  MapType.Cpumap,
];

/** Whether a program may change what is in the map, and that can be seen. */
export function isChangeable(map: TypedMap): boolean {
  return CHANGED_BY_PROGRAMS.includes(map.raw.type);
}

/** Whether the map's content can be seen. */
export function isListable(map: TypedMap): boolean {
  return isChangeable(map) || holdsNumbers(map);
}

/** Whether values are ids and indices of the kernel's. */
export function holdsNumbers(map: TypedMap): boolean {
  return HOLDS_NUMBERS.includes(map.raw.type);
}

/** Whether there is an element for each index, all zeroes at first. */
export function isArray(map: TypedMap): boolean {
  return map.raw.type === MapType.Array || map.raw.type === MapType.PercpuArray;
}

/** Whether there are no keys, and one value is next. */
export function isQueue(map: TypedMap): boolean {
  return map.raw.type === MapType.Queue || map.raw.type === MapType.Stack;
}

/** Keys and values; of a queue or stack, the value that is next, under an empty key. */
export function* elementsOf(map: TypedMap): Generator<[key: Uint8Array, value: Uint8Array]> {
  if (!isQueue(map)) {
    yield* map.raw.entries();
    return;
  }
  const key = new Uint8Array(0);
  let next: Uint8Array;
  try {
    next = map.raw.lookupElem(key);
  } catch (error) {
    if (error instanceof KernelError && error.errno === Errno.ENOENT) return;
    throw error;
  }
  yield [key, next];
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
