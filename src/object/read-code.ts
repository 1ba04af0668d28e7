import { CodeView, InsnClass, JmpOp, PseudoCall, SLOT_SIZE, swapCode } from "../asm/index.js";
import { type ElfSection, type ElfSymbol, SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import type { CodeUnit, UnitReference } from "./code-unit.js";
import type { ObjectFile } from "./object-file.js";

/** What a symbol outside of the code means: a map, a place in a data section, or an extern. */
export type SymbolMeaning = (symbol: ElfSymbol, slot: number, addend: number) => UnitReference | undefined;

const CALL = InsnClass.Jmp | JmpOp.Call;
const HIDDEN = 2;
const INTERNAL = 1;

/** The functions of a section of code, with what their instructions refer to. */
export function readCode(file: ObjectFile, section: ElfSection, meaning: SymbolMeaning): CodeUnit[] {
  if (section.size % SLOT_SIZE !== 0) {
    throw new ObjectFormatError(`${section.size} bytes of code are no multiple of ${SLOT_SIZE}`, {
      section: section.name,
    });
  }
  const code = file.elf.littleEndian ? section.data.slice() : swapCode(section.data);
  const references = [
    ...relocated(file, section, new CodeView(code), meaning),
    ...unrelocatedCalls(file, section, new CodeView(code)),
  ];
  return functionsOf(file, section).map((symbol) => unit(file, section, symbol, code, references));
}

function functionsOf(file: ObjectFile, section: ElfSection): ElfSymbol[] {
  const functions = file.symbolsOf(section).filter((symbol) => symbol.type === SymbolType.Func);
  for (const symbol of functions) {
    const isAligned = symbol.value % SLOT_SIZE === 0 && symbol.size % SLOT_SIZE === 0 && symbol.size > 0;
    if (!isAligned || symbol.value + symbol.size > section.size) {
      throw new ObjectFormatError(`function ${symbol.name} of ${symbol.size} bytes is not in its section`, {
        section: section.name,
        offset: symbol.value,
      });
    }
  }
  return functions.sort((a, b) => a.value - b.value);
}

function unit(
  file: ObjectFile,
  section: ElfSection,
  symbol: ElfSymbol,
  code: Uint8Array,
  references: readonly UnitReference[],
): CodeUnit {
  const start = symbol.value / SLOT_SIZE;
  const end = start + symbol.size / SLOT_SIZE;
  const info = file.btfExt?.sections.get(section.name);
  const within = <T extends { readonly offset: number }>(records: readonly T[] | undefined) =>
    (records ?? [])
      .filter(({ offset }) => offset >= symbol.value && offset < symbol.value + symbol.size)
      .map((record) => ({ ...record, slot: Math.floor(record.offset / SLOT_SIZE) - start }));
  return {
    name: symbol.name,
    section: section.index,
    sectionName: section.name,
    start,
    binding: symbol.binding,
    isHidden: symbol.visibility === HIDDEN || symbol.visibility === INTERNAL,
    code: code.slice(start * SLOT_SIZE, end * SLOT_SIZE),
    references: references
      .filter(({ slot }) => slot >= start && slot < end)
      .map((reference) => ({ ...reference, slot: reference.slot - start })),
    lines: within(info?.lines),
    relocations: within(info?.relocations),
    typeId: info?.functions.find(({ offset }) => offset === symbol.value)?.typeId,
  };
}

/** What the section's relocations say. */
function relocated(
  file: ObjectFile,
  section: ElfSection,
  code: CodeView,
  meaning: SymbolMeaning,
): UnitReference[] {
  return (file.elf.relocations.get(section.index) ?? []).map(({ offset, symbol }) => {
    const fail = (why: string): never => {
      throw new ObjectFormatError(`relocation of "${symbolName(file, symbol)}": ${why}`, {
        section: section.name,
        offset,
      });
    };
    if (offset % SLOT_SIZE !== 0) return fail("it is not at an instruction");
    const slot = offset / SLOT_SIZE;
    const isCall = code.opcode(slot) === CALL;
    if (!isCall && !code.isWide(slot)) return fail("only calls and 64-bit immediate loads are relocated");
    if (!isCall && slot + 1 >= code.length) return fail("a 64-bit immediate load is cut off");
    const target = file.elf.sections[symbol.section];
    if (target !== undefined && symbol.section !== 0 && file.isCode(target)) {
      // A call's immediate counts from the next instruction; a section's symbol leaves the rest to it.
      const addend = isCall ? (code.imm(slot) + 1) * SLOT_SIZE : code.imm(slot);
      const at = symbol.value + addend;
      if (at % SLOT_SIZE !== 0 || at < 0) return fail(`no function at byte ${at}`);
      return { kind: isCall ? "call" : "function", slot, section: symbol.section, target: at / SLOT_SIZE };
    }
    if (isCall) {
      if (symbol.section !== 0 || symbol.name === "") return fail("a call of what is no function");
      return { kind: "kfunc", slot, name: symbol.name, isWeak: symbol.binding === "weak" };
    }
    return meaning(symbol, slot, code.imm(slot)) ?? fail("it is neither map, variable nor function");
  });
}

function symbolName(file: ObjectFile, symbol: ElfSymbol): string {
  return symbol.name || (file.elf.sections[symbol.section]?.name ?? "?");
}

/** Calls within a section may have their target in the immediate already. */
function unrelocatedCalls(file: ObjectFile, section: ElfSection, code: CodeView): UnitReference[] {
  const done = new Set(
    (file.elf.relocations.get(section.index) ?? []).map(({ offset }) => offset / SLOT_SIZE),
  );
  const calls: UnitReference[] = [];
  for (let slot = 0; slot < code.length; slot++) {
    const isLocal = code.opcode(slot) === CALL && code.src(slot) === PseudoCall.Local;
    if (isLocal && !done.has(slot)) {
      calls.push({ kind: "call", slot, section: section.index, target: slot + code.imm(slot) + 1 });
    }
    if (code.isWide(slot)) slot++;
  }
  return calls;
}
