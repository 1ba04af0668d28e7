import { SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import type { MapType } from "../uapi/index.js";
import type { PlacedMap } from "./btf-maps.js";
import type { ObjectFile } from "./object-file.js";

/** struct bpf_map_def: type, key size, value size, max_entries, flags. */
const MAP_DEF_SIZE = 20;
/** iproute2's struct bpf_elf_map adds id, pinning, inner_id and inner_idx. */
const ELF_MAP_SIZE = 36;
const PIN_GLOBAL_NS = 2;
const NO_INNER = 0;

/**
 * Maps of a `maps` section, as objects had them before BTF: one struct for each, all of one size.
 * Those of iproute2 (36 bytes and more) have pinning and inner maps, by number.
 */
export function readLegacyMaps(file: ObjectFile): PlacedMap[] {
  const section = file.section("maps");
  if (section === undefined || section.size === 0) return [];
  const symbols = file
    .symbolsOf(section)
    .filter((symbol) => symbol.type !== SymbolType.Section && symbol.name !== "")
    .sort((a, b) => a.value - b.value);
  if (symbols.length === 0) {
    throw new ObjectFormatError("no symbol names the maps", { section: "maps" });
  }
  const size = section.size / symbols.length;
  if (!Number.isInteger(size) || size < MAP_DEF_SIZE || section.data.length < section.size) {
    throw new ObjectFormatError(
      `${section.size} bytes for ${symbols.length} maps: each needs ${MAP_DEF_SIZE} at least`,
      { section: "maps" },
    );
  }
  const view = new DataView(section.data.buffer, section.data.byteOffset, section.data.length);
  const le = file.elf.littleEndian;
  const isIproute2 = size >= ELF_MAP_SIZE;
  const ids = new Map<number, PlacedMap>();
  const maps = symbols.map((symbol, index) => {
    if (symbol.value !== index * size) {
      throw new ObjectFormatError(`map ${symbol.name} is not where map ${index} should be`, {
        section: "maps",
        offset: symbol.value,
      });
    }
    const word = (n: number) => view.getUint32(symbol.value + n * 4, le);
    const known = isIproute2 ? ELF_MAP_SIZE : MAP_DEF_SIZE;
    for (let at = known; at < size; at++) {
      if (section.data[symbol.value + at] === 0) continue;
      throw new ObjectFormatError(`map ${symbol.name}: its definition says more than is known`, {
        section: "maps",
        offset: symbol.value + at,
      });
    }
    const map: PlacedMap = {
      section: section.index,
      offset: symbol.value,
      spec: {
        name: symbol.name,
        type: word(0) as MapType,
        keySize: word(1),
        valueSize: word(2),
        maxEntries: word(3),
        flags: word(4),
        mapExtra: 0n,
        numaNode: undefined,
        isPinnedByName: isIproute2 && word(6) === PIN_GLOBAL_NS,
        keyTypeId: undefined,
        valueTypeId: undefined,
        special: [],
        inner: undefined,
        values: [],
        data: undefined,
        section: "maps",
      },
    };
    if (isIproute2 && word(5) !== 0) ids.set(word(5), map);
    return map;
  });
  if (isIproute2) {
    for (const map of maps) {
      const innerId = view.getUint32(map.offset + 28, le);
      if (innerId !== NO_INNER) map.spec.inner = ids.get(innerId)?.spec;
    }
  }
  return maps;
}
