import { ObjectFormatError } from "../errors.js";
import {
  EM_BPF,
  ET_REL,
  HEADER_SIZE,
  RELOCATION_SIZE,
  SECTION_HEADER_SIZE,
  SectionType,
  SHN_LORESERVE,
  SYMBOL_SIZE,
} from "./elf-format.js";

/** A section to write; `name` need not be unique. */
export interface NewSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** A power of two; 1 where left out. */
  readonly align?: number;
  readonly entrySize?: number;
  /** What the section holds; for one without content in the file (SHT_NOBITS), its size in bytes. */
  readonly content: Uint8Array | number;
}

/** A symbol to write; `section` is what `addSection` returned, 0 where undefined, or reserved. */
export interface NewSymbol {
  readonly name: string;
  readonly value: number;
  readonly size: number;
  readonly type: number;
  readonly binding: "local" | "global" | "weak";
  readonly visibility: number;
  readonly section: number;
}

/** A relocation to write; `symbol` is what `addSymbol` returned. */
export interface NewRelocation {
  readonly offset: number;
  readonly type: number;
  readonly symbol: number;
}

const BINDING = { local: 0, global: 1, weak: 2 } as const;
const encoder = new TextEncoder();

/** Makes a relocatable ELF64 object for BPF, of either byte order. */
export class ElfWriter {
  readonly #littleEndian: boolean;
  readonly #sections: NewSection[] = [];
  readonly #symbols: NewSymbol[] = [];
  readonly #relocations = new Map<number, NewRelocation[]>();

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  /** Adds a section and returns its index. */
  addSection(section: NewSection): number {
    return this.#sections.push(section);
  }

  /** Adds a symbol and returns a number for `addRelocation` to name it by. */
  addSymbol(symbol: NewSymbol): number {
    return this.#symbols.push(symbol) - 1;
  }

  addRelocation(section: number, relocation: NewRelocation): void {
    const list = this.#relocations.get(section);
    if (list === undefined) this.#relocations.set(section, [relocation]);
    else list.push(relocation);
  }

  /** The file: sections, relocations, symbols, and last the strings. Throws ObjectFormatError. */
  toBytes(): Uint8Array {
    if (this.#sections.length + this.#relocations.size + 3 >= SHN_LORESERVE) {
      throw new ObjectFormatError("an object has 65000 sections at most: write several");
    }
    const strings = new StringTable();
    const { table, locals, indices } = this.#symbolTable(strings);
    const symtab = this.#sections.length + this.#relocations.size + 1;
    const headers: Header[] = this.#sections.map((section) => ({ ...section, link: 0, info: 0 }));
    for (const [target, list] of this.#relocations) {
      headers.push({
        name: `.rel${this.#sections[target - 1].name}`,
        type: SectionType.Rel,
        flags: 0,
        align: 8,
        entrySize: RELOCATION_SIZE,
        content: this.#relocationTable(list, indices),
        link: symtab,
        info: target,
      });
    }
    headers.push({
      name: ".symtab",
      type: SectionType.Symtab,
      flags: 0,
      align: 8,
      entrySize: SYMBOL_SIZE,
      content: table,
      link: symtab + 1,
      info: locals,
    });
    const strtab = { name: ".strtab", type: SectionType.Strtab, flags: 0, link: 0, info: 0 };
    const names = [...headers, strtab].map(({ name }) => strings.offset(name));
    headers.push({ ...strtab, content: strings.bytes() });
    return this.#file(headers, names);
  }

