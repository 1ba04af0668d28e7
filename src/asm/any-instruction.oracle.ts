import fc from "fast-check";
import { AluOp, AtomicOp, type Instruction, insn, JmpOp } from "./index.js";

/*
 * Every valid instruction, as fast-check makes them: test support, not shipped.
 */

const register = fc.integer({ min: 0, max: 10 });
/** Numbers at the edges of what fields hold, and any others. */
const imm = fc.oneof(
  fc.constantFrom(0, 1, -1, 16, 0x7fffffff, -0x80000000),
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
);
const offset = fc.oneof(fc.constantFrom(0, 1, -1, 32767, -32768), fc.integer({ min: -32768, max: 32767 }));
const aluName = fc.constantFrom(
  ...(Object.keys(AluOp).filter((name) => name !== "End" && name !== "Neg") as "Add"[]),
);
const jumpName = fc.constantFrom(
  ...(Object.keys(JmpOp).filter((name) => !["Ja", "Call", "Exit", "Jcond"].includes(name)) as "Jeq"[]),
);
const size = fc.constantFrom("B", "H", "W", "Dw");
const small = fc.constantFrom("B", "H", "W");
const bits = fc.constantFrom(16, 32, 64);
const readModifyWrite = fc.constantFrom(
  ...[AtomicOp.Add, AtomicOp.Or, AtomicOp.And, AtomicOp.Xor].flatMap((op) => [op, op | AtomicOp.Fetch]),
  AtomicOp.Xchg,
  AtomicOp.Cmpxchg,
);

export const anyInstruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.tuple(aluName, register, imm).map(([op, dst, value]) => insn.alu64Imm(op, dst, value)),
  fc.tuple(aluName, register, imm).map(([op, dst, value]) => insn.alu32Imm(op, dst, value)),
  fc.tuple(aluName, register, register).map(([op, dst, src]) => insn.alu64Reg(op, dst, src)),
  fc.tuple(aluName, register, register).map(([op, dst, src]) => insn.alu32Reg(op, dst, src)),
  fc.tuple(fc.constantFrom("Div", "Mod"), register, imm).map(([op, dst, v]) => insn.alu64Imm(op, dst, v, 1)),
  fc.tuple(fc.constantFrom("Div", "Mod"), register, imm).map(([op, dst, v]) => insn.alu32Imm(op, dst, v, 1)),
  fc.tuple(fc.constantFrom("Div", "Mod"), register, register).map(([op, d, s]) => insn.alu64Reg(op, d, s, 1)),
  fc.tuple(fc.constantFrom("Div", "Mod"), register, register).map(([op, d, s]) => insn.alu32Reg(op, d, s, 1)),
  fc.tuple(register, register, fc.constantFrom(8, 16, 32)).map(([d, s, n]) => insn.alu64Reg("Mov", d, s, n)),
  fc.tuple(register, register, fc.constantFrom(8, 16)).map(([d, s, n]) => insn.alu32Reg("Mov", d, s, n)),
  fc.tuple(register, register, fc.constantFrom(1, 65536)).map(([d, s, n]) => ({
    ...insn.alu64Reg("Mov", d, s, 1),
    imm: n,
  })),
  register.map(insn.neg64),
  register.map(insn.neg32),
  fc.tuple(register, bits).map(([dst, n]) => insn.toBe(dst, n)),
  fc.tuple(register, bits).map(([dst, n]) => insn.toLe(dst, n)),
  fc.tuple(register, bits).map(([dst, n]) => insn.bswap(dst, n)),
  // Plain numbers, map values, BTF variables, functions, map values by index: two full immediates.
  fc.tuple(register, fc.constantFrom(0, 2, 3, 4, 6), imm, imm).map(([dst, src, low, high]) => ({
    ...insn.mapValue(dst, low, high),
    src,
  })),
  fc.tuple(register, fc.constantFrom(1, 5), imm).map(([dst, src, map]) => ({ ...insn.mapFd(dst, map), src })),
  fc.tuple(size, register, register, offset).map(([n, d, s, o]) => insn.load(n, d, s, o)),
  fc.tuple(small, register, register, offset).map(([n, d, s, o]) => insn.loadSigned(n, d, s, o)),
  fc.tuple(size, register, offset, register).map(([n, d, o, s]) => insn.store(n, d, o, s)),
  fc.tuple(size, register, offset, imm).map(([n, d, o, v]) => insn.storeImm(n, d, o, v)),
  fc
    .tuple(fc.constantFrom("W" as const, "Dw" as const), readModifyWrite, register, offset, register)
    .map(([n, op, d, o, s]) => insn.atomic(n, op, d, o, s)),
  fc
    .tuple(size, fc.constantFrom(AtomicOp.LoadAcq, AtomicOp.StoreRel), register, offset, register)
    .map(([n, op, d, o, s]) => insn.atomic(n, op, d, o, s)),
  fc.tuple(small, imm).map(([n, v]) => insn.loadAbs(n, v)),
  fc.tuple(small, register, imm).map(([n, s, v]) => insn.loadInd(n, s, v)),
  fc.tuple(jumpName, register, imm, offset).map(([op, d, v, o]) => insn.jumpImm(op, d, v, o)),
  fc.tuple(jumpName, register, register, offset).map(([op, d, s, o]) => insn.jumpReg(op, d, s, o)),
  fc.tuple(jumpName, register, imm, offset).map(([op, d, v, o]) => insn.jump32Imm(op, d, v, o)),
  fc.tuple(jumpName, register, register, offset).map(([op, d, s, o]) => insn.jump32Reg(op, d, s, o)),
  offset.map(insn.ja),
  imm.map(insn.gotol),
  offset.map(insn.mayGoto),
  imm.map(insn.call),
  imm.map(insn.callLocal),
  fc.tuple(imm, offset).map(([id, index]) => insn.callKfunc(id, index)),
  fc.constant(insn.exit()),
);

export const anyCode = fc.array(anyInstruction, { minLength: 1, maxLength: 40 });
