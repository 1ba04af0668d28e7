import { Btf, BtfExt, BtfKind } from "../btf/index.js";
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

/** sizeof(struct btf_type). */
const TYPE_SIZE = 12;

/** An ELF object with its BTF, and the questions that all of reading it asks. */
export class ObjectFile {
  readonly elf: Elf;
  readonly btf: Btf | undefined;
  readonly btfExt: BtfExt | undefined;
  readonly #symbolsBySection = new Map<number, ElfSymbol[]>();

  constructor(bytes: Uint8Array) {
    this.elf = parseElf(bytes);
    for (const symbol of this.elf.symbols) {
      const list = this.#symbolsBySection.get(symbol.section);
      if (list === undefined) this.#symbolsBySection.set(symbol.section, [symbol]);
      else list.push(symbol);
    }
    const btf = this.section(".BTF");
    this.btf = btf === undefined ? undefined : Btf.parse(this.#fixDataSections(btf));
    const ext = this.section(".BTF.ext");
    this.btfExt = ext === undefined || this.btf === undefined ? undefined : BtfExt.parse(ext.data, this.btf);
    if (this.btf !== undefined && this.btf.littleEndian !== this.elf.littleEndian) {
      throw new ObjectFormatError("its byte order is not the object's", { section: ".BTF", offset: 0 });
    }
  }

  section(name: string): ElfSection | undefined {
    return this.elf.sections.find((section) => section.name === name && section.type !== SectionType.Null);
  }

  symbolsOf(section: ElfSection): readonly ElfSymbol[] {
    return this.#symbolsBySection.get(section.index) ?? [];
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

  /**
   * Compilers leave the sizes of data sections, and the places of global variables in them, to who
   * links: they stand in the section headers and symbols (libbpf's btf_fixup_datasec).
   */
  #fixDataSections(section: ElfSection): Uint8Array {
    const bytes = section.data.slice();
    const view = new DataView(bytes.buffer);
    const le = this.elf.littleEndian;
    const btf = Btf.parse(bytes);
    for (const id of btf.ids()) {
      if (btf.kind(id) !== BtfKind.Datasec) continue;
      const type = btf.type(id);
      const own = this.section(type.name);
      if (type.kind !== BtfKind.Datasec || own === undefined) continue;
      const at = btf.place(id);
      if (type.size === 0) view.setUint32(at + 8, own.size, le);
      type.variables.forEach((variable, index) => {
        const named = btf.type(variable.type);
        if (named.kind !== BtfKind.Var || named.linkage !== "global") return;
        const symbol = this.symbolsOf(own).find((entry) => entry.name === named.name);
        if (symbol !== undefined) view.setUint32(at + TYPE_SIZE + index * 12 + 4, symbol.value, le);
      });
    }
    return bytes;
  }
}
