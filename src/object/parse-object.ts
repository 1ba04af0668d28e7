import { type Btf, BtfKind } from "../btf/index.js";
import { type ElfSymbol, SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import { MapType } from "../uapi/index.js";
import { type PlacedMap, readBtfMaps } from "./btf-maps.js";
import type { UnitReference } from "./code-unit.js";
import { ARENA_SECTION, readDataMaps } from "./data-maps.js";
import { type Externs, isExtern, readExterns } from "./externs.js";
import { kconfigMap, placeKconfig } from "./kconfig.js";
import { readLegacyMaps } from "./legacy-maps.js";
import { ObjectFile } from "./object-file.js";
import type { KconfigExtern, MapSpec, ObjectSpec } from "./object-spec.js";
import { readGlobals } from "./read-globals.js";
import { readMetadata } from "./read-metadata.js";
import { readPrograms } from "./read-programs.js";
import { readStructOps } from "./struct-ops.js";

/** How to read an object. */
export interface ParseOptions {
  /** What the object is called; its maps are named after it in a kernel (see `objectName`). */
  readonly name?: string;
}

const decoder = new TextDecoder();

/**
 * Reads an ELF object as clang -target bpf makes it: programs with their functions, maps, global
 * variables, BTF; by the rules of libbpf, and of iproute2 for maps without BTF. Throws ObjectFormatError
 * with section and offset.
 */
export function parseObject(bytes: Uint8Array, options: ParseOptions = {}): ObjectSpec {
  return new ObjectReader(new ObjectFile(bytes)).read(options.name ?? "object");
}

class ObjectReader {
  readonly #file: ObjectFile;
  readonly #btf: Btf | undefined;
  readonly #placed: readonly PlacedMap[];
  readonly #maps: ReadonlyMap<string, MapSpec>;
  readonly #data: ReadonlyMap<number, MapSpec>;
  readonly #externs: Externs;
  readonly #kconfig: ReadonlyMap<string, KconfigExtern>;

  constructor(file: ObjectFile) {
    this.#file = file;
    this.#placed = [...readLegacyMaps(file), ...readBtfMaps(file)];
    this.#maps = new Map(this.#placed.map(({ section, offset, spec }) => [`${section}:${offset}`, spec]));
    this.#data = readDataMaps(file);
    this.#externs = readExterns(file);
    this.#kconfig = new Map(this.#externs.kconfig.map((extern) => [extern.name, extern]));
    this.#btf = file.btf === undefined ? undefined : placeKconfig(file.btf, this.#externs.kconfig);
  }

  read(name: string): ObjectSpec {
    const { elf } = this.#file;
    const { kconfig } = this.#externs;
    const { programs, functions } = readPrograms(this.#file, (symbol, slot, addend) =>
      this.#meaning(symbol, slot, addend),
    );
    const maps = [
      ...this.#placed.map(({ spec }) => spec),
      ...this.#data.values(),
      ...(kconfig.length === 0 ? [] : [kconfigMap(kconfig, this.#btf?.find(".kconfig", BtfKind.Datasec))]),
      ...readStructOps(this.#file).map(({ spec }) => spec),
    ];
    return {
      name,
      littleEndian: elf.littleEndian,
      license: this.#license(),
      kernelVersion: this.#version(),
      programs,
      functions,
      maps,
      kconfig,
      metadata: readMetadata(this.#file),
      btf: this.#btf,
      globals: readGlobals(this.#file, this.#data, this.#btf),
    };
  }

  #license(): string {
    const section = this.#file.section("license");
    if (section === undefined) return "";
    const end = section.data.indexOf(0);
    return decoder.decode(end < 0 ? section.data : section.data.subarray(0, end));
  }

  #version(): number | undefined {
    const section = this.#file.section("version");
    if (section === undefined) return undefined;
    if (section.data.length !== 4) {
      throw new ObjectFormatError(`a kernel version has 4 bytes, not ${section.data.length}`, {
        section: "version",
      });
    }
    const view = new DataView(section.data.buffer, section.data.byteOffset, 4);
    return view.getUint32(0, this.#file.elf.littleEndian);
  }

  /** What a symbol outside of the code stands for. */
  #meaning(symbol: ElfSymbol, slot: number, addend: number): UnitReference | undefined {
    if (isExtern(symbol)) return this.#extern(symbol, slot, addend);
    const data = this.#data.get(symbol.section);
    if (data !== undefined) {
      return { kind: "map-value", slot, map: data.name, offset: symbol.value + addend };
    }
    if (this.#file.sectionOf(symbol)?.name === ARENA_SECTION) {
      const arena = this.#placed.find(({ spec }) => spec.type === MapType.Arena);
      if (arena === undefined) return undefined;
      return { kind: "map-value", slot, map: arena.spec.name, offset: symbol.value + addend };
    }
    const offset = symbol.type === SymbolType.Section ? addend : symbol.value;
    const map = this.#maps.get(`${symbol.section}:${offset}`);
    return map === undefined ? undefined : { kind: "map", slot, map: map.name };
  }

  #extern(symbol: ElfSymbol, slot: number, addend: number): UnitReference | undefined {
    const kconfig = this.#kconfig.get(symbol.name);
    if (kconfig !== undefined) {
      return { kind: "map-value", slot, map: ".kconfig", offset: kconfig.offset + addend };
    }
    const kernelSymbol = this.#externs.kernelSymbols.get(symbol.index);
    return kernelSymbol === undefined ? undefined : { kind: "ksym", slot, ...kernelSymbol };
  }
}
