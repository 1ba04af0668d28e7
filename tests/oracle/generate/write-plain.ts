import { insn } from "../../../src/asm/index.js";
import { CONTEXT_READS, CONTEXT_WRITES } from "./context-fields.js";
import type { FunctionWriter } from "./function-writer.js";
import type { PlainStep } from "./step.js";
import { writeMemory } from "./write-memory.js";

const SHIFTS: readonly string[] = ["Lsh", "Rsh", "Arsh"];
const DIVISIONS: readonly string[] = ["Div", "Mod"];

/** Writes one step that calls nothing. */
export function writePlain(w: FunctionWriter, step: PlainStep): void {
  switch (step.kind) {
    case "constant":
      writeResult(w, step.dst, (dst) => insn.imm64(dst, BigInt.asIntN(64, step.value)));
      return;
    case "alu":
      writeAlu(w, step);
      return;
    case "negate": {
      const dst = w.scalar(step.dst);
      w.code.emit(step.isWide ? insn.neg64(dst) : insn.neg32(dst));
      return;
    }
    case "extend": {
      const src = w.scalar(step.src);
      const isWide = step.isWide || step.bits === 32;
      writeResult(w, step.dst, (dst) =>
        isWide ? insn.alu64Reg("Mov", dst, src, step.bits) : insn.alu32Reg("Mov", dst, src, step.bits),
      );
      return;
    }
    case "swap": {
      const make = { be: insn.toBe, le: insn.toLe, bswap: insn.bswap }[step.how];
      w.code.emit(make(w.scalar(step.dst), step.bits));
      return;
    }
    case "context load": {
      const fields = CONTEXT_READS[w.hook].filter(({ sizes }) => sizes.includes(step.size));
      if (w.context === undefined || fields.length === 0) return;
      const field = fields[step.field % fields.length];
      const { context } = w;
      writeResult(w, step.dst, (dst) => insn.load(step.size, dst, context, field.offset));
      return;
    }
    case "context store": {
      const fields = CONTEXT_WRITES[w.hook];
      if (w.context === undefined || fields.length === 0) return;
      const { offset, size } = fields[step.field % fields.length];
      const src = w.operand(step.src);
      w.code.emit(
        src.kind === "register"
          ? insn.store(size, w.context, offset, src.register)
          : insn.storeImm(size, w.context, offset, src.imm),
      );
      return;
    }
    default:
      writeMemory(w, step);
      return;
  }
}

/** Writes an instruction whose result goes to a register of choice. */
export function writeResult(
  w: FunctionWriter,
  pick: number,
  make: (dst: number) => ReturnType<typeof insn.exit>,
): void {
  const dst = w.destination(pick);
  w.code.emit(make(dst));
  w.known.set(dst);
}

function writeAlu(w: FunctionWriter, step: Extract<PlainStep, { kind: "alu" }>): void {
  const { op, isWide } = step;
  const src = w.operand(step.src);
  // A move may begin a number; everything else goes on with one.
  const dst = op === "Mov" ? w.destination(step.dst) : w.scalar(step.dst);
  const offset = DIVISIONS.includes(op) && step.isSigned ? 1 : 0;
  if (src.kind === "register") {
    w.code.emit(
      isWide ? insn.alu64Reg(op, dst, src.register, offset) : insn.alu32Reg(op, dst, src.register, offset),
    );
  } else {
    const imm = allowedImmediate(op, src.imm, isWide ? 64 : 32);
    w.code.emit(isWide ? insn.alu64Imm(op, dst, imm, offset) : insn.alu32Imm(op, dst, imm, offset));
  }
  w.known.set(dst);
}

/** Linux refuses constant shifts by the width or more, and constant division by zero. */
function allowedImmediate(op: string, imm: number, width: number): number {
  if (SHIFTS.includes(op)) return imm & (width - 1);
  return DIVISIONS.includes(op) && imm === 0 ? 1 : imm;
}