  /** Local symbols stand before all others; `indices` says where each went. */
  #symbolTable(strings: StringTable) {
    const order = [...this.#symbols.keys()].sort(
      (a, b) => Number(this.#symbols[a].binding !== "local") - Number(this.#symbols[b].binding !== "local"),
    );
    const table = new Uint8Array((order.length + 1) * SYMBOL_SIZE);
    const view = new DataView(table.buffer);
    const indices = new Uint32Array(order.length);
    order.forEach((from, position) => {
      const symbol = this.#symbols[from];
      const at = (position + 1) * SYMBOL_SIZE;
      indices[from] = position + 1;
      view.setUint32(at, strings.offset(symbol.name), this.#littleEndian);
      table[at + 4] = (BINDING[symbol.binding] << 4) | symbol.type;
      table[at + 5] = symbol.visibility;
      view.setUint16(at + 6, symbol.section, this.#littleEndian);
      view.setBigUint64(at + 8, BigInt(symbol.value), this.#littleEndian);
      view.setBigUint64(at + 16, BigInt(symbol.size), this.#littleEndian);
    });
    const locals = order.filter((index) => this.#symbols[index].binding === "local").length + 1;
    return { table, locals, indices };
  }

  #relocationTable(list: readonly NewRelocation[], indices: Uint32Array): Uint8Array {
    const table = new Uint8Array(list.length * RELOCATION_SIZE);
    const view = new DataView(table.buffer);
    list.forEach(({ offset, type, symbol }, index) => {
      const info = (BigInt(indices[symbol]) << 32n) | BigInt(type);
      view.setBigUint64(index * RELOCATION_SIZE, BigInt(offset), this.#littleEndian);
      view.setBigUint64(index * RELOCATION_SIZE + 8, info, this.#littleEndian);
    });
    return table;
  }

  #file(headers: readonly Header[], names: readonly number[]): Uint8Array {
    let end = HEADER_SIZE;
    const offsets = headers.map(({ content, align = 1 }) => {
      const start = Math.ceil(end / align) * align;
      end = typeof content === "number" ? end : start + content.length;
      return typeof content === "number" ? end : start;
    });
    const tableOffset = Math.ceil(end / 8) * 8;
    const bytes = new Uint8Array(tableOffset + (headers.length + 1) * SECTION_HEADER_SIZE);
    const view = new DataView(bytes.buffer);
    const le = this.#littleEndian;
    const count = headers.length + 1;
    // 64 bits, the byte order, ELF version 1.
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, le ? 1 : 2, 1]);
    view.setUint16(16, ET_REL, le);
    view.setUint16(18, EM_BPF, le);
    view.setUint32(20, 1, le);
    view.setBigUint64(40, BigInt(tableOffset), le);
    view.setUint16(52, HEADER_SIZE, le);
    view.setUint16(58, SECTION_HEADER_SIZE, le);
    view.setUint16(60, count, le);
    view.setUint16(62, headers.length, le);
    headers.forEach(({ type, flags, link, info, align = 1, entrySize = 0, content }, index) => {
      const at = tableOffset + (index + 1) * SECTION_HEADER_SIZE;
      if (typeof content !== "number") bytes.set(content, offsets[index]);
      const size = typeof content === "number" ? content : content.length;
      view.setUint32(at, names[index], le);
      view.setUint32(at + 4, type, le);
      view.setBigUint64(at + 8, BigInt(flags), le);
      view.setBigUint64(at + 24, BigInt(offsets[index]), le);
      view.setBigUint64(at + 32, BigInt(size), le);
      view.setUint32(at + 40, link, le);
      view.setUint32(at + 44, info, le);
      view.setBigUint64(at + 48, BigInt(align), le);
      view.setBigUint64(at + 56, BigInt(entrySize), le);
    });
    return bytes;
  }
}

interface Header extends NewSection {
  readonly link: number;
  readonly info: number;
}

/** Strings, each once, by the offset of their first byte. */
class StringTable {
  readonly #offsets = new Map<string, number>([["", 0]]);
  readonly #parts: Uint8Array[] = [new Uint8Array(1)];
  #length = 1;

  offset(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#length;
    const part = encoder.encode(`${text}\0`);
    this.#parts.push(part);
    this.#length += part.length;
    this.#offsets.set(text, offset);
    return offset;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}
