import { type Btf, BtfKind } from "../btf/index.js";
import { type ElfSection, type ElfSymbol, SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import { MapFlag, MapType } from "../uapi/index.js";
import type { PlacedMap } from "./btf-maps.js";
import { emptyMap } from "./empty-map.js";
import { complete } from "./map-definition.js";
import type { ObjectFile } from "./object-file.js";
import { specialFields } from "./special-fields.js";

/** struct bpf_map_def: type, key size, value size, max_entries, flags. */
const MAP_DEF_SIZE = 20;
/** The kernel's samples add inner_map_idx, the index of a map in the section, and numa_node. */
const SAMPLES_SIZE = 28;
/** iproute2's struct bpf_elf_map adds id, pinning, inner_id and inner_idx. */
const ELF_MAP_SIZE = 36;
const PIN_NONE = 0;
const PIN_OBJECT_NS = 1;
const PIN_GLOBAL_NS = 2;
const NO_INDEX = 0xffffffff;

/**
 * Maps of a `maps` section, as objects had them before BTF: one struct for each, all of one size; or of
 * a section `maps/NAME` for each. Those of iproute2 (36 bytes) have pinning, inner maps, and programs to
 * tail-call in sections `ID/KEY` (lib/bpf_legacy.c of iproute2).
 */
export function readLegacyMaps(file: ObjectFile): PlacedMap[] {
  return file.elf.sections
    .filter(({ name, size }) => (name === "maps" || name.startsWith("maps/")) && size > 0)
    .flatMap((section) => readSection(file, section));
}

function readSection(file: ObjectFile, section: ElfSection): PlacedMap[] {
  const fail = (message: string, offset?: number): never => {
    throw new ObjectFormatError(message, { section: section.name, offset });
  };
  const symbols = file
    .symbolsOf(section)
    .filter(({ type, name }) => (type === SymbolType.Object || type === SymbolType.None) && name !== "")
    .sort((a, b) => a.value - b.value);
  if (symbols.length === 0) return fail("no symbol names the maps: strip the object with llvm-strip -g");
  const size = section.size / symbols.length;
  if (!Number.isInteger(size) || size < MAP_DEF_SIZE || section.data.length < section.size) {
    return fail(
      `${section.size} bytes for ${symbols.length} maps, each of which needs ${MAP_DEF_SIZE} at least: ` +
        "define maps in .maps, by BTF",
    );
  }
  const [relocation] = file.elf.relocations.get(section.index) ?? [];
  if (relocation !== undefined) {
    fail("a map's definition refers to something, which only those in .maps can", relocation.offset);
  }
  const view = new DataView(section.data.buffer, section.data.byteOffset, section.data.length);
  const definitions = symbols.map((symbol, index): Definition => {
    if (symbol.value !== index * size)
      fail(`map ${symbol.name} is not where map ${index} should be`, symbol.value);
    const words = Array.from({ length: Math.floor(size / 4) }, (_, n) =>
      view.getUint32(symbol.value + n * 4, file.elf.littleEndian),
    );
    const known = size === ELF_MAP_SIZE || size === SAMPLES_SIZE ? size : MAP_DEF_SIZE;
    for (let at = known; at < size; at++) {
      if (section.data[symbol.value + at] === 0) continue;
      fail(`map ${symbol.name}: its definition of ${size} bytes says more than is known`, symbol.value + at);
    }
    return { symbol, words };
  });
  const maps = definitions.map(({ symbol, words }): PlacedMap => {
    const types = annotatedTypes(file.btf, symbol.name);
    const [type, keySize, valueSize, maxEntries, flags] = words;
    const spec = { ...emptyMap(symbol.name, section.name), keySize, valueSize, maxEntries, flags, ...types };
    spec.type = type as MapType;
    complete(spec);
    if (file.btf !== undefined) spec.special = specialFields(file.btf, spec.valueTypeId);
    return { section: section.index, offset: symbol.value, spec };
  });
  if (size === SAMPLES_SIZE) addSamples(maps, definitions);
  if (size === ELF_MAP_SIZE) addIproute2(file, maps, definitions, fail);
  return maps;
}

interface Definition {
  readonly symbol: ElfSymbol;
  readonly words: readonly number[];
}

/** The types of key and value, where BPF_ANNOTATE_KV_PAIR says them. */
function annotatedTypes(btf: Btf | undefined, map: string): { keyTypeId?: number; valueTypeId?: number } {
  const id = btf?.find(`____btf_map_${map}`, BtfKind.Struct);
  const pair = id === undefined ? undefined : btf?.type(id);
  if (pair?.kind !== BtfKind.Struct) return {};
  const [key, value] = pair.members;
  return key?.name === "key" && value?.name === "value"
    ? { keyTypeId: key.type, valueTypeId: value.type }
    : {};
}

function isOfMaps({ spec }: PlacedMap): boolean {
  return spec.type === MapType.ArrayOfMaps || spec.type === MapType.HashOfMaps;
}

function addSamples(maps: readonly PlacedMap[], definitions: readonly Definition[]): void {
  maps.forEach((map, index) => {
    const [, , , , flags, inner, node] = definitions[index].words;
    if (isOfMaps(map)) map.spec.inner = maps[inner]?.spec;
    if ((flags & MapFlag.NumaNode) !== 0) map.spec.numaNode = node;
  });
}

function addIproute2(
  file: ObjectFile,
  maps: readonly PlacedMap[],
  definitions: readonly Definition[],
  fail: (message: string, offset?: number) => never,
): void {
  const ids = new Map<number, PlacedMap>();
  maps.forEach((map, index) => {
    const [, , , , , id, pinning] = definitions[index].words;
    if (id !== 0 && !ids.has(id)) ids.set(id, map);
    if (pinning > PIN_GLOBAL_NS) fail(`map ${map.spec.name}: pinning ${pinning} is unknown`, map.offset + 24);
    // Among the maps of one object alone there is nothing to find pinned.
    map.spec.isPinnedByName = pinning !== PIN_NONE && pinning !== PIN_OBJECT_NS;
  });
  maps.forEach((outer, index) => {
    const innerId = definitions[index].words[7];
    if (!isOfMaps(outer) || innerId === 0) return;
    outer.spec.inner = ids.get(innerId)?.spec;
    outer.spec.values = maps.flatMap(({ spec }, at) => {
      const [id, inner, place] = [5, 7, 8].map((n) => definitions[at].words[n]);
      const isPlaced = id === innerId && inner === 0 && place !== NO_INDEX;
      return isPlaced ? [{ index: place, name: spec.name }] : [];
    });
  });
  for (const section of file.elf.sections) {
    const tail = /^(0|[1-9]\d*|0x[0-9a-f]+)\/(0|[1-9]\d*|0x[0-9a-f]+)$/i.exec(section.name);
    if (tail === null || !file.isCode(section)) continue;
    const map = ids.get(Number(tail[1]));
    const program = file.symbolsOf(section).find(({ type }) => type === SymbolType.Func);
    if (map?.spec.type !== MapType.ProgArray || program === undefined) continue;
    map.spec.values = [...map.spec.values, { index: Number(tail[2]), name: program.name }];
  }
}
