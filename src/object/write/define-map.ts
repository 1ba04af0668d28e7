import { type Btf, type BtfBuilder, BtfKind, type BtfMember } from "../../btf/index.js";
import { MapType } from "../../uapi/index.js";
import type { MapSpec } from "../object-spec.js";

const POINTER_SIZE = 8;
const PIN_BY_NAME = 1;
const LARGEST_COUNT = 0xffffffffn;

/** A map's definition in BTF. */
export interface DefinedMap {
  /** The struct whose members say it. */
  readonly typeId: number;
  /** Bytes of the struct without initial values. */
  readonly size: number;
  /** Where initial values stand, behind all else; undefined for a map that has none. */
  readonly valuesOffset: number | undefined;
}

/**
 * Adds the struct that defines a map, as people write it with the macros `__uint`, `__type` and `__array`.
 * `btf` has the types of keys and values, under the ids that they have among `types`; `int` is one.
 */
export function defineMap(types: BtfBuilder, map: MapSpec, btf: Btf | undefined, int: number): DefinedMap {
  const members: BtfMember[] = [];
  const add = (name: string, type: number) => {
    members.push({ name, type, bitOffset: members.length * POINTER_SIZE * 8, bitFieldSize: 0 });
  };
  const pointer = (type: number) => types.add({ kind: BtfKind.Ptr, name: "", type });
  const array = (type: number, length: number) =>
    types.add({ kind: BtfKind.Array, name: "", type, indexType: int, length });
  const addNumber = (name: string, value: number) => add(name, pointer(array(int, value)));

  addNumber("type", map.type);
  const addType = (name: string, type: number | undefined, size: number) => {
    // A size that was edited since has no type any more.
    if (type !== undefined && btf?.sizeOf(type) === size) add(name, pointer(type));
    else if (size > 0) addNumber(`${name}_size`, size);
  };
  addType("key", map.keyTypeId, map.keySize);
  addType("value", map.valueTypeId, map.valueSize);
  if (map.maxEntries > 0) addNumber("max_entries", map.maxEntries);
  if (map.flags !== 0) addNumber("map_flags", map.flags >>> 0);
  if (map.numaNode !== undefined) addNumber("numa_node", map.numaNode);
  if (map.mapExtra > LARGEST_COUNT) {
    const values = [{ name: `__unique_value_${map.name}`, value: map.mapExtra }];
    add("map_extra", types.add({ kind: BtfKind.Enum64, name: "", size: 8, signed: false, values }));
  } else if (map.mapExtra !== 0n) {
    addNumber("map_extra", Number(map.mapExtra));
  }
  if (map.isPinnedByName) addNumber("pinning", PIN_BY_NAME);
  if (map.inner !== undefined) {
    add("values", array(pointer(defineMap(types, map.inner, btf, int).typeId), 0));
  } else if (map.type === MapType.ProgArray && map.values.length > 0) {
    const prototype = types.add({ kind: BtfKind.FuncProto, name: "", returnType: int, params: [] });
    add("values", array(pointer(prototype), 0));
  }
  // An array without a length, as the last member, takes no room.
  const hasValues = members.at(-1)?.name === "values";
  const size = (members.length - Number(hasValues)) * POINTER_SIZE;
  const typeId = types.add({ kind: BtfKind.Struct, name: "", size, hasBitFields: false, members });
  return { typeId, size, valuesOffset: hasValues ? size : undefined };
}
