import { CodeView, PseudoCall, SLOT_SIZE, swapCode } from "../../asm/index.js";
import type { CoreRelocation, FuncInfo, LineInfo, SectionInfo } from "../../btf/index.js";
import { BpfRelocation, SectionFlag, SectionType, SymbolType } from "../../elf/index.js";
import { ObjectFormatError } from "../../errors.js";
import { ProgramType } from "../../uapi/index.js";
import { TEXT } from "../object-file.js";
import type { ObjectSpec, ProgramSpec, Reference } from "../object-spec.js";
import { isSaidBy, sectionNameFor } from "../section-names.js";
import type { Output } from "./output.js";
import { isLocal, type SharedFunction, shareFunctions } from "./shared-functions.js";

/** Where a reference into a map's value goes: the symbol of the section that has it. */
export type DataSymbols = ReadonlyMap<string, number>;

interface PlacedFunction {
  readonly shared: SharedFunction;
  readonly section: CodeSection;
  readonly start: number;
  readonly symbol: number;
}

interface CodeSection {
  readonly name: string;
  readonly index: number;
  readonly content: Uint8Array;
  readonly functions: FuncInfo[];
  readonly lines: LineInfo[];
  readonly relocations: CoreRelocation[];
}

/** The sections of code: programs by their kinds, and every function that they call once in .text. */
export class CodeWriter {
  readonly #spec: ObjectSpec;
  readonly #output: Output;
  readonly #placed = new Map<SharedFunction, PlacedFunction>();
  readonly #sections: CodeSection[] = [];

  constructor(spec: ObjectSpec, output: Output) {
    this.#spec = spec;
    this.#output = output;
    const bySection = new Map<string, SharedFunction[]>();
    for (const shared of shareFunctions(spec.programs, spec.functions ?? [])) {
      const name = shared.program === undefined ? TEXT : sectionOf(shared.program);
      const list = bySection.get(name);
      if (list === undefined) bySection.set(name, [shared]);
      else list.push(shared);
    }
    for (const [name, functions] of bySection) this.#place(name, functions);
  }

  #place(name: string, functions: readonly SharedFunction[]): void {
    const size = functions.reduce((sum, { part }) => sum + part.code.length, 0);
    const content = new Uint8Array(size);
    const flags = SectionFlag.Alloc | SectionFlag.ExecInstr;
    const index = this.#output.elf.addSection({
      name,
      type: SectionType.Progbits,
      flags,
      align: SLOT_SIZE,
      content,
    });
    const section: CodeSection = { name, index, content, functions: [], lines: [], relocations: [] };
    this.#sections.push(section);
    let start = 0;
    for (const shared of functions) {
      const { part, program } = shared;
      const { name: functionName, linkage } = part.function;
      const place = { section: index, value: start, size: part.code.length };
      const scope = isLocal(shared)
        ? "static"
        : program === undefined && linkage === "static"
          ? "hidden"
          : "global";
      const symbol = this.#output.define(program?.name ?? functionName, place, SymbolType.Func, scope);
      content.set(part.code, start);
      this.#placed.set(shared, { shared, section, start, symbol });
      start += part.code.length;
    }
  }

  /** Adds the relocations and debug records, when all that can be referred to has its symbol. */
  finish(data: DataSymbols): ReadonlyMap<string, SectionInfo> {
    for (const placed of this.#placed.values()) this.#finish(placed, data);
    if (!this.#spec.littleEndian) {
      for (const { content } of this.#sections) content.set(swapCode(content));
    }
    return new Map(this.#sections.map((section) => [section.name, section]));
  }

  #finish({ shared, section, start }: PlacedFunction, data: DataSymbols): void {
    const { part, targets } = shared;
    const code = new CodeView(section.content.subarray(start, start + part.code.length));
    const relocate = (slot: number, type: number, symbol: number) => {
      this.#output.elf.addRelocation(section.index, { offset: start + slot * SLOT_SIZE, type, symbol });
    };
    for (const [index, { slot, kind }] of part.links.entries()) {
      const target = this.#placed.get(targets[index]) as PlacedFunction;
      const isSection = isLocal(targets[index]);
      const symbol = isSection ? this.#output.sectionSymbol(target.section.index) : target.symbol;
      const addend = isSection ? target.start : 0;
      // A call counts in slots from the next instruction, a pointer in bytes.
      code.setImm(slot, kind === "call" ? addend / SLOT_SIZE - 1 : addend);
      relocate(slot, kind === "call" ? BpfRelocation.Call32 : BpfRelocation.Imm64, symbol);
    }
    for (const reference of part.references) {
      const { symbol, addend } = this.#symbolOf(reference, part.function.name, data);
      const isCall = reference.kind === "kfunc";
      code.setSrc(reference.slot, isCall ? PseudoCall.Local : 0);
      code.setOffset(reference.slot, 0);
      code.setImm(reference.slot, isCall ? -1 : addend);
      if (!isCall) code.setImm(reference.slot + 1, 0);
      relocate(reference.slot, isCall ? BpfRelocation.Call32 : BpfRelocation.Imm64, symbol);
    }
    const { typeId } = part.function;
    if (typeId !== undefined) section.functions.push({ offset: start, typeId });
    for (const { slot, ...line } of part.lines) {
      section.lines.push({ ...line, offset: start + slot * SLOT_SIZE });
    }
    for (const { slot, ...relocation } of part.coreRelocations) {
      section.relocations.push({ ...relocation, offset: start + slot * SLOT_SIZE });
    }
  }

  #symbolOf(reference: Reference, user: string, data: DataSymbols): { symbol: number; addend: number } {
    switch (reference.kind) {
      case "map":
        return { symbol: this.#output.symbol(reference.map, user), addend: 0 };
      case "kfunc":
      case "ksym":
        return { symbol: this.#output.symbol(reference.name, user), addend: 0 };
      default: {
        const { map, offset } = reference;
        const symbol = data.get(map);
        if (symbol !== undefined) return { symbol, addend: offset };
        const extern = this.#spec.kconfig.find(
          (entry) => map === ".kconfig" && offset >= entry.offset && offset < entry.offset + entry.size,
        );
        if (extern === undefined) {
          throw new ObjectFormatError(
            `${user} refers to byte ${offset} of ${map}, which has no data to write`,
          );
        }
        return { symbol: this.#output.symbol(extern.name, user), addend: offset - extern.offset };
      }
    }
  }
}

/** The section that says what a program is: its own, or if that was edited since, another. */
function sectionOf(program: ProgramSpec): string {
  const facts = { ...program, target: program.attachTarget };
  const isKept = program.section !== "" && isSaidBy(program.section, facts);
  const name = isKept ? program.section : sectionNameFor(facts);
  if (name !== undefined) return program.isAutoloaded ? name : `?${name}`;
  if (program.type === ProgramType.Unspec) return program.name;
  throw new ObjectFormatError(
    `program ${program.name}: no section's name says its type ${program.type} with attach type ` +
      `${program.attachType ?? 0}: set those that libbpf knows`,
  );
}
