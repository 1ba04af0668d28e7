import { InstructionError } from "../errors.js";
import { swapCode } from "./encode.js";
import { CodeView, type Instruction, LD_IMM64 } from "./instruction.js";
import {
  ADDR_SPACE_CAST,
  AluOp,
  AtomicOp,
  InsnClass,
  InsnSource,
  JmpOp,
  MemMode,
  MemSize,
  PseudoCall,
  PseudoLd,
  SLOT_SIZE,
} from "./opcodes.js";

export type ByteOrder = "little" | "big";

/**
 * Reads code into instructions. Throws InstructionError, naming the slot, for every encoding that
 * the instruction set does not have: unknown opcodes, registers above r10, reserved fields that are
 * not zero, half a 64-bit immediate load.
 */
export function decode(bytes: Uint8Array, byteOrder: ByteOrder = "little"): Instruction[] {
  if (bytes.length % SLOT_SIZE !== 0) {
    throw new InstructionError(`code of ${bytes.length} bytes is not a multiple of ${SLOT_SIZE}`);
  }
  const code = new CodeView(byteOrder === "little" ? bytes : swapCode(bytes));
  const insns: Instruction[] = [];
  for (let slot = 0; slot < code.length; ) {
    const insn = decodeAt(code, slot);
    insns.push(insn);
    slot += insn.nextImm === undefined ? 1 : 2;
  }
  return insns;
}

/** The instruction that starts at a slot; throws InstructionError as `decode` does. */
export function decodeAt(code: CodeView, slot: number): Instruction {
  const insn: Instruction = {
    opcode: code.opcode(slot),
    dst: code.dst(slot),
    src: code.src(slot),
    offset: code.offset(slot),
    imm: code.imm(slot),
  };
  const problem = problemOf(insn);
  if (problem !== undefined) throw new InstructionError(problem, { slot });
  if (insn.opcode !== LD_IMM64) return insn;
  if (slot + 1 >= code.length) {
    throw new InstructionError("a 64-bit immediate load lacks its second slot", { slot });
  }
  if (
    code.opcode(slot + 1) !== 0 ||
    code.bytes[(slot + 1) * SLOT_SIZE + 1] !== 0 ||
    code.offset(slot + 1) !== 0
  ) {
    throw new InstructionError("the second slot of a 64-bit immediate load has reserved bits set", { slot });
  }
  const nextImm = code.imm(slot + 1);
  if (nextImm !== 0 && (insn.src === PseudoLd.MapFd || insn.src === PseudoLd.MapIdx)) {
    throw new InstructionError("a map load whose second immediate is not zero", { slot });
  }
  return { ...insn, nextImm };
}

function problemOf(insn: Instruction): string | undefined {
  if (insn.dst > 10) return `register r${insn.dst} does not exist`;
  switch (insn.opcode & 0x07) {
    case InsnClass.Alu:
    case InsnClass.Alu64:
      return aluProblem(insn);
    case InsnClass.Jmp:
    case InsnClass.Jmp32:
      return jumpProblem(insn);
    case InsnClass.Ld:
      return loadImmediateProblem(insn);
    case InsnClass.Ldx:
      return loadProblem(insn);
    default:
      return storeProblem(insn);
  }
}

const unknown = (insn: Instruction): string =>
  `unknown opcode 0x${insn.opcode.toString(16).padStart(2, "0")}`;

function reserved(
  insn: Instruction,
  fields: { src?: boolean; dst?: boolean; offset?: boolean; imm?: boolean },
) {
  const set = [
    fields.dst && insn.dst !== 0 ? "dst" : "",
    fields.src && insn.src !== 0 ? "src" : "",
    fields.offset && insn.offset !== 0 ? "offset" : "",
    fields.imm && insn.imm !== 0 ? "imm" : "",
  ].filter((name) => name !== "");
  if (set.length > 0)
    return `opcode 0x${insn.opcode.toString(16)}: reserved field ${set.join(", ")} is not zero`;
  return insn.src > 10 ? `register r${insn.src} does not exist` : undefined;
}

