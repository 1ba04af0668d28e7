/** The ELF64 container of BPF objects: read and write sections, symbols, relocations. Imports errors alone. */
export { type Elf, type ElfRelocation, type ElfSection, type ElfSymbol, parseElf } from "./elf.js";
export {
  BpfRelocation,
  SectionFlag,
  SectionType,
  SHN_COMMON,
  SHN_LORESERVE,
  SymbolType,
  SymbolVisibility,
} from "./elf-format.js";
export { ElfWriter, type NewRelocation, type NewSection, type NewSymbol } from "./write-elf.js";
