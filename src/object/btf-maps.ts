import { type Btf, type BtfComposite, BtfKind, type BtfMember } from "../btf/index.js";
import { ObjectFormatError } from "../errors.js";
import { MapType } from "../uapi/index.js";
import type { ObjectFile } from "./object-file.js";
import type { MapSpec } from "./object-spec.js";
import { specialFields } from "./special-fields.js";

/** A map with where its definition stands in its section. */
export interface PlacedMap {
  readonly spec: MapSpec;
  readonly section: number;
  readonly offset: number;
}

const PIN_NONE = 0;
const PIN_BY_NAME = 1;
const PAGE = 4096;

/**
 * The maps that BTF defines in `.maps`: variables whose struct says each property by a member's type,
 * `int (*max_entries)[N]` for numbers and a pointer for types (libbpf's parse_btf_map_def).
 */
export function readBtfMaps(file: ObjectFile): PlacedMap[] {
  const section = file.section(".maps");
  if (section === undefined) return [];
  const { btf } = file;
  const datasecId = btf?.find(".maps", BtfKind.Datasec);
  const datasec = datasecId === undefined ? undefined : btf?.type(datasecId);
  if (btf === undefined || datasec?.kind !== BtfKind.Datasec) {
    throw new ObjectFormatError("maps are defined by BTF, which this object lacks: compile with -g", {
      section: ".maps",
    });
  }
  return datasec.variables.map(({ type, offset }) => {
    const variable = btf.type(type);
    if (variable.kind !== BtfKind.Var)
      throw new ObjectFormatError(`type ${type} is no variable`, { section: ".maps" });
    const definition = btf.resolved(variable.type);
    if (definition.kind !== BtfKind.Struct) {
      throw new ObjectFormatError(`map ${variable.name} is not defined by a struct`, {
        section: ".maps",
        offset,
      });
    }
    if (offset + definition.size > section.size) {
      throw new ObjectFormatError(`map ${variable.name} is not within the section`, {
        section: ".maps",
        offset,
      });
    }
    const reader = new DefinitionReader(btf, variable.name);
    const spec = reader.read(definition);
    spec.values = initialValues(file, section.index, offset, reader.valuesOffset, variable.name);
    return { spec, section: section.index, offset };
  });
}

/** The maps or programs that the definition's `values` member lists, by relocations. */
function initialValues(
  file: ObjectFile,
  section: number,
  offset: number,
  valuesOffset: number | undefined,
  map: string,
): { index: number; name: string }[] {
  if (valuesOffset === undefined) return [];
  const next = file.elf.relocations.get(section) ?? [];
  const start = offset + valuesOffset;
  const end = file.variables(file.elf.sections[section]).find((symbol) => symbol.name === map);
  const limit = end === undefined ? Number.POSITIVE_INFINITY : end.value + end.size;
  return next
    .filter((relocation) => relocation.offset >= start && relocation.offset < limit)
    .map((relocation) => ({ index: (relocation.offset - start) / 8, name: relocation.symbol.name }));
}

class DefinitionReader {
  readonly #btf: Btf;
  readonly #name: string;
  /** Where the `values` member stands, if there is one. */
  valuesOffset: number | undefined;

  constructor(btf: Btf, name: string) {
    this.#btf = btf;
    this.#name = name;
  }

  #fail(why: string): never {
    throw new ObjectFormatError(`map ${this.#name}: ${why}`, { section: ".maps" });
  }

  read(definition: BtfComposite): MapSpec {
    const spec: MapSpec = {
      name: this.#name,
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
      section: ".maps",
    };
    for (const member of definition.members) this.#member(spec, member);
    if (spec.type === MapType.Unspec) this.#fail("it has no type");
    spec.special = specialFields(this.#btf, spec.valueTypeId);
    fillIn(spec);
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
        spec.isPinnedByName = this.#pinning(this.#number(member));
        return;
      case "values":
        this.#values(spec, member);
        return;
      default:
        this.#fail(`"${member.name}" is no property of a map`);
    }
  }

  /** `int (*name)[N]` means N. */
  #number(member: BtfMember): number {
    const array = this.#btf.resolved(this.#pointee(member));
    return array.kind === BtfKind.Array ? array.length : this.#fail(`"${member.name}" is no number`);
  }

  /** As a number, or an enumerator of 64 bits (libbpf's __ulong). */
  #wideNumber(member: BtfMember): bigint {
    const type = this.#btf.resolved(member.type);
    if (type.kind !== BtfKind.Enum && type.kind !== BtfKind.Enum64) return BigInt(this.#number(member));
    return BigInt.asUintN(64, type.values[0]?.value ?? this.#fail(`"${member.name}" has no value`));
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
    const array = this.#btf.resolved(member.type);
    if (array.kind !== BtfKind.Array || array.length !== 0)
      this.#fail('"values" must be the last, an array without length');
    this.valuesOffset = member.bitOffset / 8;
    const pointer = this.#btf.resolved(array.type);
    if (pointer.kind !== BtfKind.Ptr) this.#fail('"values" are no pointers');
    const inner = this.#btf.resolved(pointer.type);
    if (inner.kind === BtfKind.FuncProto) return;
    if (inner.kind !== BtfKind.Struct) this.#fail('"values" point to neither maps nor functions');
    spec.inner = new DefinitionReader(this.#btf, `${this.#name}.inner`).read(inner);
  }
}

/** What libbpf adds where a definition leaves something out (map_set_def_max_entries and others). */
function fillIn(spec: MapSpec): void {
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
  if (isRing && spec.maxEntries > 0) {
    // A ring's size is rounded up to what the kernel takes.
    const pages = Math.ceil(spec.maxEntries / PAGE);
    spec.maxEntries = PAGE * 2 ** Math.ceil(Math.log2(pages));
  }
}
