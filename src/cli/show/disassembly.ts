import { CodeView, disassembleAt, SLOT_SIZE } from "../../asm/index.js";
import { helperById } from "../../helpers/index.js";
import type { FunctionSpec, ObjectSpec, ProgramSpec, Reference, SourceLine } from "../../object/index.js";

/** One instruction as it is shown. */
export interface ShownInstruction {
  /** Counts 8-byte slots from the program's start. */
  readonly slot: number;
  /** 8 bytes, or 16 of a 64-bit immediate load. */
  readonly bytes: Uint8Array;
  readonly text: string;
  /** Where a new source line begins. */
  readonly source: SourceLine | undefined;
  readonly reference: Reference | undefined;
}

/** A function of a program, with its instructions. */
export interface ShownFunction {
  readonly spec: FunctionSpec;
  readonly instructions: readonly ShownInstruction[];
}

/**
 * A program function by function. What the object leaves to who loads it (maps, global variables,
 * kernel functions) is named, where llvm-objdump shows zeroes and a relocation.
 */
export function disassembleProgram(object: ObjectSpec, program: ProgramSpec): ShownFunction[] {
  const code = new CodeView(program.code);
  const references = new Map(program.references.map((reference) => [reference.slot, reference]));
  const lines = new Map(program.lines.map((line) => [line.slot, line]));
  const names = new SlotNames(program.functions);
  return program.functions.map((spec, i) => {
    const end = program.functions[i + 1]?.slot ?? code.length;
    const instructions: ShownInstruction[] = [];
    let last: SourceLine | undefined;
    for (let slot = spec.slot; slot < end; ) {
      const width = code.isWide(slot) ? 2 : 1;
      const reference = references.get(slot);
      const line = lines.get(slot);
      const isNew = line !== undefined && (line.line !== last?.line || line.file !== last.file);
      if (isNew) last = line;
      instructions.push({
        slot,
        bytes: program.code.subarray(slot * SLOT_SIZE, (slot + width) * SLOT_SIZE),
        text: reference === undefined ? plainText(code, slot, names) : referenceText(object, code, reference),
        source: isNew ? line : undefined,
        reference,
      });
      slot += width;
    }
    return { spec, instructions };
  });
}

function plainText(code: CodeView, slot: number, names: SlotNames): string {
  return disassembleAt(code, slot, {
    helperName: (id) => helperById(id)?.name,
    symbol: (target) => names.of(target),
  });
}

function referenceText(object: ObjectSpec, code: CodeView, reference: Reference): string {
  const register = `r${code.dst(reference.slot)}`;
  switch (reference.kind) {
    case "map":
      return `${register} = map[${reference.map}] ll`;
    case "map-value": {
      const { map, offset } = reference;
      return `${register} = &${variableAt(object, map, offset) ?? `${map}[0]+${offset}`} ll`;
    }
    case "kfunc":
      return `call ${reference.name}`;
    default:
      return `${register} = &${reference.name} ll`;
  }
}

/** "limits+8" for a place within a global variable. */
function variableAt(object: ObjectSpec, map: string, offset: number): string | undefined {
  for (const name of object.globals.names) {
    const variable = object.globals.variable(name);
    const within = offset - variable.offset;
    if (variable.map !== map || within < 0 || within >= Math.max(1, variable.size)) continue;
    return within === 0 ? name : `${name}+${within}`;
  }
  return object.kconfig.find((extern) => map === ".kconfig" && extern.offset === offset)?.name;
}

/** Names for jump targets as llvm-objdump has them: the function, and bytes from its start. */
class SlotNames {
  readonly #functions: readonly FunctionSpec[];

  constructor(functions: readonly FunctionSpec[]) {
    this.#functions = functions;
  }

  of(slot: number): string | undefined {
    const own = this.#functions.findLast((entry) => entry.slot <= slot);
    if (own === undefined) return undefined;
    const bytes = (slot - own.slot) * SLOT_SIZE;
    return bytes === 0 ? own.name : `${own.name}+0x${bytes.toString(16)}`;
  }
}
