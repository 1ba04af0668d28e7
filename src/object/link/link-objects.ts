import { CodeView, InsnClass, JmpOp, SLOT_SIZE } from "../../asm/index.js";
import { type SectionInfo, writeBtfExt } from "../../btf/index.js";
import { BpfRelocation, type ElfRelocation, ElfWriter, SectionType, SymbolType } from "../../elf/index.js";
import { ObjectFormatError, SyntaxProblem } from "../../errors.js";
import { ObjectFile } from "../object-file.js";
import type { ObjectSpec } from "../object-spec.js";
import { type ParseOptions, parseObject } from "../parse-object.js";
import { writeObject } from "../write/write-object.js";
import { type JoinedSection, JoinedSections, type LinkSource } from "./joined-sections.js";
import { JoinedSymbols } from "./joined-symbols.js";
import { JoinedTypes } from "./joined-types.js";

/** An object file, with the name that messages call it by. */
export interface NamedObject {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What is linked: object files, or specs, which have all that their programs call. */
export type LinkInput = Uint8Array | NamedObject | ObjectSpec;

const CALL = InsnClass.Jmp | JmpOp.Call;

/**
 * Links several objects into one: sections of the same name joined, functions, variables and maps that
 * one declares and another defines resolved, weak definitions replaced by strong ones, BTF merged. The
 * rules are those of libbpf's linker (`bpftool gen object`). Objects must agree on licence, byte order
 * and the types of what they share. Throws ObjectFormatError, naming symbol and objects.
 */
export function linkObjects(inputs: readonly LinkInput[], options: ParseOptions = {}): ObjectSpec {
  return parseObject(linkObjectFiles(inputs), options);
}

/** As `linkObjects`, but as an object file, which may be linked again: what is declared may stay undefined. */
export function linkObjectFiles(inputs: readonly LinkInput[]): Uint8Array {
  if (inputs.length === 0) throw new SyntaxProblem("there are no objects to link: name one at least");
  const sources = inputs.map(readInput);
  const littleEndian = sources[0].file.elf.littleEndian;
  const other = sources.find(({ file }) => file.elf.littleEndian !== littleEndian);
  if (other !== undefined) {
    throw new ObjectFormatError(
      `${sources[0].name} and ${other.name} are for machines of different byte order: compile both alike`,
    );
  }
  const sections = new JoinedSections(sources, littleEndian);
  const symbols = new JoinedSymbols(sources, sections);
  const elf = new ElfWriter(littleEndian);
  sections.write(elf);
  symbols.write(elf, sources);
  for (const source of sources) addRelocations(elf, source, sections, symbols);
  sections.finish();
  if (sources.some(({ file }) => file.btf !== undefined)) {
    const types = new JoinedTypes(sources, sections, symbols, littleEndian);
    addTypes(elf, types, sections.all());
  }
  return elf.toBytes();
}

function readInput(input: LinkInput, index: number): LinkSource {
  if (input instanceof Uint8Array) return readFile(`object ${index + 1}`, input);
  return "bytes" in input ? readFile(input.name, input.bytes) : readFile(input.name, writeObject(input));
}

function readFile(name: string, bytes: Uint8Array): LinkSource {
  try {
    return { name, file: new ObjectFile(bytes, false) };
  } catch (error) {
    if (!(error instanceof ObjectFormatError)) throw error;
    throw new ObjectFormatError(`${name}: ${error.message}`, {}, { cause: error });
  }
}

/** Relocations of everything that is joined (libbpf, linker_append_elf_relos). */
function addRelocations(
  elf: ElfWriter,
  source: LinkSource,
  sections: JoinedSections,
  symbols: JoinedSymbols,
): void {
  for (const [target, relocations] of source.file.elf.relocations) {
    const place = sections.place(source, target);
    if (place === undefined || place.isRepeated) continue;
    for (const relocation of relocations) {
      const { symbol, type } = relocation;
      const number = symbols.number(source, symbol);
      if (number === undefined) {
        throw new ObjectFormatError(`${source.name}: it refers to "${symbol.name}", which is left out`, {
          section: place.joined.name,
          offset: relocation.offset,
        });
      }
      const offset = place.offset + relocation.offset;
      const moved = sections.place(source, symbol.section)?.offset ?? 0;
      if (symbol.type === SymbolType.Section && moved > 0) {
        moveAddend(sections.content(place.joined), place.joined, offset, relocation, moved, source);
      }
      elf.addRelocation(place.joined.index, { offset, type, symbol: number });
    }
  }
}

/** What refers to a place in a section must say where that part of the section is now. */
function moveAddend(
  content: Uint8Array,
  { isCode, name }: JoinedSection,
  offset: number,
  { type }: ElfRelocation,
  moved: number,
  source: LinkSource,
): void {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const le = source.file.elf.littleEndian;
  if (isCode && offset % SLOT_SIZE === 0) {
    const code = new CodeView(content);
    const slot = offset / SLOT_SIZE;
    code.setImm(slot, code.imm(slot) + (code.opcode(slot) === CALL ? moved / SLOT_SIZE : moved));
  } else if (!isCode && type === BpfRelocation.Abs64 && offset + 8 <= content.length) {
    view.setBigUint64(offset, view.getBigUint64(offset, le) + BigInt(moved), le);
  } else if (!isCode && offset + 4 <= content.length) {
    view.setUint32(offset, view.getUint32(offset, le) + moved, le);
  } else {
    throw new ObjectFormatError(`${source.name}: a relocation that is not within the section`, {
      section: name,
      offset,
    });
  }
}

function addTypes(elf: ElfWriter, types: JoinedTypes, sections: readonly JoinedSection[]): void {
  const records = new Map<string, SectionInfo>();
  for (const section of sections) {
    const count = section.functions.length + section.lines.length + section.relocations.length;
    if (count > 0) records.set(section.name, section);
  }
  const ext = writeBtfExt(records, types.builder);
  const layout = { type: SectionType.Progbits, flags: 0, align: 4 };
  elf.addSection({ name: ".BTF", ...layout, content: types.builder.toBytes() });
  if (records.size > 0) elf.addSection({ name: ".BTF.ext", ...layout, content: ext });
}
