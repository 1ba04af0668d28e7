import { join } from "node:path";
import { KernelError, NotSupportedError } from "../errors.js";
import { isReadOnlySection, kernelMapName, type MapSpec } from "../object/index.js";
import { Errno, MapFlag, MapType } from "../uapi/index.js";
import { createMap, type MapShape } from "./create-map.js";
import { LinuxMap } from "./linux-map.js";
import type { MapInfo } from "./map-info.js";
import { openPinnedMap, requireBpfFileSystem } from "./pin.js";
import { possibleCpus } from "./possible-cpus.js";
import { libc } from "./sys/libc.js";

export interface MapEnvironment {
  /** The object's name: data sections' maps are named after it. */
  readonly object: string;
  readonly btfFd: number | undefined;
  readonly pinPath: string;
}

/** Types whose key and value the kernel takes no BTF of (map_check_btf; libbpf's bpf_object__create_map). */
const UNTYPED: readonly number[] = [
  MapType.PerfEventArray,
  MapType.CgroupArray,
  MapType.StackTrace,
  MapType.ArrayOfMaps,
  MapType.HashOfMaps,
  MapType.Devmap,
  MapType.DevmapHash,
  MapType.Cpumap,
  MapType.Xskmap,
  MapType.Sockmap,
  MapType.Sockhash,
  MapType.Queue,
  MapType.Stack,
  MapType.Arena,
];
const FIRST = new Uint8Array(4);

/** Creates an object's map, or opens the one that is pinned under its name. */
export function loadMap(spec: MapSpec, environment: MapEnvironment): LinuxMap {
  if (spec.type === MapType.StructOps) {
    throw new NotSupportedError(
      "map type STRUCT_OPS",
      `map ${spec.name}: structs of operations are not loaded into Linux`,
    );
  }
  if (!spec.isPinnedByName) return createFilled(spec, environment);
  requireBpfFileSystem(environment.pinPath);
  const path = join(environment.pinPath, spec.name);
  const pinned = openAt(path, spec);
  if (pinned !== undefined) return pinned;
  const map = createFilled(spec, environment);
  try {
    map.pin(path);
    return map;
  } catch (error) {
    map.close();
    // Somebody else was quicker.
    const isTaken = error instanceof KernelError && error.errno === Errno.EEXIST;
    const theirs = isTaken ? openAt(path, spec) : undefined;
    if (theirs === undefined) throw error;
    return theirs;
  }
}

function openAt(path: string, spec: MapSpec): LinuxMap | undefined {
  const fd = openPinnedMap(path);
  if (fd === undefined) return undefined;
  const map = new LinuxMap(fd, spec.name);
  try {
    checkShape(spec, map.info, path);
    return map;
  } catch (error) {
    map.close();
    throw error;
  }
}

function createFilled(spec: MapSpec, environment: MapEnvironment): LinuxMap {
  const map = new LinuxMap(create(spec, environment), spec.name);
  try {
    if (spec.data !== undefined) map.updateElem(FIRST, spec.data);
    if (spec.data !== undefined && isReadOnlySection(spec.section)) map.freeze();
    return map;
  } catch (error) {
    map.close();
    throw error;
  }
}

function create(spec: MapSpec, environment: MapEnvironment): number {
  const isOuter = spec.type === MapType.ArrayOfMaps || spec.type === MapType.HashOfMaps;
  if (!isOuter) return createTyped(spec, environment, undefined);
  if (spec.inner === undefined) {
    throw new NotSupportedError(
      `map ${spec.name} without inner map`,
      `map ${spec.name}: the object does not say what its inner maps are`,
    );
  }
  const inner = create(spec.inner, environment);
  try {
    return createTyped(spec, environment, inner);
  } finally {
    libc().close(inner);
  }
}

function createTyped(spec: MapSpec, environment: MapEnvironment, innerFd: number | undefined): number {
  const shape: MapShape = {
    name: kernelMapName(environment.object, spec),
    type: spec.type,
    keySize: spec.keySize,
    valueSize: spec.valueSize,
    maxEntries: maxEntries(spec),
    flags: spec.flags,
    mapExtra: spec.mapExtra,
    numaNode: spec.numaNode,
    innerFd,
  };
  const { btfFd } = environment;
  const hasTypes = spec.valueTypeId !== undefined && !UNTYPED.includes(spec.type);
  if (btfFd === undefined || !hasTypes) return createMap(shape);
  const types = { btfFd, key: spec.keyTypeId ?? 0, value: spec.valueTypeId ?? 0 };
  try {
    return createMap({ ...shape, types });
  } catch (error) {
    // The kernel has opinions on types; without them the map works too, unless fields of its own are in it.
    if (!(error instanceof KernelError) || spec.special.length > 0) throw error;
    return createMap(shape);
  }
}

function maxEntries(spec: MapSpec): number {
  // A perf event array without a size has an entry for each CPU, as libbpf makes it.
  if (spec.type === MapType.PerfEventArray && spec.maxEntries === 0) return possibleCpus();
  const isRing = spec.type === MapType.Ringbuf || spec.type === MapType.UserRingbuf;
  return isRing && spec.maxEntries > 0 ? Math.max(spec.maxEntries, libc().pageSize()) : spec.maxEntries;
}

/** A pinned map is used again only if it is what the object wants. */
function checkShape(spec: MapSpec, map: MapInfo, path: string): void {
  const isDevmap = spec.type === MapType.Devmap || spec.type === MapType.DevmapHash;
  // The kernel makes DEVMAPs read-only for programs by itself (kernel/bpf/devmap.c).
  const flags = isDevmap ? map.flags & ~MapFlag.RdonlyProg : map.flags;
  const pairs: [string, number | bigint, number | bigint][] = [
    ["type", map.type, spec.type],
    ["key size", map.keySize, spec.keySize],
    ["value size", map.valueSize, spec.valueSize],
    ["max_entries", map.maxEntries, maxEntries(spec)],
    ["flags", flags, spec.flags],
    ["map_extra", map.mapExtra, spec.mapExtra],
  ];
  const different = pairs.filter(([, has, wants]) => has !== wants);
  if (different.length === 0) return;
  const list = different.map(([what, has, wants]) => `${what} ${has}, not ${wants}`).join("; ");
  throw new KernelError("BPF_OBJ_GET", Errno.EINVAL, `the map pinned at ${path} has ${list}`);
}
