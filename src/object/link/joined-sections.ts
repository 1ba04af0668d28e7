import { swapCode } from "../../asm/index.js";
import type { CoreRelocation, FuncInfo, LineInfo } from "../../btf/index.js";
import { type ElfSection, type ElfWriter, SectionType } from "../../elf/index.js";
import { ObjectFormatError } from "../../errors.js";
import type { ObjectFile } from "../object-file.js";

/** An object to link, with the name that messages call it by. */
export interface LinkSource {
  readonly name: string;
  readonly file: ObjectFile;
}

/** A section of the linked object: those of one name, one after another. */
export interface JoinedSection {
  readonly name: string;
  readonly isCode: boolean;
  readonly functions: FuncInfo[];
  readonly lines: LineInfo[];
  readonly relocations: CoreRelocation[];
  size: number;
  /** Its index in the file. */
  index: number;
}

/** Where a source's section has gone. */
export interface SectionPlace {
  readonly joined: JoinedSection;
  /** Byte of the joined section at which it begins. */
  readonly offset: number;
  /** Whether it says what another source's has said already: licence and version. */
  readonly isRepeated: boolean;
}

interface Draft extends JoinedSection {
  readonly first: ElfSection;
  readonly from: string;
  readonly parts: { readonly offset: number; readonly content: Uint8Array }[];
  align: number;
}

const ONCE = ["license", "version"];
/** A page: nothing in an object needs more. */
const LARGEST_ALIGN = 4096;

/** The sections of several objects, joined by name (libbpf, linker_append_sec_data). */
export class JoinedSections {
  readonly #littleEndian: boolean;
  readonly #sections = new Map<string, Draft>();
  readonly #places = new Map<LinkSource, Map<number, SectionPlace>>();
  readonly #contents = new Map<JoinedSection, Uint8Array>();

  constructor(sources: readonly LinkSource[], littleEndian: boolean) {
    this.#littleEndian = littleEndian;
    for (const source of sources) {
      const places = new Map<number, SectionPlace>();
      for (const section of source.file.elf.sections) {
        if (isJoined(section)) places.set(section.index, this.#join(source, section));
      }
      this.#places.set(source, places);
    }
  }

  #join(source: LinkSource, section: ElfSection): SectionPlace {
    const { name, align } = section;
    const known = this.#sections.get(name);
    const joined = known ?? draft(source, section);
    this.#sections.set(name, joined);
    if (known !== undefined && ONCE.includes(name)) {
      checkRepeated(known, source, section);
      return { joined, offset: 0, isRepeated: true };
    }
    if (known !== undefined) checkSame(known, source, section);
    const unit = Math.max(1, align);
    if (unit > LARGEST_ALIGN || (unit & (unit - 1)) !== 0) {
      throw new ObjectFormatError(`${source.name}: alignment to ${unit} bytes: compile it again`, {
        section: name,
      });
    }
    const offset = Math.ceil(joined.size / unit) * unit;
    joined.align = Math.max(joined.align, unit);
    joined.size = offset + section.size;
    // Code is kept little endian until it is written.
    const content = joined.isCode && !this.#littleEndian ? swapCode(section.data) : section.data;
    joined.parts.push({ offset, content });
    return { joined, offset, isRepeated: false };
  }

  /** Where a source's section is; undefined for one that is left out. */
  place(source: LinkSource, section: number): SectionPlace | undefined {
    return this.#places.get(source)?.get(section);
  }

  /** Where a source's first section of a name is. */
  placeNamed(source: LinkSource, name: string): SectionPlace | undefined {
    const section = source.file.section(name);
    return section === undefined ? undefined : this.place(source, section.index);
  }

  named(name: string): JoinedSection | undefined {
    return this.#sections.get(name);
  }

  all(): readonly JoinedSection[] {
    return [...this.#sections.values()];
  }

  /** Adds the sections to a file, with content that may still change; code is little endian in it. */
  write(elf: ElfWriter): void {
    for (const joined of this.#sections.values()) {
      const isBss = joined.first.type === SectionType.Nobits;
      const content = isBss ? new Uint8Array(0) : new Uint8Array(joined.size);
      for (const part of joined.parts) content.set(part.content, isBss ? 0 : part.offset);
      this.#contents.set(joined, content);
      joined.index = elf.addSection({
        name: joined.name,
        type: joined.first.type,
        flags: joined.first.flags,
        align: joined.align,
        entrySize: joined.first.entrySize,
        content: isBss ? joined.size : content,
      });
    }
  }

  content(joined: JoinedSection): Uint8Array {
    return this.#contents.get(joined) ?? new Uint8Array(0);
  }

  /** Gives code the byte order that it is to have. */
  finish(): void {
    if (this.#littleEndian) return;
    for (const [{ isCode }, content] of this.#contents) if (isCode) content.set(swapCode(content));
  }
}

/** Sections of content; BTF, debug information and what linkers and compilers note for each other are none. */
function isJoined({ type, name, size }: ElfSection): boolean {
  if (type !== SectionType.Progbits && type !== SectionType.Nobits) return false;
  if (name === ".BTF" || name === ".BTF.ext" || name === ".eh_frame" || name.startsWith(".debug_"))
    return false;
  return !(name === ".text" && size === 0);
}

function draft(source: LinkSource, first: ElfSection): Draft {
  const isCode = source.file.isCode(first);
  const records = { functions: [], lines: [], relocations: [] };
  return {
    name: first.name,
    isCode,
    ...records,
    size: 0,
    index: 0,
    first,
    from: source.name,
    parts: [],
    align: 1,
  };
}

function checkSame(known: Draft, source: LinkSource, { name, type, flags, entrySize }: ElfSection): void {
  const { first, from } = known;
  const isSame = first.type === type && first.flags === flags && first.entrySize === entrySize;
  if (isSame) return;
  const kinds = type === first.type ? `flags ${first.flags} and ${flags}` : `types ${first.type} and ${type}`;
  throw new ObjectFormatError(`${from} and ${source.name} have it with ${kinds}: declare it alike`, {
    section: name,
  });
}

function checkRepeated(known: Draft, source: LinkSource, { name, data }: ElfSection): void {
  const first = known.first.data;
  if (first.length === data.length && first.every((byte, index) => byte === data[index])) return;
  throw new ObjectFormatError(`${known.from} and ${source.name} do not agree on it: make them the same`, {
    section: name,
  });
}
