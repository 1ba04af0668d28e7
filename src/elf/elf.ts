import { ObjectFormatError } from "../errors.js";
import { EM_BPF, ET_REL, SectionType, SHN_LORESERVE, SYMBOL_SIZE } from "./elf-format.js";

/** A section header with its bytes; offsets and sizes in bytes. */
export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  /** Empty where the file holds none (.bss). */
  readonly data: Uint8Array;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** STT_*: 0 none, 1 object, 2 function, 3 section. */
  readonly type: number;
  readonly binding: "local" | "global" | "weak";
  /** STV_*: 0 default, 1 internal, 2 hidden, 3 protected. */
  readonly visibility: number;
  /** Section index; 0 where the symbol is undefined, 0xfff1 (absolute) and 0xfff2 (common) reserved. */
  readonly section: number;
}

export interface ElfRelocation {
  /** Byte in the section that is patched. */
  readonly offset: number;
  /** R_BPF_*. */
  readonly type: number;
  readonly symbol: ElfSymbol;
}

export interface Elf {
  readonly littleEndian: boolean;
  readonly sections: readonly ElfSection[];
  readonly symbols: readonly ElfSymbol[];
  /** Relocations by the index of the section that they patch. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
}

const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
const BINDING = ["local", "global", "weak"] as const;
const decoder = new TextDecoder();

/**
 * Reads a relocatable ELF64 object for BPF, of either byte order. Throws ObjectFormatError for any
 * other file, and where a table or section lies outside of the file.
 */
export function parseElf(bytes: Uint8Array): Elf {
  // Node's Buffer is a Uint8Array whose slice() does not copy.
  return new ElfReader(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)).read();
}

class ElfReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #le = true;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  #fail(message: string, offset?: number, section?: string): never {
    throw new ObjectFormatError(message, { offset, section });
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#le);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#le);
  }

  /** A 64-bit offset or size, which must be within what JavaScript counts exactly. */
  #u64(at: number): number {
    const value = this.#view.getBigUint64(at, this.#le);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.#fail(`${value} is beyond any file`, at);
    return Number(value);
  }

  read(): Elf {
    this.#checkHeader();
    const sections = this.#sections();
    const symbols = this.#symbols(sections);
    return { littleEndian: this.#le, sections, symbols, relocations: this.#relocations(sections, symbols) };
  }

  #checkHeader(): void {
    const bytes = this.#bytes;
    const isElf = bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
    if (!isElf) this.#fail("this is no ELF file", 0);
    if (bytes.length < HEADER_SIZE) this.#fail(`the ELF header is cut off: ${bytes.length} bytes`, 0);
    if (bytes[4] !== 2) this.#fail("BPF objects are 64-bit ELF; this is not", 4);
    if (bytes[5] !== 1 && bytes[5] !== 2) this.#fail(`byte order ${bytes[5]} is unknown`, 5);
    this.#le = bytes[5] === 1;
    const type = this.#u16(16);
    const machine = this.#u16(18);
    // Clang before version 5 wrote machine 0.
    if (machine !== EM_BPF && machine !== 0) {
      this.#fail(
        `this object is for machine ${machine}, not for BPF (${EM_BPF}): compile with -target bpf`,
        18,
      );
    }
    if (type !== ET_REL) this.#fail(`ELF type ${type}: a relocatable object (${ET_REL}) is wanted`, 16);
  }

  #sections(): ElfSection[] {
    const table = this.#u64(40);
    const size = this.#u16(58);
    if (table === 0) this.#fail("the object has no sections", 40);
    if (size !== SECTION_SIZE) this.#fail(`section headers of ${size} bytes`, 58);
    if (table + SECTION_SIZE > this.#bytes.length) this.#fail("the section table is not in the file", 40);
    // Counts beyond 16 bits stand in the first section's header.
    const count = this.#u16(60) || this.#u64(table + 32);
    const namesIndex = this.#u16(62) === 0xffff ? this.#u32(table + 40) : this.#u16(62);
    if (count > (this.#bytes.length - table) / SECTION_SIZE) this.#fail(`${count} sections do not fit`, 60);
    const headers = Array.from({ length: count }, (_, index) =>
      this.#section(table + index * SECTION_SIZE, index),
    );
    const names = headers[namesIndex];
    if (names === undefined || names.type !== SectionType.Strtab)
      this.#fail("there are no section names", 62);
    return headers.map((header) => ({ ...header, name: this.#string(names, header.nameOffset) }));
  }

  #section(at: number, index: number) {
    const type = this.#u32(at + 4);
    const offset = this.#u64(at + 24);
    const size = this.#u64(at + 32);
    const hasData = type !== SectionType.Nobits && type !== SectionType.Null;
    if (hasData && offset + size > this.#bytes.length) {
      this.#fail(`section ${index} of ${size} bytes at ${offset} is not in the file`, at);
    }
    return {
      index,
      nameOffset: this.#u32(at),
      type,
      flags: Number(this.#view.getBigUint64(at + 8, this.#le) & 0xffffffffn),
      offset,
      size,
      data: hasData ? this.#bytes.subarray(offset, offset + size) : new Uint8Array(0),
      link: this.#u32(at + 40),
      info: this.#u32(at + 44),
      entrySize: this.#u64(at + 56),
    };
  }

  #string(table: { readonly data: Uint8Array; readonly index: number }, offset: number): string {
    const end = table.data.indexOf(0, offset);
    if (offset >= table.data.length || end < 0) {
      this.#fail(`string ${offset} is not in string table ${table.index}`);
    }
    return decoder.decode(table.data.subarray(offset, end));
  }

  #symbols(sections: readonly ElfSection[]): ElfSymbol[] {
    const table = sections.find((section) => section.type === SectionType.Symtab);
    if (table === undefined) return [];
    const names = sections[table.link];
    if (names?.type !== SectionType.Strtab) this.#fail("the symbols have no names", undefined, table.name);
    if (table.size % SYMBOL_SIZE !== 0)
      this.#fail(`${table.size} bytes of symbols`, table.offset, table.name);
    return Array.from({ length: table.size / SYMBOL_SIZE }, (_, index) => {
      const at = table.offset + index * SYMBOL_SIZE;
      const info = this.#bytes[at + 4];
      const section = this.#u16(at + 6);
      const binding = BINDING[info >> 4];
      if (binding === undefined) this.#fail(`symbol binding ${info >> 4}`, at, table.name);
      if (section < SHN_LORESERVE && section >= sections.length) {
        this.#fail(`symbol ${index} is in section ${section}, which does not exist`, at, table.name);
      }
      return {
        index,
        name: this.#string(names, this.#u32(at)),
        value: this.#u64(at + 8),
        size: this.#u64(at + 16),
        type: info & 0xf,
        binding,
        visibility: this.#bytes[at + 5] & 3,
        section,
      };
    });
  }

  #relocations(
    sections: readonly ElfSection[],
    symbols: readonly ElfSymbol[],
  ): ReadonlyMap<number, readonly ElfRelocation[]> {
    const all = new Map<number, ElfRelocation[]>();
    for (const section of sections) {
      if (section.type === SectionType.Rela) {
        this.#fail("BPF objects have no RELA relocations", section.offset, section.name);
      }
      if (section.type !== SectionType.Rel) continue;
      if (section.entrySize !== 16 || section.size % 16 !== 0) {
        this.#fail(`relocations of ${section.entrySize} bytes`, section.offset, section.name);
      }
      const target = sections[section.info];
      if (target === undefined)
        this.#fail(`relocations for section ${section.info}`, section.offset, section.name);
      const list = all.get(section.info) ?? [];
      for (let at = section.offset; at < section.offset + section.size; at += 16) {
        const info = this.#view.getBigUint64(at + 8, this.#le);
        const symbol = symbols[Number(info >> 32n)];
        if (symbol === undefined) this.#fail(`relocation of symbol ${info >> 32n}`, at, section.name);
        const offset = this.#u64(at);
        if (offset >= target.size) this.#fail(`relocation at ${offset} of ${target.size}`, at, section.name);
        list.push({ offset, type: Number(info & 0xffffffffn), symbol });
      }
      all.set(section.info, list);
    }
    return all;
  }
}
