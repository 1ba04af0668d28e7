import { BtfKind } from "../btf/index.js";
import { type ElfSection, SectionType } from "../elf/index.js";
import { MapFlag, MapType } from "../uapi/index.js";
import type { ObjectFile } from "./object-file.js";
import type { MapSpec } from "./object-spec.js";

const ARENA = ".addr_space.1";

/** Whether a section holds variables: .data, .rodata and .bss, each with a suffix if wanted. */
export function isDataSection(section: ElfSection): boolean {
  const { name } = section;
  const isNamed = (base: string) => name === base || name.startsWith(`${base}.`);
  if (section.size === 0 || name === ARENA) return false;
  if (section.type === SectionType.Nobits) return isNamed(".bss");
  return section.type === SectionType.Progbits && (isNamed(".data") || isNamed(".rodata"));
}

/** A data section as a map: one value, the section's content; .rodata is read-only for programs. */
export function dataMap(file: ObjectFile, section: ElfSection): MapSpec {
  const isReadOnly = section.name === ".rodata" || section.name.startsWith(".rodata.");
  const valueTypeId = file.btf?.find(section.name, BtfKind.Datasec);
  return {
    name: section.name,
    type: MapType.Array,
    keySize: 4,
    valueSize: section.size,
    maxEntries: 1,
    flags: MapFlag.Mmapable | (isReadOnly ? MapFlag.RdonlyProg : 0),
    mapExtra: 0n,
    numaNode: undefined,
    isPinnedByName: false,
    keyTypeId: undefined,
    valueTypeId,
    special: [],
    inner: undefined,
    values: [],
    data: section.type === SectionType.Nobits ? new Uint8Array(section.size) : section.data.slice(),
    section: section.name,
  };
}
