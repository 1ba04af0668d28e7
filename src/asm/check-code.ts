import { InstructionError, NotSupportedError } from "../errors.js";
import { decodeAt } from "./decode.js";
import { CodeView, type Instruction, LD_IMM64 } from "./instruction.js";
import { jumpTarget } from "./jump-target.js";
import {
  ADDR_SPACE_CAST,
  AluOp,
  InsnClass,
  InsnSource,
  JmpOp,
  PseudoCall,
  PseudoLd,
  SLOT_SIZE,
} from "./opcodes.js";

/**
 * The checks that Linux makes of a whole program before it follows any path (kernel/bpf/verifier.c,
 * resolve_pseudo_ldimm64, check_subprogs, check_cfg): every encoding valid, every jump and call to
 * the start of an instruction of the same function, no function that runs off its end. Returns where
 * functions start, in slots, the main one (0) first.
 *
 * Throws InstructionError with the slot; NotSupportedError for address-space casts.
 */
export function checkCode(bytes: Uint8Array): number[] {
  if (bytes.length === 0 || bytes.length % SLOT_SIZE !== 0) {
    throw new InstructionError(
      `code of ${bytes.length} bytes: a program has one or more slots of ${SLOT_SIZE}`,
    );
  }
  const code = new CodeView(bytes);
  const insns: (Instruction | undefined)[] = new Array(code.length).fill(undefined);
  /** Where each function starts, and the instruction that says so. */
  const starts = new Map([[0, 0]]);
  for (let slot = 0; slot < code.length; slot += insns[slot]?.opcode === LD_IMM64 ? 2 : 1) {
    const insn = decodeAt(code, slot);
    insns[slot] = insn;
    refuseCast(insn, slot);
    const called = calledFunction(insn, slot);
    if (called !== undefined) starts.set(called, slot);
  }
  for (const [start, slot] of starts) {
    if (insns[start] === undefined) {
      throw new InstructionError(
        `a function starts at slot ${start}, which is not the start of an instruction`,
        { slot },
      );
    }
  }
  const functions = [...starts.keys()].sort((a, b) => a - b);
  functions.forEach((start, i) => {
    checkFunction(insns, start, functions[i + 1] ?? code.length);
  });
  return functions;
}

function refuseCast(insn: Instruction, slot: number): void {
  const isMov = insn.opcode === (InsnClass.Alu64 | InsnSource.X | AluOp.Mov);
  if (isMov && insn.offset === ADDR_SPACE_CAST) {
    throw new NotSupportedError(
      "address-space cast",
      `instruction ${slot}: addr_space_cast needs a map of type ARENA, which wirebee does not run`,
    );
  }
}

function calledFunction(insn: Instruction, slot: number): number | undefined {
  if (insn.opcode === (InsnClass.Jmp | JmpOp.Call) && insn.src === PseudoCall.Local)
    return slot + insn.imm + 1;
  if (insn.opcode === LD_IMM64 && insn.src === PseudoLd.Func) return slot + insn.imm + 1;
  return undefined;
}

function checkFunction(insns: readonly (Instruction | undefined)[], start: number, end: number): void {
  let last = start;
  for (let slot = start; slot < end; slot++) {
    const insn = insns[slot];
    if (insn === undefined) continue;
    last = slot;
    const target = jumpTarget(insn, slot);
    if (target === undefined) continue;
    if (target < start || target >= end) {
      throw new InstructionError(`jump out of range from ${slot} to ${target}`, { slot });
    }
    if (insns[target] === undefined) {
      throw new InstructionError(`jump into the middle of a 64-bit immediate load at ${target}`, { slot });
    }
  }
  const { opcode } = insns[last] as Instruction;
  const isEnd =
    opcode === (InsnClass.Jmp | JmpOp.Exit) ||
    opcode === (InsnClass.Jmp | JmpOp.Ja) ||
    opcode === (InsnClass.Jmp32 | JmpOp.Ja);
  if (!isEnd) throw new InstructionError("the last instruction is not an exit or jump", { slot: last });
}
