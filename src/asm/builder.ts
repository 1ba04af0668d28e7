import { encode } from "./encode.js";
import { type Instruction, LD_IMM64 } from "./instruction.js";
import { AluOp, InsnClass, InsnSource, JmpOp, MemMode, MemSize, PseudoCall, PseudoLd } from "./opcodes.js";

type AluName = Exclude<keyof typeof AluOp, "End" | "Neg">;
type JmpName = Exclude<keyof typeof JmpOp, "Ja" | "Call" | "Exit" | "Jcond">;
type SizeName = keyof typeof MemSize;

const plain = (opcode: number, dst = 0, src = 0, offset = 0, imm = 0): Instruction => ({
  opcode,
  dst,
  src,
  offset,
  imm,
});

const wide = (dst: number, src: number, imm: number, nextImm: number): Instruction => ({
  ...plain(LD_IMM64, dst, src, 0, imm),
  nextImm,
});

/** One function for each form of instruction: `insn.alu64Imm("Add", 1, 4)` is `r1 += 4`. */
export const insn = {
  alu64Imm: (op: AluName, dst: number, imm: number, offset = 0) =>
    plain(InsnClass.Alu64 | AluOp[op], dst, 0, offset, imm),
  alu64Reg: (op: AluName, dst: number, src: number, offset = 0) =>
    plain(InsnClass.Alu64 | InsnSource.X | AluOp[op], dst, src, offset),
  alu32Imm: (op: AluName, dst: number, imm: number, offset = 0) =>
    plain(InsnClass.Alu | AluOp[op], dst, 0, offset, imm),
  alu32Reg: (op: AluName, dst: number, src: number, offset = 0) =>
    plain(InsnClass.Alu | InsnSource.X | AluOp[op], dst, src, offset),
  neg64: (dst: number) => plain(InsnClass.Alu64 | AluOp.Neg, dst),
  neg32: (dst: number) => plain(InsnClass.Alu | AluOp.Neg, dst),
  /** be16, be32, be64. */
  toBe: (dst: number, bits: 16 | 32 | 64) => plain(InsnClass.Alu | InsnSource.X | AluOp.End, dst, 0, 0, bits),
  /** le16, le32, le64. */
  toLe: (dst: number, bits: 16 | 32 | 64) => plain(InsnClass.Alu | AluOp.End, dst, 0, 0, bits),
  bswap: (dst: number, bits: 16 | 32 | 64) => plain(InsnClass.Alu64 | AluOp.End, dst, 0, 0, bits),
  mov64Imm: (dst: number, imm: number) => plain(InsnClass.Alu64 | AluOp.Mov, dst, 0, 0, imm),
  mov64Reg: (dst: number, src: number) => plain(InsnClass.Alu64 | InsnSource.X | AluOp.Mov, dst, src),
  imm64: (dst: number, value: bigint) =>
    wide(dst, PseudoLd.Imm64, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))),
  mapFd: (dst: number, fd: number) => wide(dst, PseudoLd.MapFd, fd, 0),
  mapValue: (dst: number, fd: number, offset: number) => wide(dst, PseudoLd.MapValue, fd, offset),
  /** The address of a function of this program, `distance` slots after the next instruction. */
  func: (dst: number, distance: number) => wide(dst, PseudoLd.Func, distance, 0),
  load: (size: SizeName, dst: number, src: number, offset: number) =>
    plain(InsnClass.Ldx | MemMode.Mem | MemSize[size], dst, src, offset),
  loadSigned: (size: Exclude<SizeName, "Dw">, dst: number, src: number, offset: number) =>
    plain(InsnClass.Ldx | MemMode.Memsx | MemSize[size], dst, src, offset),
  store: (size: SizeName, dst: number, offset: number, src: number) =>
    plain(InsnClass.Stx | MemMode.Mem | MemSize[size], dst, src, offset),
  storeImm: (size: SizeName, dst: number, offset: number, imm: number) =>
    plain(InsnClass.St | MemMode.Mem | MemSize[size], dst, 0, offset, imm),
  /** `op` is an AtomicOp, with Fetch or-ed in where wanted. */
  atomic: (size: SizeName, op: number, dst: number, offset: number, src: number) =>
    plain(InsnClass.Stx | MemMode.Atomic | MemSize[size], dst, src, offset, op),
  loadAbs: (size: Exclude<SizeName, "Dw">, imm: number) =>
    plain(InsnClass.Ld | MemMode.Abs | MemSize[size], 0, 0, 0, imm),
  loadInd: (size: Exclude<SizeName, "Dw">, src: number, imm: number) =>
    plain(InsnClass.Ld | MemMode.Ind | MemSize[size], 0, src, 0, imm),
  jumpImm: (op: JmpName, dst: number, imm: number, offset: number) =>
    plain(InsnClass.Jmp | JmpOp[op], dst, 0, offset, imm),
  jumpReg: (op: JmpName, dst: number, src: number, offset: number) =>
    plain(InsnClass.Jmp | InsnSource.X | JmpOp[op], dst, src, offset),
  jump32Imm: (op: JmpName, dst: number, imm: number, offset: number) =>
    plain(InsnClass.Jmp32 | JmpOp[op], dst, 0, offset, imm),
  jump32Reg: (op: JmpName, dst: number, src: number, offset: number) =>
    plain(InsnClass.Jmp32 | InsnSource.X | JmpOp[op], dst, src, offset),
  ja: (offset: number) => plain(InsnClass.Jmp | JmpOp.Ja, 0, 0, offset),
  gotol: (distance: number) => plain(InsnClass.Jmp32 | JmpOp.Ja, 0, 0, 0, distance),
  mayGoto: (offset: number) => plain(InsnClass.Jmp | JmpOp.Jcond, 0, 0, offset),
  call: (helper: number) => plain(InsnClass.Jmp | JmpOp.Call, 0, PseudoCall.Helper, 0, helper),
  callLocal: (distance: number) => plain(InsnClass.Jmp | JmpOp.Call, 0, PseudoCall.Local, 0, distance),
  callKfunc: (btfId: number, fdIndex = 0) =>
    plain(InsnClass.Jmp | JmpOp.Call, 0, PseudoCall.Kfunc, fdIndex, btfId),
  exit: () => plain(InsnClass.Jmp | JmpOp.Exit),
};

/** The instructions as code for a kernel of this byte order. */
export function program(...insns: readonly Instruction[]): Uint8Array {
  return encode(insns);
}
