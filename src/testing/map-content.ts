import { KernelError } from "../errors.js";
import type { LoadedObject } from "../kernel.js";
import type { MapSpec, RawMap } from "../object/index.js";
import { Errno, MapFlag, MapType } from "../uapi/index.js";

/** An element of a map, or a value of a queue. */
export interface MapElement {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Values are ids or addresses of the kernel's: whether there is an entry is all that can be equal. */
const HOLDS_KERNEL_OBJECTS: readonly number[] = [
  MapType.ProgArray,
  MapType.ArrayOfMaps,
  MapType.HashOfMaps,
  MapType.CgroupArray,
];
/** User space cannot list what they hold. */
const UNREADABLE: readonly number[] = [
  MapType.PerfEventArray,
  MapType.Ringbuf,
  MapType.UserRingbuf,
  MapType.BloomFilter,
  MapType.Xskmap,
  MapType.StackTrace,
];
const QUEUES: readonly number[] = [MapType.Queue, MapType.Stack];
/** The value is struct bpf_devmap_val or bpf_cpumap_val: behind its first word stands a program's id. */
const HOLDS_PROGRAM_ID: readonly number[] = [MapType.Devmap, MapType.DevmapHash, MapType.Cpumap];
const NO_KEY = new Uint8Array(0);

/**
 * The elements of a map in the order of their keys: hash maps list theirs in the order of a random
 * seed. Empty for maps that user space cannot read.
 */
export function readElements(object: LoadedObject, spec: MapSpec): MapElement[] {
  const isWriteOnly = (spec.flags & MapFlag.Wronly) !== 0;
  if (isWriteOnly || UNREADABLE.includes(spec.type) || QUEUES.includes(spec.type)) return [];
  const elements = [...object.map(spec.name).raw.entries()].map(([key, value]) => ({
    key,
    value: comparableValue(spec.type, value),
  }));
  return spec.type === MapType.Array ? elements : elements.sort((a, b) => order(a.key, b.key));
}

function comparableValue(type: MapType, value: Uint8Array): Uint8Array {
  if (HOLDS_KERNEL_OBJECTS.includes(type)) return NO_KEY;
  return HOLDS_PROGRAM_ID.includes(type) ? value.subarray(0, 4) : value;
}

function order(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? 0 : a[at] - b[at];
}

/** Takes all values out of a QUEUE or STACK: what it held, in its order. Empty for other maps. */
export function takeQueue(object: LoadedObject, spec: MapSpec): MapElement[] {
  if (!QUEUES.includes(spec.type)) return [];
  const { raw } = object.map(spec.name);
  const taken: MapElement[] = [];
  for (let value = popped(raw); value !== undefined; value = popped(raw)) {
    taken.push({ key: NO_KEY, value });
  }
  return taken;
}

function popped(map: RawMap): Uint8Array | undefined {
  try {
    return map.lookupAndDeleteElem(NO_KEY);
  } catch (error) {
    if (error instanceof KernelError && error.errno === Errno.ENOENT) return undefined;
    throw error;
  }
}