function aluProblem(insn: Instruction): string | undefined {
  const { opcode, offset, imm } = insn;
  const op = opcode & 0xf0;
  const is64 = (opcode & 0x07) === InsnClass.Alu64;
  const isX = (opcode & InsnSource.X) !== 0;
  switch (op) {
    case AluOp.End:
      if (is64 && isX) return unknown(insn);
      if (imm !== 16 && imm !== 32 && imm !== 64) return `no byte swap of ${imm} bits`;
      return reserved(insn, { src: true, offset: true });
    case AluOp.Neg:
      return isX ? unknown(insn) : reserved(insn, { src: true, offset: true, imm: true });
    case AluOp.Mov:
      if (!isX) return reserved(insn, { src: true, offset: true });
      if (offset === ADDR_SPACE_CAST && is64) {
        return imm === 1 || imm === 1 << 16 ? reserved(insn, {}) : `no address-space cast ${imm}`;
      }
      if (offset !== 0 && offset !== 8 && offset !== 16 && !(offset === 32 && is64)) {
        return `no sign extension from ${offset} bits`;
      }
      return reserved(insn, { imm: true });
    case AluOp.Div:
    case AluOp.Mod:
      if (offset !== 0 && offset !== 1) return `division with offset ${offset}`;
      return reserved(insn, isX ? { imm: true } : { src: true });
    case 0xe0:
    case 0xf0:
      return unknown(insn);
    default:
      return reserved(insn, isX ? { imm: true, offset: true } : { src: true, offset: true });
  }
}

function jumpProblem(insn: Instruction): string | undefined {
  const { opcode, src } = insn;
  const op = opcode & 0xf0;
  const is32 = (opcode & 0x07) === InsnClass.Jmp32;
  const isX = (opcode & InsnSource.X) !== 0;
  switch (op) {
    case JmpOp.Ja:
      if (isX) return unknown(insn);
      return reserved(insn, { dst: true, src: true, offset: is32, imm: !is32 });
    case JmpOp.Call:
      if (is32) return unknown(insn);
      if (isX) return "an indirect call (callx), which Linux does not have";
      if (src > PseudoCall.Kfunc) return `a call of unknown kind ${src}`;
      // The offset of a kfunc call is an index into fd_array.
      return reserved({ ...insn, src: 0 }, { dst: true, offset: src !== PseudoCall.Kfunc });
    case JmpOp.Exit:
      return is32 || isX ? unknown(insn) : reserved(insn, { dst: true, src: true, offset: true, imm: true });
    case JmpOp.Jcond:
      if (is32 || isX) return unknown(insn);
      return reserved(insn, { dst: true, src: true, imm: true });
    case 0xf0:
      return unknown(insn);
    default:
      return reserved(insn, isX ? { imm: true } : { src: true });
  }
}

function loadImmediateProblem(insn: Instruction): string | undefined {
  const { opcode, src } = insn;
  if (opcode === LD_IMM64) {
    if (src > PseudoLd.MapIdxValue) return `a 64-bit immediate of unknown kind ${src}`;
    return reserved({ ...insn, src: 0 }, { offset: true });
  }
  const mode = opcode & 0xe0;
  if ((mode !== MemMode.Abs && mode !== MemMode.Ind) || (opcode & 0x18) === MemSize.Dw) return unknown(insn);
  return reserved(insn, { dst: true, offset: true, src: mode === MemMode.Abs });
}

function loadProblem(insn: Instruction): string | undefined {
  const mode = insn.opcode & 0xe0;
  if (mode === MemMode.Memsx ? (insn.opcode & 0x18) === MemSize.Dw : mode !== MemMode.Mem)
    return unknown(insn);
  return reserved(insn, { imm: true });
}

const READ_MODIFY_WRITE = new Set<number>([
  AtomicOp.Add,
  AtomicOp.Or,
  AtomicOp.And,
  AtomicOp.Xor,
  AtomicOp.Add | AtomicOp.Fetch,
  AtomicOp.Or | AtomicOp.Fetch,
  AtomicOp.And | AtomicOp.Fetch,
  AtomicOp.Xor | AtomicOp.Fetch,
  AtomicOp.Xchg,
  AtomicOp.Cmpxchg,
]);

function storeProblem(insn: Instruction): string | undefined {
  const { opcode, imm } = insn;
  const mode = opcode & 0xe0;
  const isStx = (opcode & 0x07) === InsnClass.Stx;
  if (mode === MemMode.Mem) return reserved(insn, isStx ? { imm: true } : { src: true });
  if (mode !== MemMode.Atomic || !isStx) return unknown(insn);
  if (imm === AtomicOp.LoadAcq || imm === AtomicOp.StoreRel) return reserved(insn, {});
  if (!READ_MODIFY_WRITE.has(imm)) return `no atomic operation 0x${(imm >>> 0).toString(16)}`;
  const size = opcode & 0x18;
  if (size !== MemSize.W && size !== MemSize.Dw) return "an atomic operation on less than 4 bytes";
  return reserved(insn, {});
}
