import { insn } from "../../../src/asm/index.js";
import type { FunctionWriter } from "./function-writer.js";
import { OUT } from "./object-maps.js";

/** The register of a callback's pointer to its caller's stack. */
export const CALLBACK_FRAME = 7;

/**
 * Ends a function so that all it has found out shows: the main one writes its numbers to a map, others
 * return them in one, callbacks leave them on their caller's stack.
 */
export function writeEnd(w: FunctionWriter): void {
  if (w.kind === "main") {
    // The context is needed no more, and no number is ever in its register.
    w.loadMapValue(w.context as number, OUT, 0);
    for (const register of w.known.scalars) {
      w.code.emit(insn.store("Dw", w.context as number, register * 8, register));
    }
    if (!w.known.isScalar(0)) w.code.emit(insn.mov64Imm(0, 2));
    w.code.emit(insn.exit());
    return;
  }
  const numbers = w.known.scalars.filter((register) => register !== 0);
  if (!w.known.isScalar(0)) w.code.emit(insn.mov64Imm(0, 5));
  for (const register of numbers) {
    w.code.emit(insn.alu64Imm("Mul", 0, 31), insn.alu64Reg("Add", 0, register));
  }
  if (w.kind !== "function") {
    w.code.emit(
      insn.store("Dw", CALLBACK_FRAME, 24, 0),
      // A callback returns whether to stop.
      insn.alu64Imm("Rsh", 0, 3),
      insn.alu64Imm("And", 0, w.index % 2),
    );
  }
  w.code.emit(insn.exit());
}
