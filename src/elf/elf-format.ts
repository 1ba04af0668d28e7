/** Numbers of the ELF format (System V ABI) that BPF objects use. */
export const EM_BPF = 247;
export const ET_REL = 1;
export const HEADER_SIZE = 64;
export const SECTION_HEADER_SIZE = 64;
export const SYMBOL_SIZE = 24;
/** Elf64_Rel, without an addend of its own. */
export const RELOCATION_SIZE = 16;
/** Section indices from here on have meanings of their own. */
export const SHN_LORESERVE = 0xff00;
export const SHN_COMMON = 0xfff2;
/** The index stands in another table, as there are too many sections for 16 bits. */
export const SHN_XINDEX = 0xffff;

export const SectionType = {
  Null: 0,
  Progbits: 1,
  Symtab: 2,
  Strtab: 3,
  Rela: 4,
  Nobits: 8,
  Rel: 9,
} as const;

export const SectionFlag = { Write: 1, Alloc: 2, ExecInstr: 4, Merge: 0x10, Strings: 0x20 } as const;

export const SymbolType = { None: 0, Object: 1, Func: 2, Section: 3 } as const;

export const SymbolVisibility = { Default: 0, Internal: 1, Hidden: 2, Protected: 3 } as const;

/** R_BPF_* (Documentation/bpf/llvm_reloc.rst). */
export const BpfRelocation = { Imm64: 1, Abs64: 2, Abs32: 3, NoDyld32: 4, Call32: 10 } as const;
