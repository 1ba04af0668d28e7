import { type Btf, BtfKind } from "../btf/index.js";
import { type ElfSection, SectionType } from "../elf/index.js";
import { MapFlag, MapType } from "../uapi/index.js";
import { emptyMap } from "./empty-map.js";
import { isDataSectionName, isReadOnlySection } from "./kernel-names.js";
import type { ObjectFile } from "./object-file.js";
import type { MapSpec } from "./object-spec.js";
import { zeroedValue } from "./zeroed-value.js";

/** The section of variables in a map of type ARENA. */
export const ARENA_SECTION = ".addr_space.1";
/** Whether a section holds variables: .data, .rodata and .bss, each with a suffix if wanted. */
export function isDataSection(section: ElfSection): boolean {
  if (section.size === 0 || !isDataSectionName(section.name)) return false;
  const isBss = section.name.startsWith(".bss");
  return section.type === (isBss ? SectionType.Nobits : SectionType.Progbits);
}

/**
 * The data sections of an object as maps, by section index: one value, the section's content; .rodata
 * is read-only for programs. Names are those of the sections, told apart where two have the same.
 */
export function readDataMaps(file: ObjectFile): ReadonlyMap<number, MapSpec> {
  const maps = new Map<number, MapSpec>();
  const seen = new Map<string, number>();
  for (const section of file.elf.sections) {
    if (!isDataSection(section)) continue;
    const count = (seen.get(section.name) ?? 0) + 1;
    seen.set(section.name, count);
    maps.set(section.index, dataMap(file, section, count === 1 ? section.name : `${section.name}#${count}`));
  }
  return maps;
}

function dataMap(file: ObjectFile, section: ElfSection, name: string): MapSpec {
  const valueTypeId = file.btf?.find(section.name, BtfKind.Datasec);
  const isMmapable = file.btf !== undefined && hasGlobals(file.btf, valueTypeId);
  return {
    ...emptyMap(name, section.name),
    type: MapType.Array,
    keySize: 4,
    valueSize: section.size,
    maxEntries: 1,
    flags: (isMmapable ? MapFlag.Mmapable : 0) | (isReadOnlySection(section.name) ? MapFlag.RdonlyProg : 0),
    valueTypeId,
    data:
      section.type === SectionType.Nobits ? zeroedValue(section.size, section.name) : section.data.slice(),
  };
}

/** A map is there to be mapped into memory if any of its variables is for others (libbpf, map_is_mmapable). */
function hasGlobals(btf: Btf, datasecId: number | undefined): boolean {
  const datasec = datasecId === undefined ? undefined : btf.type(datasecId);
  if (datasec?.kind !== BtfKind.Datasec) return false;
  return datasec.variables.some(({ type }) => {
    const variable = btf.type(type);
    return variable.kind === BtfKind.Var && variable.linkage !== "static";
  });
}
