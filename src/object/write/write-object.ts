import { BtfKind, type SectionInfo, writeBtfExt } from "../../btf/index.js";
import { ElfWriter, SectionFlag, SectionType } from "../../elf/index.js";
import { ObjectFormatError } from "../../errors.js";
import { MapType } from "../../uapi/index.js";
import { ARENA_SECTION } from "../data-maps.js";
import { isDataSectionName } from "../kernel-names.js";
import type { ObjectSpec } from "../object-spec.js";
import { Output } from "./output.js";
import { TypeCopy } from "./type-copy.js";
import { CodeWriter } from "./write-code.js";
import { writeData, writeDatasec, writeMetadata, writeStructOps } from "./write-data.js";
import { writeMaps } from "./write-maps.js";

const KCONFIG = ".kconfig";
const KSYMS = ".ksyms";
const encoder = new TextEncoder();

/**
 * Writes an object as an ELF64 file that `parseObject` reads to an equal spec and that libbpf loads.
 * Three things look different afterwards: maps of a `maps` section are defined by BTF; variables of .bss
 * that have values are in `.data.bss`; weak and hidden functions are global and static ones.
 *
 * Throws ObjectFormatError for a spec that does not fit together.
 */
export function writeObject(spec: ObjectSpec): Uint8Array {
  const elf = new ElfWriter(spec.littleEndian);
  const types = new TypeCopy(spec.btf, spec.littleEndian);
  const output = new Output(elf, types);
  const isData = ({ section }: { section: string }) => isDataSectionName(section) && section !== KCONFIG;
  const structOps = spec.maps.filter(({ type }) => type === MapType.StructOps);
  const others = spec.maps.filter(
    (map) => !isData(map) && map.section !== KCONFIG && map.type !== MapType.StructOps,
  );

  const code = new CodeWriter(spec, output);
  writeFacts(spec, output);
  const finishMaps = writeMaps(others, output);
  const data = writeData(spec, spec.maps.filter(isData), output);
  for (const section of spec.metadata ?? []) {
    const symbol = writeMetadata(section, output);
    const arena = spec.maps.find(({ type }) => type === MapType.Arena);
    if (section.name === ARENA_SECTION && arena !== undefined) data.set(arena.name, symbol);
  }
  const finishStructOps = writeStructOps(structOps, output);
  declareExterns(spec, output);
  finishMaps();
  finishStructOps();
  const debug = code.finish(data);
  emptyOtherSections(output);
  types.finish();
  if (!types.isEmpty) {
    const ext = writeBtfExt(debug, types.builder);
    const layout = { type: SectionType.Progbits, flags: 0, align: 4 };
    elf.addSection({ name: ".BTF", ...layout, content: types.builder.toBytes() });
    // libbpf takes one without records for a damaged one.
    if (hasRecords(debug)) elf.addSection({ name: ".BTF.ext", ...layout, content: ext });
  }
  return elf.toBytes();
}

function hasRecords(debug: ReadonlyMap<string, SectionInfo>): boolean {
  return [...debug.values()].some(
    ({ functions, lines, relocations }) => functions.length + lines.length + relocations.length > 0,
  );
}

/** Licence and kernel version. */
function writeFacts(spec: ObjectSpec, output: Output): void {
  const add = (name: string, content: Uint8Array) => {
    // Its variable may be longer than what is in it now.
    const size = Math.max(content.length, output.types.datasec(name)?.type.size ?? 0);
    const bytes = new Uint8Array(size);
    bytes.set(content);
    const section = output.elf.addSection({
      name,
      type: SectionType.Progbits,
      flags: SectionFlag.Alloc | SectionFlag.Write,
      content: bytes,
    });
    writeDatasec(name, name, section, size, output);
  };
  if (spec.license !== "") add("license", encoder.encode(`${spec.license}\0`));
  if (spec.kernelVersion !== undefined) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, spec.kernelVersion, spec.littleEndian);
    add("version", bytes);
  }
}

/** Symbols of the kernel's functions and variables, and of its configuration: all that BTF declares. */
function declareExterns(spec: ObjectSpec, output: Output): void {
  for (const { name, isWeak } of spec.kconfig) output.declare(name, isWeak);
  const strong = new Set<string>();
  const used = new Set<string>();
  for (const { references } of [...spec.programs, ...(spec.functions ?? [])]) {
    for (const reference of references) {
      if (reference.kind !== "kfunc" && reference.kind !== "ksym") continue;
      used.add(reference.name);
      if (!reference.isWeak) strong.add(reference.name);
    }
  }
  const declared = output.types.datasec(KSYMS)?.type.variables ?? [];
  const names = declared.map(({ type }) => output.types.type(type).name);
  for (const name of names) output.declare(name, !strong.has(name));
  const missing = [...used].find((name) => !names.includes(name));
  if (missing !== undefined) {
    throw new ObjectFormatError(
      `"${missing}" of the kernel is not declared in the object's BTF: declare it __ksym`,
    );
  }
  output.writtenSections.add(KSYMS);
  if (spec.kconfig.length > 0) output.writtenSections.add(KCONFIG);
}

/**
 * Sections of BTF that the file does not have are left without variables, since loaders look for their
 * symbols.
 */
function emptyOtherSections(output: Output): void {
  const { btf } = output.types;
  for (const id of btf?.ids() ?? []) {
    const type = btf?.kind(id) === BtfKind.Datasec ? output.types.type(id) : undefined;
    if (type?.kind !== BtfKind.Datasec || output.writtenSections.has(btf?.name(id) ?? "")) continue;
    output.types.change(id, { ...type, size: Math.max(1, type.size), variables: [] });
  }
}
