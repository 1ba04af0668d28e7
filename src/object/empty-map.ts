import { MapType } from "../uapi/index.js";
import type { MapSpec } from "./object-spec.js";

/** A map of which nothing is known but its name and section. */
export function emptyMap(name: string, section: string): MapSpec {
  return {
    name,
    type: MapType.Unspec,
    keySize: 0,
    valueSize: 0,
    maxEntries: 0,
    flags: 0,
    mapExtra: 0n,
    numaNode: undefined,
    isPinnedByName: false,
    keyTypeId: undefined,
    valueTypeId: undefined,
    special: [],
    inner: undefined,
    values: [],
    data: undefined,
    section,
  };
}
