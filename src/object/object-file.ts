import { Btf, type BtfDatasec, BtfExt, BtfKind } from "../btf/index.js";
import {
  type Elf,
  type ElfSection,
  type ElfSymbol,
  parseElf,
  SectionFlag,
  SectionType,
  SymbolType,
} from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import { fixDataSections } from "./fix-data-sections.js";

/** The section of functions that are no programs. */
export const TEXT = ".text";

/** An ELF object with its BTF, and the questions that all of reading it asks. */
export class ObjectFile {
  readonly elf: Elf;
  readonly btf: Btf | undefined;
  readonly btfExt: BtfExt | undefined;
  readonly #symbolsBySection = new Map<number, ElfSymbol[]>();

  /** `isLast` says whether the object is to be loaded, not linked with others. */
  constructor(bytes: Uint8Array, isLast = true) {
    this.elf = parseElf(bytes);
    if (this.elf.symbols.length === 0) {
      throw new ObjectFormatError("there are no symbols: strip it with llvm-strip -g, or not at all");
    }
    for (const symbol of this.elf.symbols) {
      const list = this.#symbolsBySection.get(symbol.section);
      if (list === undefined) this.#symbolsBySection.set(symbol.section, [symbol]);
      else list.push(symbol);
    }
    const btf = this.section(".BTF");
    this.btf = btf === undefined ? undefined : Btf.parse(fixDataSections(this.elf, btf.data, isLast));
    if (this.btf !== undefined && this.btf.littleEndian !== this.elf.littleEndian) {
      throw new ObjectFormatError("its byte order is not the object's: compile it again", {
        section: ".BTF",
        offset: 0,
      });
    }
    const ext = this.section(".BTF.ext");
    this.btfExt = ext === undefined || this.btf === undefined ? undefined : BtfExt.parse(ext.data, this.btf);
  }

  /** The first section with a name. */
  section(name: string): ElfSection | undefined {
    return this.elf.sections.find((section) => section.name === name && section.type !== SectionType.Null);
  }

  symbolsOf(section: ElfSection): readonly ElfSymbol[] {
    return this.#symbolsBySection.get(section.index) ?? [];
  }

  /** The section that a symbol is in; undefined for externs, and for absolute and common symbols. */
  sectionOf(symbol: ElfSymbol): ElfSection | undefined {
    return symbol.section === 0 ? undefined : this.elf.sections[symbol.section];
  }

  /** Whether programs or their functions live in a section. */
  isCode(section: ElfSection): boolean {
    return (
      section.type === SectionType.Progbits &&
      (section.flags & SectionFlag.ExecInstr) !== 0 &&
      section.size > 0
    );
  }

  /** Named variables of a section. */
  variables(section: ElfSection): ElfSymbol[] {
    return this.symbolsOf(section).filter(
      (symbol) => symbol.type === SymbolType.Object || (symbol.type === SymbolType.None && symbol.size > 0),
    );
  }

  /** What BTF says of the variables of a section: the first DATASEC with its name. */
  datasec(section: string): BtfDatasec | undefined {
    const id = this.btf?.find(section, BtfKind.Datasec);
    const type = id === undefined ? undefined : this.btf?.type(id);
    return type?.kind === BtfKind.Datasec ? type : undefined;
  }
}
