/** The ELF64 container of BPF objects: sections, symbols, relocations. Imports errors alone. */
export { type Elf, type ElfRelocation, type ElfSection, type ElfSymbol, parseElf } from "./elf.js";
export { BpfRelocation, SectionFlag, SectionType, SHN_COMMON, SymbolType } from "./elf-format.js";
