import {
  AtomicOp,
  CodeView,
  checkCode,
  decodeAt,
  InsnClass,
  type Instruction,
  JmpOp,
  jumpTarget,
  MemMode,
  PseudoCall,
  PseudoLd,
} from "../asm/index.js";
import type { BpfMap, HeldProgram } from "../maps/index.js";
import type { HelperFunction } from "./machine.js";
import { Trap } from "./trap.js";

/** 32-bit words of one slot of decoded code. */
export const SLOT_WORDS = 4;

/**
 * Code decoded for execution, four words a slot:
 *
 * 0. the opcode in bits 0 to 7, twice the number of dst in bits 8 to 15, and of src in bits 16 to 23
 *    (where a register's low half is in the registers as 32-bit words);
 * 1. the offset; of jumps and calls of functions the target, as an index of its first word;
 * 2. the immediate, its low half where it has 64 bits;
 * 3. the immediate's high half, the sign of the low one where it has 32 bits.
 *
 * A 64-bit immediate load has in words 2 and 3 what its register gets; its second slot is empty.
 */
export interface DecodedCode {
  readonly words: Int32Array;
  /** What a call of a helper or kfunc runs, by the call's slot. */
  readonly calls: readonly HelperFunction[];
}

/** A program that the machine can run: what BPF_PROG_LOAD would have made of it. */
export interface VmProgram extends HeldProgram {
  readonly name: string;
  readonly code: DecodedCode;
  /** The maps that its code refers to. */
  readonly maps: readonly BpfMap[];
}

/** What a loader puts in place of what code refers to. */
export interface Resolver {
  /** The 64 bits that a pseudo immediate load (src not 0) gives its register. */
  pseudoImmediate(slot: number, src: number, imm: number, nextImm: number): bigint;
  /** What a call of a helper (src 0) or kfunc (src 2) runs. */
  call(slot: number, src: number, imm: number, offset: number): HelperFunction;
}

/** Checks code (`checkCode`) and lays it out for execution. Throws InstructionError. */
export function decodeForExecution(bytes: Uint8Array, resolver: Resolver): DecodedCode {
  checkCode(bytes);
  const code = new CodeView(bytes);
  const words = new Int32Array(code.length * SLOT_WORDS);
  const calls = new Array<HelperFunction>(code.length).fill(noCall);
  for (let slot = 0; slot < code.length; slot += code.isWide(slot) ? 2 : 1) {
    const insn = decodeAt(code, slot);
    const isCall = insn.opcode === (InsnClass.Jmp | JmpOp.Call);
    if (isCall && insn.src !== PseudoCall.Local) {
      calls[slot] = resolver.call(slot, insn.src, insn.imm, insn.offset);
    }
    const imm = immediate(insn, slot, resolver);
    const target = isCall && insn.src === PseudoCall.Local ? slot + insn.imm + 1 : jumpTarget(insn, slot);
    words.set(
      [
        plainOpcode(insn) | (insn.dst << 9) | (insn.src << 17),
        target === undefined ? insn.offset : target * SLOT_WORDS,
        Number(BigInt.asIntN(32, imm)),
        Number(BigInt.asIntN(32, imm >> 32n)),
      ],
      slot * SLOT_WORDS,
    );
  }
  return { words, calls };
}

function noCall(): never {
  throw new Trap("invalid instruction", "a call at a slot that holds none");
}

/**
 * The opcode to execute: one machine runs at a time, so that load-acquire and store-release are plain
 * accesses; and a long jump is a jump.
 */
function plainOpcode({ opcode, imm }: Instruction): number {
  const size = opcode & 0x18;
  if ((opcode & 0xe7) === (InsnClass.Stx | MemMode.Atomic)) {
    if (imm === AtomicOp.LoadAcq) return InsnClass.Ldx | MemMode.Mem | size;
    if (imm === AtomicOp.StoreRel) return InsnClass.Stx | MemMode.Mem | size;
  }
  return opcode === (InsnClass.Jmp32 | JmpOp.Ja) ? InsnClass.Jmp | JmpOp.Ja : opcode;
}

function immediate({ src, imm, nextImm }: Instruction, slot: number, resolver: Resolver): bigint {
  if (nextImm === undefined) return BigInt(imm);
  if (src !== PseudoLd.Imm64) return resolver.pseudoImmediate(slot, src, imm, nextImm);
  return (BigInt(nextImm) << 32n) | BigInt(imm >>> 0);
}
