import { BtfKind } from "../btf/index.js";
import { type ElfSection, type ElfSymbol, SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import { ProgramType } from "../uapi/index.js";
import { type PlacedMap, readBtfMaps } from "./btf-maps.js";
import type { CodeUnit, UnitReference } from "./code-unit.js";
import { dataMap, isDataSection } from "./data-maps.js";
import { Globals, type GlobalVariable, variableType } from "./globals.js";
import { kconfigMap, readKconfig } from "./kconfig.js";
import { readLegacyMaps } from "./legacy-maps.js";
import { FunctionIndex, linkSubprograms } from "./link-subprograms.js";
import { ObjectFile } from "./object-file.js";
import type { KconfigExtern, MapSpec, ObjectSpec, ProgramSpec } from "./object-spec.js";
import { readCode } from "./read-code.js";
import { sectionKind } from "./section-names.js";

/** How to read an object. */
export interface ParseOptions {
  /** What the object is called; its maps are named after it in a kernel. */
  readonly name?: string;
}

const decoder = new TextDecoder();

/**
 * Reads an ELF object as clang -target bpf makes it: programs with their functions, maps, global
 * variables, BTF. Throws ObjectFormatError with section and offset.
 */
export function parseObject(bytes: Uint8Array, options: ParseOptions = {}): ObjectSpec {
  return new ObjectReader(new ObjectFile(bytes)).read(options.name ?? "object");
}

class ObjectReader {
  readonly #file: ObjectFile;
  readonly #placed: readonly PlacedMap[];
  readonly #data = new Map<number, MapSpec>();
  readonly #kconfig: readonly KconfigExtern[];

  constructor(file: ObjectFile) {
    this.#file = file;
    this.#placed = [...readLegacyMaps(file), ...readBtfMaps(file)];
    for (const section of file.elf.sections) {
      if (isDataSection(section)) this.#data.set(section.index, dataMap(file, section));
    }
    this.#kconfig = readKconfig(file);
  }

  read(name: string): ObjectSpec {
    const { elf, btf } = this.#file;
    const kconfig = kconfigMap(this.#kconfig);
    const maps = [
      ...this.#placed.map(({ spec }) => spec),
      ...this.#data.values(),
      ...(kconfig === undefined ? [] : [kconfig]),
    ];
    return {
      name,
      littleEndian: elf.littleEndian,
      license: this.#license(),
      kernelVersion: this.#version(),
      programs: this.#programs(),
      maps,
      kconfig: this.#kconfig,
      btf,
      globals: this.#globals(maps),
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
    if (section.data.length !== 4)
      throw new ObjectFormatError("a version has 4 bytes", { section: "version" });
    const view = new DataView(section.data.buffer, section.data.byteOffset, 4);
    return view.getUint32(0, this.#file.elf.littleEndian);
  }

  #programs(): ProgramSpec[] {
    const file = this.#file;
    const sections = file.elf.sections.filter((section) => file.isCode(section));
    const meaning = (symbol: ElfSymbol, slot: number, addend: number) => this.#meaning(symbol, slot, addend);
    const units = sections.flatMap((section) => readCode(file, section, meaning));
    const index = new FunctionIndex(units);
    const entries = units.filter((unit) => unit.sectionName !== ".text");
    for (const unit of entries) {
      if (unit.binding !== "local") continue;
      throw new ObjectFormatError(`static function ${unit.name} cannot be a program`, {
        section: unit.sectionName,
      });
    }
    return entries.map((unit) => this.#program(unit, index));
  }

  #program(unit: CodeUnit, index: FunctionIndex): ProgramSpec {
    const kind = sectionKind(unit.sectionName);
    const linked = linkSubprograms(unit, index);
    return {
      name: unit.name,
      section: unit.sectionName,
      type: kind?.type ?? ProgramType.Unspec,
      attachType: kind?.attachType,
      attachTarget: kind?.target,
      isSleepable: kind?.isSleepable ?? false,
      hasFrags: kind?.hasFrags ?? false,
      isAutoloaded: kind?.isAutoloaded ?? !unit.sectionName.startsWith("?"),
      ...linked,
    };
  }

  /** What a symbol that code loads the address of stands for. */
  #meaning(symbol: ElfSymbol, slot: number, addend: number): UnitReference | undefined {
    if (symbol.section === 0) return this.#extern(symbol, slot);
    const data = this.#data.get(symbol.section);
    if (data !== undefined) {
      return { kind: "map-value", slot, map: data.name, offset: symbol.value + addend };
    }
    const offset = symbol.type === SymbolType.Section ? addend : symbol.value;
    const placed = this.#placed.find((map) => map.section === symbol.section && map.offset === offset);
    return placed === undefined ? undefined : { kind: "map", slot, map: placed.spec.name };
  }

  #extern(symbol: ElfSymbol, slot: number): UnitReference | undefined {
    const { name } = symbol;
    const kconfig = this.#kconfig.find((extern) => extern.name === name);
    if (kconfig !== undefined) return { kind: "map-value", slot, map: ".kconfig", offset: kconfig.offset };
    if (name === "" || this.#file.btf?.find(".ksyms", BtfKind.Datasec) === undefined) return undefined;
    return { kind: "ksym", slot, name, isWeak: symbol.binding === "weak" };
  }

  #globals(maps: readonly MapSpec[]): Globals {
    const { btf, elf } = this.#file;
    const variables: GlobalVariable[] = [];
    for (const [index, map] of this.#data) {
      const section: ElfSection = elf.sections[index];
      for (const symbol of this.#file.variables(section)) {
        variables.push({
          name: symbol.name,
          map: map.name,
          offset: symbol.value,
          size: symbol.size,
          typeId: variableType(btf, section.name, symbol.name),
        });
      }
    }
    const dataOf = (name: string): Uint8Array =>
      maps.find((map) => map.name === name)?.data ?? new Uint8Array(0);
    return new Globals(variables, btf, elf.littleEndian, {
      read: (map, offset, size) => dataOf(map).slice(offset, offset + size),
      write: (map, offset, bytes) => dataOf(map).set(bytes, offset),
    });
  }
}
