import { BtfKind } from "../../btf/index.js";
import { BpfRelocation, SectionFlag, SectionType, SymbolType } from "../../elf/index.js";
import { ObjectFormatError } from "../../errors.js";
import { isReadOnlySection } from "../kernel-names.js";
import type { MapSpec, MetadataSection, ObjectSpec } from "../object-spec.js";
import type { Output } from "./output.js";

const DATA_ALIGN = 8;

/** The data sections, with the symbols of their variables. Returns each map's section symbol. */
export function writeData(spec: ObjectSpec, maps: readonly MapSpec[], output: Output): Map<string, number> {
  const symbols = new Map<string, number>();
  const variables = spec.globals.names.map((name) => spec.globals.variable(name));
  for (const map of maps) {
    const data = map.data ?? new Uint8Array(0);
    const isBss = map.section.startsWith(".bss");
    const isZero = isBss && isAllZero(data);
    // .bss has no content in a file: what has been given values since goes with the initialised data.
    const name = isBss && !isZero ? `.data${map.section}` : map.section;
    const section = output.elf.addSection({
      name,
      type: isBss && isZero ? SectionType.Nobits : SectionType.Progbits,
      ...layoutOf(name),
      content: isBss && isZero ? data.length : data,
    });
    symbols.set(map.name, output.sectionSymbol(section));
    for (const { name: variable, map: owner, offset, size, isStatic } of variables) {
      if (owner !== map.name) continue;
      output.define(variable, { section, value: offset, size }, SymbolType.Object, scopeOf(isStatic));
    }
    writeDatasec(map.section, name, section, data.length, output);
  }
  return symbols;
}

/** Whether there is nothing but zeroes in .bss, which may be large: looked at in words where it can be. */
function isAllZero(data: Uint8Array): boolean {
  const isAligned = data.byteOffset % 4 === 0;
  const words = isAligned ? new Uint32Array(data.buffer, data.byteOffset, data.length >>> 2) : data;
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return data.subarray(isAligned ? words.length * 4 : data.length).every((byte) => byte === 0);
}

/** Flags and alignment as compilers choose them, so that linkers join sections of the same name. */
function layoutOf(name: string): { flags: number; align: number; entrySize: number } {
  const [, kind, digits] = /^\.rodata\.(str|cst)(\d+)/.exec(name) ?? [];
  const { Alloc, Write, Merge, Strings } = SectionFlag;
  if (kind === "str") return { flags: Alloc | Merge | Strings, align: 1, entrySize: Number(digits) };
  if (kind === "cst") return { flags: Alloc | Merge, align: Number(digits), entrySize: Number(digits) };
  return { flags: isReadOnlySection(name) ? Alloc : Alloc | Write, align: DATA_ALIGN, entrySize: 0 };
}

/**
 * What BTF says of a section, under its name in the file; loaders look for a symbol of every variable in
 * there that is not static.
 */
export function writeDatasec(
  section: string,
  name: string,
  index: number,
  size: number,
  output: Output,
): void {
  const datasec = output.types.datasec(section);
  output.writtenSections.add(section);
  if (datasec === undefined) return;
  output.types.change(datasec.id, { ...datasec.type, name, size });
  for (const { type, offset, size: own } of datasec.type.variables) {
    const variable = output.types.type(type);
    if (variable.kind !== BtfKind.Var || variable.linkage !== "global" || output.has(variable.name)) continue;
    output.define(variable.name, { section: index, value: offset, size: own }, SymbolType.Object, "global");
  }
}

function scopeOf(isStatic: boolean): "static" | "global" {
  return isStatic ? "static" : "global";
}

/** A section that programs do not see; returns its symbol. */
export function writeMetadata({ name, data, variables }: MetadataSection, output: Output): number {
  const section = output.elf.addSection({
    name,
    type: SectionType.Progbits,
    flags: SectionFlag.Alloc | SectionFlag.Write,
    align: DATA_ALIGN,
    content: data,
  });
  for (const { name: variable, offset, size, isStatic } of variables) {
    output.define(variable, { section, value: offset, size }, SymbolType.Object, scopeOf(isStatic));
  }
  writeDatasec(name, name, section, data.length, output);
  return output.sectionSymbol(section);
}

/** The struct_ops of an object. What it returns adds the pointers to programs, when they have symbols. */
export function writeStructOps(maps: readonly MapSpec[], output: Output): () => void {
  const pending: (() => void)[] = [];
  for (const name of new Set(maps.map(({ section }) => section))) {
    const datasec = output.types.datasec(name);
    if (datasec === undefined) {
      throw new ObjectFormatError("struct_ops are written with the BTF that they were read with", {
        section: name,
      });
    }
    const own = maps.filter((map) => map.section === name);
    const places = new Map(
      datasec.type.variables.map(({ type, offset }) => [output.types.type(type).name, offset]),
    );
    const end = own.reduce((most, map) => Math.max(most, (places.get(map.name) ?? 0) + map.valueSize), 0);
    const content = new Uint8Array(end);
    const section = output.elf.addSection({
      name,
      type: SectionType.Progbits,
      flags: SectionFlag.Alloc | SectionFlag.Write,
      align: DATA_ALIGN,
      content,
    });
    for (const map of own) {
      const place = places.get(map.name);
      if (place === undefined)
        throw new ObjectFormatError(`BTF has no variable ${map.name}`, { section: name });
      content.set(map.data ?? new Uint8Array(0), place);
      pending.push(() => {
        for (const { index, name: program } of map.values) {
          const symbol = output.symbol(program, `struct_ops ${map.name}`);
          output.elf.addRelocation(section, { offset: place + index, type: BpfRelocation.Abs64, symbol });
        }
      });
    }
    writeDatasec(name, name, section, content.length, output);
  }
  return () => {
    for (const add of pending) add();
  };
}
