import { type Btf, type BtfComposite, BtfKind, type BtfMember } from "../btf/index.js";
import { ObjectFormatError } from "../errors.js";
import { MapType, mapTypeName } from "../uapi/index.js";
import { emptyMap } from "./empty-map.js";
import type { MapSpec } from "./object-spec.js";
import { specialFields } from "./special-fields.js";

const PIN_NONE = 0;
const PIN_BY_NAME = 1;
const PAGE = 4096;
/** The largest power of two that max_entries can be. */
const LARGEST_RING = 2 ** 31;

/** What a struct that defines a map says. */
export interface MapDefinition {
  /** Without initial values, which relocations give. */
  readonly spec: MapSpec;
  /** The byte of the `values` member, if there is one. */
  readonly valuesOffset: number | undefined;
}

/** Reads the struct that defines a map. Throws ObjectFormatError where it says what no map has. */
export function readMapDefinition(btf: Btf, name: string, struct: BtfComposite): MapDefinition {
  const reader = new DefinitionReader(btf, name);
  return { spec: reader.read(struct), valuesOffset: reader.valuesOffset };
}

/** All that a definition says of a map but for the types of keys and values, to be compared. */
export function shapeOf(map: MapSpec): string {
  const { type, keySize, valueSize, maxEntries, flags, mapExtra, numaNode, isPinnedByName } = map;
  const inner = map.inner === undefined ? "" : `{${shapeOf(map.inner)}}`;
  return [type, keySize, valueSize, maxEntries, flags, mapExtra, numaNode, isPinnedByName, inner].join();
}

class DefinitionReader {
  readonly #btf: Btf;
  readonly #name: string;
  readonly #isInner: boolean;
  /** Where the `values` member stands, if there is one. */
  valuesOffset: number | undefined;

  constructor(btf: Btf, name: string, isInner = false) {
    this.#btf = btf;
    this.#name = name;
    this.#isInner = isInner;
  }

  #fail(why: string): never {
    throw new ObjectFormatError(`map ${this.#name}: ${why}`, { section: ".maps" });
  }

  read(definition: BtfComposite): MapSpec {
    const spec = emptyMap(this.#name, ".maps");
    for (const member of definition.members) {
      if (this.valuesOffset !== undefined) this.#fail('"values" must be the last member');
      this.#member(spec, member);
    }
    if (spec.type === MapType.Unspec) this.#fail("it has no type");
    spec.special = specialFields(this.#btf, spec.valueTypeId);
    complete(spec);
    return spec;
  }

  #member(spec: MapSpec, member: BtfMember): void {
    switch (member.name) {
      case "type":
        spec.type = this.#number(member) as MapType;
        return;
      case "max_entries":
        spec.maxEntries = this.#number(member);
        return;
      case "map_flags":
        spec.flags = this.#number(member);
        return;
      case "numa_node":
        spec.numaNode = this.#number(member);
        return;
      case "map_extra":
        spec.mapExtra = this.#wideNumber(member);
        return;
      case "key_size":
        spec.keySize = this.#agreed(member, spec.keySize, this.#number(member));
        return;
      case "value_size":
        spec.valueSize = this.#agreed(member, spec.valueSize, this.#number(member));
        return;
      case "key":
        spec.keyTypeId = this.#pointee(member);
        spec.keySize = this.#agreed(member, spec.keySize, this.#btf.sizeOf(spec.keyTypeId));
        return;
      case "value":
        spec.valueTypeId = this.#pointee(member);
        spec.valueSize = this.#agreed(member, spec.valueSize, this.#btf.sizeOf(spec.valueTypeId));
        return;
      case "pinning":
        if (this.#isInner) this.#fail("an inner map cannot be pinned");
        spec.isPinnedByName = this.#pinning(this.#number(member));
        return;
      case "values":
        this.#values(spec, member);
        return;
      default:
        this.#fail(`"${member.name}" is no property of a map that is known`);
    }
  }

  /** `int (*name)[N]` means N. */
  #number(member: BtfMember): number {
    const array = this.#btf.resolved(this.#pointee(member));
    return array.kind === BtfKind.Array ? array.length : this.#fail(`"${member.name}" is no number`);
  }

  /** As a number, or an enumerator of 64 bits (libbpf's __ulong: one enumerator). */
  #wideNumber(member: BtfMember): bigint {
    const type = this.#btf.resolved(member.type);
    if (type.kind !== BtfKind.Enum && type.kind !== BtfKind.Enum64) return BigInt(this.#number(member));
    if (type.values.length !== 1) this.#fail(`"${member.name}" has ${type.values.length} values`);
    return BigInt.asUintN(64, type.values[0].value);
  }

  #pointee(member: BtfMember): number {
    const pointer = this.#btf.resolved(member.type);
    return pointer.kind === BtfKind.Ptr ? pointer.type : this.#fail(`"${member.name}" is no pointer`);
  }

  /** A size may be said twice, but not differently. */
  #agreed(member: BtfMember, known: number, size: number): number {
    if (known !== 0 && known !== size) this.#fail(`"${member.name}" says ${size} bytes, but it has ${known}`);
    return size;
  }

  #pinning(value: number): boolean {
    if (value !== PIN_NONE && value !== PIN_BY_NAME) this.#fail(`pinning ${value} is unknown`);
    return value === PIN_BY_NAME;
  }

  /** Inner maps, or programs: an array without a length of pointers to what they are. */
  #values(spec: MapSpec, member: BtfMember): void {
    const isOfPrograms = spec.type === MapType.ProgArray;
    const isOfMaps = spec.type === MapType.ArrayOfMaps || spec.type === MapType.HashOfMaps;
    if (this.#isInner) this.#fail("an inner map cannot have maps in it");
    if (!isOfMaps && !isOfPrograms) this.#fail(`a map of type ${mapTypeName(spec.type)} has no "values"`);
    spec.valueSize = this.#agreed(member, spec.valueSize, 4);
    const array = this.#btf.resolved(member.type);
    if (array.kind !== BtfKind.Array || array.length !== 0)
      this.#fail('"values" are no array without length');
    this.valuesOffset = member.bitOffset / 8;
    const pointer = this.#btf.resolved(array.type);
    if (pointer.kind !== BtfKind.Ptr) this.#fail('"values" are no pointers');
    const pointee = this.#btf.resolved(pointer.type);
    if (pointee.kind !== (isOfPrograms ? BtfKind.FuncProto : BtfKind.Struct)) {
      this.#fail(`"values" point to no ${isOfPrograms ? "functions" : "maps"}`);
    }
    if (pointee.kind === BtfKind.Struct) {
      spec.inner = new DefinitionReader(this.#btf, `${this.#name}.inner`, true).read(pointee);
    }
  }
}

/** What loaders add where a definition leaves something out: libbpf's adjust_ringbuf_sz, cilium/ebpf's key sizes. */
export function complete(spec: MapSpec): void {
  const fdTypes: number[] = [
    MapType.ArrayOfMaps,
    MapType.HashOfMaps,
    MapType.ProgArray,
    MapType.PerfEventArray,
    MapType.CgroupArray,
  ];
  if (fdTypes.includes(spec.type)) {
    spec.keySize ||= 4;
    spec.valueSize ||= 4;
  }
  const isRing = spec.type === MapType.Ringbuf || spec.type === MapType.UserRingbuf;
  if (isRing && spec.maxEntries > 0 && spec.maxEntries <= LARGEST_RING) {
    // A ring's size is rounded up to what the kernel takes.
    const pages = Math.ceil(spec.maxEntries / PAGE);
    spec.maxEntries = PAGE * 2 ** Math.ceil(Math.log2(pages));
  }
}
