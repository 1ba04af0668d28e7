import { CodeView, InsnClass, JmpOp, PseudoCall, SLOT_SIZE, swapCode } from "../asm/index.js";
import { type ElfRelocation, type ElfSection, type ElfSymbol, SHN_COMMON, SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import type { CodeUnit, UnitReference } from "./code-unit.js";
import { isHidden } from "./fix-data-sections.js";
import type { ObjectFile } from "./object-file.js";
import { OrderedRecords } from "./ordered.js";

/** What a symbol outside of the code means: a map, a place in a data section, or an extern. */
export type SymbolMeaning = (symbol: ElfSymbol, slot: number, addend: number) => UnitReference | undefined;

const CALL = InsnClass.Jmp | JmpOp.Call;
/** Tables of goto targets, which clang 22 makes and Linux 6.19 takes. */
const JUMP_TABLES = ".jumptables";

/** The functions of a section of code, with what their instructions refer to. */
export function readCode(file: ObjectFile, section: ElfSection, meaning: SymbolMeaning): CodeUnit[] {
  const fail = (message: string, offset?: number): never => {
    throw new ObjectFormatError(`${message}: compile it again`, { section: section.name, offset });
  };
  if (section.size % SLOT_SIZE !== 0) fail(`${section.size} bytes of code are no multiple of ${SLOT_SIZE}`);
  const code = file.elf.littleEndian ? section.data.slice() : swapCode(section.data);
  const reader = new CodeReader(file, section, new CodeView(code), meaning);
  const info = file.btfExt?.sections.get(section.name);
  const lines = new OrderedRecords(info?.lines ?? []);
  const relocations = new OrderedRecords(info?.relocations ?? []);
  const types = new Map(info?.functions.map(({ offset, typeId }) => [offset, typeId]));
  let last = { value: 0, size: 0 };
  return functionsOf(file, section).map((symbol): CodeUnit => {
    const { name, value, size, binding } = symbol;
    const isWhole = value % SLOT_SIZE === 0 && size % SLOT_SIZE === 0 && size > 0;
    if (!isWhole || value + size > section.size) {
      fail(`function ${name} of ${size} bytes at ${value} is not in its section of ${section.size}`, value);
    }
    // Two names of one function are well; functions that share a part of their code are none.
    const isAlias = value === last.value && size === last.size;
    if (!isAlias && value < last.value + last.size) fail(`function ${name} overlaps another`, value);
    last = symbol;
    const at = <T extends { readonly offset: number }>(record: T) => ({
      ...record,
      slot: Math.floor((record.offset - value) / SLOT_SIZE),
    });
    return {
      name,
      section: section.index,
      sectionName: section.name,
      start: value / SLOT_SIZE,
      binding,
      isHidden: isHidden(symbol),
      code: code.subarray(value, value + size),
      references: reader.references(value / SLOT_SIZE, (value + size) / SLOT_SIZE),
      lines: lines.between(value, value + size).map(at),
      relocations: relocations.between(value, value + size).map(at),
      typeId: types.get(value),
    };
  });
}

function functionsOf(file: ObjectFile, section: ElfSection): ElfSymbol[] {
  return file
    .symbolsOf(section)
    .filter((symbol) => symbol.type === SymbolType.Func)
    .sort((a, b) => a.value - b.value);
}

/** What the instructions of a section refer to. */
class CodeReader {
  readonly #file: ObjectFile;
  readonly #section: ElfSection;
  readonly #code: CodeView;
  readonly #meaning: SymbolMeaning;
  readonly #relocations = new Map<number, ElfRelocation>();

  constructor(file: ObjectFile, section: ElfSection, code: CodeView, meaning: SymbolMeaning) {
    this.#file = file;
    this.#section = section;
    this.#code = code;
    this.#meaning = meaning;
    for (const relocation of file.elf.relocations.get(section.index) ?? []) {
      if (relocation.offset % SLOT_SIZE !== 0) this.#refuse(relocation, "it is not at an instruction");
      this.#relocations.set(relocation.offset / SLOT_SIZE, relocation);
    }
  }

  /**
   * The references of a function's slots, in their order, which decides where subprograms go. Code
   * outside of functions is not looked at: linkers leave it where they choose another definition of a
   * weak function.
   */
  references(start: number, end: number): UnitReference[] {
    const references: UnitReference[] = [];
    for (let slot = start; slot < end; slot += this.#code.isWide(slot) ? 2 : 1) {
      const relocation = this.#relocations.get(slot);
      const reference = relocation === undefined ? this.#localCall(slot) : this.#relocated(slot, relocation);
      if (reference !== undefined) references.push({ ...reference, slot: slot - start });
    }
    return references;
  }

  #refuse({ symbol, offset }: ElfRelocation, why: string): never {
    const name = symbol.name || (this.#file.sectionOf(symbol)?.name ?? "?");
    throw new ObjectFormatError(`reference to "${name}": ${why}`, { section: this.#section.name, offset });
  }

  /** What a relocated instruction refers to (libbpf, bpf_program__record_reloc). */
  #relocated(slot: number, relocation: ElfRelocation): UnitReference {
    const { symbol } = relocation;
    const code = this.#code;
    const isCall = code.opcode(slot) === CALL;
    if (!isCall && !code.isWide(slot)) {
      this.#refuse(relocation, "only calls and 64-bit immediate loads can refer to something");
    }
    if (!isCall && slot + 1 >= code.length) this.#refuse(relocation, "a 64-bit immediate load is cut off");
    const target = this.#file.sectionOf(symbol);
    if (target !== undefined && this.#file.isCode(target)) {
      // A call's immediate counts from the next instruction; a section's symbol leaves the rest to it.
      const addend = isCall ? (code.imm(slot) + 1) * SLOT_SIZE : code.imm(slot);
      const at = symbol.value + addend;
      if (at % SLOT_SIZE !== 0 || at < 0) this.#refuse(relocation, `there is no function at byte ${at}`);
      return { kind: isCall ? "call" : "function", slot, section: symbol.section, target: at / SLOT_SIZE };
    }
    if (target?.name === JUMP_TABLES) {
      this.#refuse(relocation, "jump tables need Linux 6.19: compile with -fno-jump-tables");
    }
    if (symbol.section === SHN_COMMON) {
      this.#refuse(relocation, "a common symbol has no place yet: compile with -fno-common");
    }
    const reference = this.#meaning(symbol, slot, code.imm(slot));
    if (!isCall) return reference ?? this.#refuse(relocation, "it is neither map, variable nor function");
    if (reference?.kind === "ksym") return { ...reference, kind: "kfunc" };
    return this.#refuse(relocation, "what is called is no function");
  }

  /** A call within the section, whose target stands in the immediate already. */
  #localCall(slot: number): UnitReference | undefined {
    const code = this.#code;
    if (code.opcode(slot) !== CALL || code.src(slot) !== PseudoCall.Local) return undefined;
    return { kind: "call", slot, section: this.#section.index, target: slot + code.imm(slot) + 1 };
  }
}
