import { ObjectFormatError } from "../errors.js";
import {
  EM_BPF,
  ET_REL,
  HEADER_SIZE,
  RELOCATION_SIZE,
  SECTION_HEADER_SIZE,
  SectionType,
  SHN_LORESERVE,
  SHN_XINDEX,
  SYMBOL_SIZE,
} from "./elf-format.js";

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
  /** A power of two; 0 and 1 mean none. */
  readonly align: number;
  readonly entrySize: number;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly value: number;
  readonly size: number;
  /** STT_*: 0 none, 1 object, 2 function, 3 section, 4 source file. */
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
  /** Empty in a stripped object. */
  readonly symbols: readonly ElfSymbol[];
  /** By the index of the section that they patch; those of debug information and BTF are left out. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
}

const BINDING = ["local", "global", "weak"] as const;
const CUT_OFF = "the file is cut off or damaged: copy or compile it again";
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
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.#fail(`${value} is beyond any file: ${CUT_OFF}`, at);
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
    if (bytes.length === 0) this.#fail("the file is empty: compile it again", 0);
    const isElf = bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
    if (!isElf) this.#fail("this is no ELF file: give what clang -target bpf -c makes", 0);
    if (bytes.length < HEADER_SIZE) this.#fail(`${bytes.length} bytes are no ELF header: ${CUT_OFF}`, 0);
    if (bytes[4] !== 2) this.#fail("BPF objects are 64-bit ELF, this is not: compile with -target bpf", 4);
    if (bytes[5] !== 1 && bytes[5] !== 2) this.#fail(`byte order ${bytes[5]} is unknown: ${CUT_OFF}`, 5);
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
    if (type !== ET_REL) {
      this.#fail(`ELF type ${type}: a relocatable object (${ET_REL}) is wanted, as clang -c makes it`, 16);
    }
  }

  #sections(): ElfSection[] {
    const table = this.#u64(40);
    const size = this.#u16(58);
    if (table === 0) this.#fail("the object has no sections: give what clang -c makes, not stripped", 40);
    if (size !== SECTION_HEADER_SIZE) {
      this.#fail(`section headers of ${size} bytes, not ${SECTION_HEADER_SIZE}: ${CUT_OFF}`, 58);
    }
    if (table + SECTION_HEADER_SIZE > this.#bytes.length) {
      this.#fail(`the section table at ${table} is not in the file: ${CUT_OFF}`, 40);
    }
    // Counts beyond 16 bits stand in the first section's header.
    const count = this.#u16(60) || this.#u64(table + 32);
    const namesIndex = this.#u16(62) === SHN_XINDEX ? this.#u32(table + 40) : this.#u16(62);
    if (count > (this.#bytes.length - table) / SECTION_HEADER_SIZE) {
      this.#fail(`${count} section headers do not fit in the file: ${CUT_OFF}`, 60);
    }
    const headers = Array.from({ length: count }, (_, index) =>
      this.#section(table + index * SECTION_HEADER_SIZE, index),
    );
    // Sections that overlap would let a small file stand for any amount of content.
    const total = headers.reduce((sum, { data }) => sum + data.length, 0);
    if (total > this.#bytes.length) this.#fail(`sections overlap: ${CUT_OFF}`, table);
    const names = headers[namesIndex];
    if (names?.type !== SectionType.Strtab) this.#fail(`there are no section names: ${CUT_OFF}`, 62);
    return headers.map((header) => ({ ...header, name: this.#string(names, header.nameOffset) }));
  }

  #section(at: number, index: number) {
    const type = this.#u32(at + 4);
    const offset = this.#u64(at + 24);
    const size = this.#u64(at + 32);
    const hasData = type !== SectionType.Nobits && type !== SectionType.Null;
    if (hasData && offset + size > this.#bytes.length) {
      this.#fail(`section ${index} of ${size} bytes at ${offset} is not in the file: ${CUT_OFF}`, at);
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
      align: this.#u64(at + 48),
      entrySize: this.#u64(at + 56),
    };
  }

  #string(table: { readonly data: Uint8Array; readonly index: number }, offset: number): string {
    const end = table.data.indexOf(0, offset);
    if (offset >= table.data.length || end < 0) {
      this.#fail(`the name at ${offset} is not in string table ${table.index}: ${CUT_OFF}`);
    }
    return decoder.decode(table.data.subarray(offset, end));
  }

  #symbols(sections: readonly ElfSection[]): ElfSymbol[] {
    const [table, another] = sections.filter((section) => section.type === SectionType.Symtab);
    if (table === undefined) return [];
    const fail = (message: string, offset?: number) => this.#fail(message, offset, table.name);
    if (another !== undefined) fail("there are two symbol tables: link the objects into one first");
    const names = sections[table.link];
    if (names?.type !== SectionType.Strtab) return fail(`the symbols have no names: ${CUT_OFF}`);
    if (table.size % SYMBOL_SIZE !== 0 || table.entrySize !== SYMBOL_SIZE) {
      fail(`symbols of ${table.entrySize} bytes in ${table.size}: ${CUT_OFF}`, table.offset);
    }
    return Array.from({ length: table.size / SYMBOL_SIZE }, (_, index) => {
      const at = table.offset + index * SYMBOL_SIZE;
      const info = this.#bytes[at + 4];
      const section = this.#u16(at + 6);
      const binding = BINDING[info >> 4] ?? fail(`symbol ${index} has unknown binding ${info >> 4}`, at);
      if (section === SHN_XINDEX) fail("an object of more than 65000 sections: split it", at);
      if (section < SHN_LORESERVE && section >= sections.length) {
        fail(`symbol ${index} is in section ${section}, which does not exist: ${CUT_OFF}`, at);
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
      const isRela = section.type === SectionType.Rela;
      if (section.type !== SectionType.Rel && !isRela) continue;
      const target = sections[section.info];
      if (target === undefined) {
        this.#fail(`they are of section ${section.info}, which does not exist`, section.offset, section.name);
      }
      if (isForDebuggers(target)) continue;
      if (isRela) {
        this.#fail(
          "RELA relocations, which BPF does not have: use clang 4 or later",
          undefined,
          section.name,
        );
      }
      const known = all.get(target.index) ?? [];
      all.set(target.index, known.concat(this.#table(section, target, symbols)));
    }
    return all;
  }

  #table(section: ElfSection, target: ElfSection, symbols: readonly ElfSymbol[]): ElfRelocation[] {
    const fail = (message: string, at: number) => this.#fail(message, at, section.name);
    if (section.entrySize !== RELOCATION_SIZE || section.size % RELOCATION_SIZE !== 0) {
      fail(`relocations of ${section.entrySize} bytes in ${section.size}: ${CUT_OFF}`, section.offset);
    }
    return Array.from({ length: section.size / RELOCATION_SIZE }, (_, index) => {
      const at = section.offset + index * RELOCATION_SIZE;
      const info = this.#view.getBigUint64(at + 8, this.#le);
      const symbol = symbols[Number(info >> 32n)];
      if (symbol === undefined) {
        return fail(`it names symbol ${info >> 32n} of ${symbols.length}: ${CUT_OFF}`, at);
      }
      const offset = this.#u64(at);
      if (offset >= target.size) {
        fail(`it patches byte ${offset} of the ${target.size} of ${target.name}: ${CUT_OFF}`, at);
      }
      return { offset, type: Number(info & 0xffffffffn), symbol };
    });
  }
}

/** Sections whose relocations no loader applies (libbpf, ignore_elf_section). */
function isForDebuggers({ name }: ElfSection): boolean {
  return name.startsWith(".debug_") || name === ".BTF" || name === ".BTF.ext" || name === ".eh_frame";
}
