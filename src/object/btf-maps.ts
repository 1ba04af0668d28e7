import { BtfKind } from "../btf/index.js";
import { type ElfSymbol, SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import { MapType } from "../uapi/index.js";
import { type MapDefinition, readMapDefinition } from "./map-definition.js";
import { type ObjectFile, TEXT } from "./object-file.js";
import type { MapSpec } from "./object-spec.js";
import { OrderedRecords } from "./ordered.js";

/** A map with where its definition stands in its section. */
export interface PlacedMap {
  readonly spec: MapSpec;
  readonly section: number;
  readonly offset: number;
}

/**
 * The maps that BTF defines in `.maps`: variables whose struct says each property by a member's type,
 * `int (*max_entries)[N]` for numbers and a pointer for types (libbpf, parse_btf_map_def).
 */
export function readBtfMaps(file: ObjectFile): PlacedMap[] {
  const section = file.section(".maps");
  if (section === undefined) return [];
  const { btf } = file;
  const datasec = file.datasec(".maps");
  if (btf === undefined || datasec === undefined) {
    throw new ObjectFormatError("maps are defined by BTF, which this object lacks: compile with -g", {
      section: ".maps",
    });
  }
  const readers = datasec.variables.map(({ type, offset, size }): PlacedDefinition => {
    const fail = (message: string): never => {
      throw new ObjectFormatError(message, { section: ".maps", offset });
    };
    const variable = btf.type(type);
    if (variable.kind !== BtfKind.Var || variable.name === "") return fail(`type ${type} is no variable`);
    const definition = btf.resolved(variable.type);
    if (definition.kind !== BtfKind.Struct) return fail(`map ${variable.name} is not defined by a struct`);
    if (offset + size > section.size || definition.size > size) {
      fail(`map ${variable.name} of ${size} bytes is not within the section's ${section.size}`);
    }
    return { ...readMapDefinition(btf, variable.name, definition), section: section.index, offset, size };
  });
  const ordered = new OrderedRecords(readers);
  for (const { offset, symbol } of file.elf.relocations.get(section.index) ?? []) {
    const map = ordered.lastUpTo(offset);
    const at = map?.valuesOffset === undefined ? -1 : offset - map.offset - map.valuesOffset;
    if (map === undefined || at < 0 || at % 8 !== 0 || offset + 8 > map.offset + map.size) {
      throw new ObjectFormatError("a pointer that is none of a map's `values`: remove it", {
        section: ".maps",
        offset,
      });
    }
    // What is initialised by indices has keys that are such.
    if (map.spec.keySize !== 4) {
      throw new ObjectFormatError(`map ${map.spec.name}: with initial values, keys must have 4 bytes`, {
        section: ".maps",
        offset,
      });
    }
    const isOfPrograms = map.spec.type === MapType.ProgArray;
    const name = isOfPrograms ? programAt(file, symbol) : mapAt(ordered, section.index, symbol);
    if (name === undefined) {
      throw new ObjectFormatError(
        `map ${map.spec.name}: its values must be ${isOfPrograms ? "programs, not static" : "maps of .maps"}`,
        { section: ".maps", offset },
      );
    }
    map.spec.values = [...map.spec.values, { index: at / 8, name }];
  }
  return readers;
}

interface PlacedDefinition extends PlacedMap, MapDefinition {
  readonly spec: MapSpec;
  readonly size: number;
}

function mapAt(
  maps: OrderedRecords<PlacedDefinition>,
  section: number,
  symbol: ElfSymbol,
): string | undefined {
  const map = symbol.section === section ? maps.lastUpTo(symbol.value) : undefined;
  return map?.offset === symbol.value ? map.spec.name : undefined;
}

/** The program that a symbol names; a function of .text is none. */
function programAt(file: ObjectFile, symbol: ElfSymbol): string | undefined {
  const section = file.sectionOf(symbol);
  if (section === undefined || section.name === TEXT || !file.isCode(section)) return undefined;
  return file
    .symbolsOf(section)
    .find(
      ({ type, binding, value }) => type === SymbolType.Func && binding !== "local" && value === symbol.value,
    )?.name;
}
