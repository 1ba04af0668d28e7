import { AluOp, AtomicOp, JmpOp, MemSize } from "./opcodes.js";

/*
 * The words of the assembly language, which is LLVM's (llvm/lib/Target/BPF, BPFInstrInfo.td): both
 * the assembler and the disassembler read them here.
 */

/** Sign of a two-operand ALU operation: `r1 SIGN= r2`. */
export const ALU_SIGNS: ReadonlyMap<number, string> = new Map<number, string>([
  [AluOp.Add, "+"],
  [AluOp.Sub, "-"],
  [AluOp.Mul, "*"],
  [AluOp.Div, "/"],
  [AluOp.Or, "|"],
  [AluOp.And, "&"],
  [AluOp.Lsh, "<<"],
  [AluOp.Rsh, ">>"],
  [AluOp.Mod, "%"],
  [AluOp.Xor, "^"],
  [AluOp.Arsh, "s>>"],
]);

/** Sign of a conditional jump: `if r1 SIGN r2 goto`. */
export const JUMP_SIGNS: ReadonlyMap<number, string> = new Map<number, string>([
  [JmpOp.Jeq, "=="],
  [JmpOp.Jne, "!="],
  [JmpOp.Jset, "&"],
  [JmpOp.Jgt, ">"],
  [JmpOp.Jge, ">="],
  [JmpOp.Jlt, "<"],
  [JmpOp.Jle, "<="],
  [JmpOp.Jsgt, "s>"],
  [JmpOp.Jsge, "s>="],
  [JmpOp.Jslt, "s<"],
  [JmpOp.Jsle, "s<="],
]);

/** Bits of a memory access by the size field of its opcode. */
export const MEMORY_BITS: ReadonlyMap<number, number> = new Map<number, number>([
  [MemSize.B, 8],
  [MemSize.H, 16],
  [MemSize.W, 32],
  [MemSize.Dw, 64],
]);

/** Name in `atomic_fetch_NAME`. */
export const ATOMIC_NAMES: ReadonlyMap<number, string> = new Map<number, string>([
  [AtomicOp.Add, "add"],
  [AtomicOp.Or, "or"],
  [AtomicOp.And, "and"],
  [AtomicOp.Xor, "xor"],
]);
