import { Btf, type BtfDatasec, BtfKind } from "../btf/index.js";
import { type Elf, type ElfSymbol, SectionType, SymbolType, SymbolVisibility } from "../elf/index.js";

/** sizeof(struct btf_type), behind which a DATASEC's entries and a VAR's linkage stand. */
const TYPE_SIZE = 12;
/** struct btf_var_secinfo: type, offset, size. */
const ENTRY_SIZE = 12;
const STATIC = 0;

/** Sections that stand for externs: their variables have no place in the object. */
const OF_EXTERNS = [".ksyms", ".kconfig", ".extern"];

/**
 * Compilers leave the sizes of data sections, and the places of global variables in them, to who
 * links: they stand in the section headers and symbols. Entries are sorted by their places, as kernels
 * want them, and hidden variables become static if nothing else is to be linked (libbpf,
 * btf_fixup_datasec).
 */
export function fixDataSections(elf: Elf, btfSection: Uint8Array, isLast: boolean): Uint8Array {
  const bytes = btfSection.slice();
  const view = new DataView(bytes.buffer);
  const btf = Btf.parse(bytes.slice());
  const le = btf.littleEndian;
  const globals = new Map<string, ElfSymbol>();
  for (const symbol of elf.symbols) {
    const isVariable = symbol.type === SymbolType.Object && symbol.binding !== "local";
    if (isVariable && !globals.has(symbol.name)) globals.set(symbol.name, symbol);
  }
  const sizes = new Map<string, number>();
  for (const { name, type, size } of elf.sections) {
    if (type !== SectionType.Null && !sizes.has(name)) sizes.set(name, size);
  }
  for (const id of btf.ids()) {
    if (btf.kind(id) !== BtfKind.Datasec) continue;
    const type = btf.type(id);
    if (type.kind !== BtfKind.Datasec || OF_EXTERNS.includes(type.name)) continue;
    const entries = type.variables.map((entry) => {
      const variable = btf.type(entry.type);
      if (variable.kind !== BtfKind.Var || variable.linkage !== "global") return entry;
      const symbol = globals.get(variable.name);
      if (symbol === undefined) return entry;
      if (isLast && isHidden(symbol)) view.setUint32(btf.place(entry.type) + TYPE_SIZE, STATIC, le);
      // libbpf's linker leaves those of variables at 0 that another object had declared before.
      return { ...entry, offset: symbol.value };
    });
    writeDatasec(bytes, btf, id, sizes.get(type.name) ?? type.size, entries);
  }
  return bytes;
}

/** Writes a section's size and entries, in the order of their offsets, into a copy of BTF's bytes. */
export function writeDatasec(
  bytes: Uint8Array,
  btf: Btf,
  id: number,
  size: number,
  entries: BtfDatasec["variables"],
): void {
  const view = new DataView(bytes.buffer);
  const at = btf.place(id);
  view.setUint32(at + 8, size, btf.littleEndian);
  const sorted = [...entries].sort((a, b) => a.offset - b.offset);
  for (const [index, entry] of sorted.entries()) {
    const place = at + TYPE_SIZE + index * ENTRY_SIZE;
    view.setUint32(place, entry.type, btf.littleEndian);
    view.setUint32(place + 4, entry.offset, btf.littleEndian);
    view.setUint32(place + 8, entry.size, btf.littleEndian);
  }
}

/** Hidden symbols are for their own object alone; so is what they name for the verifier. */
export function isHidden({ visibility }: ElfSymbol): boolean {
  return visibility === SymbolVisibility.Hidden || visibility === SymbolVisibility.Internal;
}
