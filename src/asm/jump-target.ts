import type { Instruction } from "./instruction.js";
import { InsnClass, JmpOp } from "./opcodes.js";

/** Where a jump goes when taken, as a slot; undefined for instructions that are no jumps. */
export function jumpTarget(insn: Instruction, slot: number): number | undefined {
  const kind = insn.opcode & 0x07;
  if (kind !== InsnClass.Jmp && kind !== InsnClass.Jmp32) return undefined;
  const op = insn.opcode & 0xf0;
  if (op === JmpOp.Call || op === JmpOp.Exit) return undefined;
  const distance = kind === InsnClass.Jmp32 && op === JmpOp.Ja ? insn.imm : insn.offset;
  return slot + distance + 1;
}
