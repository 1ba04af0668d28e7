import { CodeView, checkCode, decodeAt, InsnClass, JmpOp, PseudoCall, PseudoLd } from "../asm/index.js";
import type { BpfMap, HeldProgram } from "../maps/index.js";
import type { HelperFunction } from "./machine.js";

/** Code decoded for execution: one entry per 8-byte slot. */
export interface DecodedCode {
  readonly length: number;
  readonly opcode: Uint8Array;
  readonly dst: Uint8Array;
  readonly src: Uint8Array;
  readonly offset: Int16Array;
  readonly imm: Int32Array;
  /** High half of a 64-bit immediate at its first slot, resolved to what the register gets. */
  readonly immHigh: Int32Array;
  /** What a call of a helper or kfunc runs. */
  readonly calls: readonly (HelperFunction | undefined)[];
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
  const { length } = code;
  const decoded = {
    length,
    opcode: new Uint8Array(length),
    dst: new Uint8Array(length),
    src: new Uint8Array(length),
    offset: new Int16Array(length),
    imm: new Int32Array(length),
    immHigh: new Int32Array(length),
    calls: new Array<HelperFunction | undefined>(length).fill(undefined),
  };
  for (let slot = 0; slot < length; slot++) {
    const insn = decodeAt(code, slot);
    decoded.opcode[slot] = insn.opcode;
    decoded.dst[slot] = insn.dst;
    decoded.src[slot] = insn.src;
    decoded.offset[slot] = insn.offset;
    decoded.imm[slot] = insn.imm;
    if (insn.nextImm !== undefined) {
      const value =
        insn.src === PseudoLd.Imm64
          ? (BigInt(insn.nextImm) << 32n) | BigInt(insn.imm >>> 0)
          : resolver.pseudoImmediate(slot, insn.src, insn.imm, insn.nextImm);
      decoded.imm[slot] = Number(BigInt.asIntN(32, value));
      decoded.immHigh[slot] = Number(BigInt.asIntN(32, value >> 32n));
      slot++;
    } else if (insn.opcode === (InsnClass.Jmp | JmpOp.Call) && insn.src !== PseudoCall.Local) {
      decoded.calls[slot] = resolver.call(slot, insn.src, insn.imm, insn.offset);
    }
  }
  return decoded;
}
