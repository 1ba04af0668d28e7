import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InstructionError } from "../errors.js";
import {
  AluOp,
  AtomicOp,
  assemble,
  checkCode,
  decode,
  disassemble,
  encode,
  type Instruction,
  insn,
  JmpOp,
  program,
} from "./index.js";

const register = fc.integer({ min: 0, max: 10 });
const imm = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const offset = fc.integer({ min: -32768, max: 32767 });
const aluName = fc.constantFrom(
  ...(Object.keys(AluOp).filter((name) => name !== "End" && name !== "Neg") as "Add"[]),
);
const jumpName = fc.constantFrom(
  ...(Object.keys(JmpOp).filter((name) => !["Ja", "Call", "Exit", "Jcond"].includes(name)) as "Jeq"[]),
);
const size = fc.constantFrom("B", "H", "W", "Dw");
const small = fc.constantFrom("B", "H", "W");
const bits = fc.constantFrom(16, 32, 64);
const rmw = fc.constantFrom(
  ...[AtomicOp.Add, AtomicOp.Or, AtomicOp.And, AtomicOp.Xor].flatMap((op) => [op, op | AtomicOp.Fetch]),
  AtomicOp.Xchg,
  AtomicOp.Cmpxchg,
);

/** Every valid instruction. */
const anyInstruction: fc.Arbitrary<Instruction> = fc.oneof(
  fc.tuple(aluName, register, imm).map(([op, dst, value]) => insn.alu64Imm(op, dst, value)),
  fc.tuple(aluName, register, imm).map(([op, dst, value]) => insn.alu32Imm(op, dst, value)),
  fc.tuple(aluName, register, register).map(([op, dst, src]) => insn.alu64Reg(op, dst, src)),
  fc.tuple(aluName, register, register).map(([op, dst, src]) => insn.alu32Reg(op, dst, src)),
  fc.tuple(fc.constantFrom("Div", "Mod"), register, imm).map(([op, dst, v]) => insn.alu64Imm(op, dst, v, 1)),
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
  fc.tuple(register, fc.integer({ min: 0, max: 6 }), imm, imm).map(([dst, src, low, high]) => ({
    ...insn.mapValue(dst, low, high),
    src,
  })),
  fc.tuple(size, register, register, offset).map(([n, d, s, o]) => insn.load(n, d, s, o)),
  fc.tuple(small, register, register, offset).map(([n, d, s, o]) => insn.loadSigned(n, d, s, o)),
  fc.tuple(size, register, offset, register).map(([n, d, o, s]) => insn.store(n, d, o, s)),
  fc.tuple(size, register, offset, imm).map(([n, d, o, v]) => insn.storeImm(n, d, o, v)),
  fc
    .tuple(fc.constantFrom("W" as const, "Dw" as const), rmw, register, offset, register)
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
const anyCode = fc.array(anyInstruction, { minLength: 1, maxLength: 40 });

describe("decode and encode", () => {
  test.each(["little", "big"] as const)("are inverse for every valid instruction, %s endian", (byteOrder) => {
    fc.assert(
      fc.property(anyCode, (insns) => {
        const bytes = encode(insns, byteOrder);
        expect(encode(decode(bytes, byteOrder), byteOrder)).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test("whatever decodes is given back unchanged, whatever does not is refused by InstructionError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
        try {
          expect(encode(decode(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(InstructionError);
        }
      }),
      { numRuns: 20000 },
    );
  });

  const add = insn.alu64Imm("Add", 1, 1);
  test.each<[string, Instruction, RegExp]>([
    ["a register above r10", { ...add, dst: 11 }, /r11/],
    ["a source above r10", insn.alu64Reg("Add", 1, 12), /r12/],
    ["an unknown ALU operation", { ...add, opcode: 0xe7 }, /unknown opcode 0xe7/],
    ["src of an immediate operation", { ...add, src: 3 }, /src is not zero/],
    ["offset of an addition", { ...add, offset: 1 }, /offset is not zero/],
    ["division with offset 2", insn.alu64Imm("Div", 1, 1, 2), /division with offset 2/],
    ["a swap of 8 bits", { ...insn.toBe(1, 16), imm: 8 }, /8 bits/],
    ["movsx from 24 bits", insn.alu64Reg("Mov", 1, 2, 24), /24 bits/],
    ["movsx from 32 bits in 32 bits", insn.alu32Reg("Mov", 1, 2, 32), /32 bits/],
    ["an exit with an immediate", { ...insn.exit(), imm: 1 }, /imm/],
    ["an indirect call", { ...insn.call(1), opcode: 0x8d }, /callx/],
    ["a signed load of 8 bytes", { ...insn.load("Dw", 1, 2, 0), opcode: 0x99 }, /unknown opcode/],
    ["an atomic byte addition", insn.atomic("B", AtomicOp.Add, 1, 0, 2), /less than 4 bytes/],
    ["an unknown atomic", insn.atomic("W", 0x20, 1, 0, 2), /atomic operation 0x20/],
    ["a 64-bit immediate of kind 7", { ...insn.imm64(1, 0n), src: 7 }, /kind 7/],
  ])("refuse %s", (_name, bad, message) => {
    expect(() => decode(program(bad))).toThrow(message);
  });

  test("refuse half a 64-bit immediate load, and code of a wrong length", () => {
    expect(() => decode(program(insn.imm64(1, 1n)).subarray(0, 8))).toThrow(/second slot/);
    expect(() => decode(new Uint8Array(7))).toThrow(/multiple of 8/);
  });
});

describe("assemble and disassemble", () => {
  test("are inverse for all code", () => {
    fc.assert(
      fc.property(anyCode, (insns) => {
        const bytes = encode(insns);
        const text = disassemble(bytes)
          .map((line) => line.text)
          .join("\n");
        expect(assemble(text)).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  // The left column is llvm-objdump 19's text for these bytes.
  test.each([
    ["r0 = 0x1", "b700000001000000"],
    ["w0 = -0x5", "b4000000fbffffff"],
    ["r1 += -0x3", "07010000fdffffff"],
    ["w1 = -w1", "8401000000000000"],
    ["r1 = be16 r1", "dc01000010000000"],
    ["r1 = bswap64 r1", "d701000040000000"],
    ["r1 s%= 0x3", "9701010003000000"],
    ["r1 s>>= 0x3", "c701000003000000"],
    ["w1 = (s16)w2", "bc21100000000000"],
    ["r1 = *(s16 *)(r2 - 0x12c)", "8921d4fe00000000"],
    ["*(u32 *)(r10 - 0x4) = r1", "631afcff00000000"],
    ["*(u64 *)(r10 - 0x8) = -0x1", "7a0af8ffffffffff"],
    ["if w1 s< 0x3 goto -0x2", "c601feff03000000"],
    ["if r1 & 0x8 goto +0x0", "4501000008000000"],
    ["gotol +0x64", "0600000064000000"],
    ["may_goto +0x1", "e500010000000000"],
    ["call 0xc", "850000000c000000"],
    ["lock *(u64 *)(r1 + 0x8) += r2", "db21080000000000"],
    ["r2 = atomic_fetch_add((u64 *)(r1 + 0x0), r2)", "db21000001000000"],
    ["r2 = xchg_64(r1 + 0x0, r2)", "db210000e1000000"],
    ["r0 = cmpxchg_64(r1 + 0x0, r0, r2)", "db210000f1000000"],
    ["r1 = 0x1122334455667788 ll", "18010000887766550000000044332211"],
    ["r1 = -0x2 ll", "18010000feffffff00000000ffffffff"],
    ["r0 = *(u8 *)skb[0xe]", "300000000e000000"],
    ["r0 = *(u16 *)skb[r1]", "4810000000000000"],
    ["r1 = addr_space_cast(r2, 0x0, 0x1)", "bf21010001000000"],
  ])("write %s as llvm does", (text, hex) => {
    const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
    expect(disassemble(bytes).map((line) => line.text)).toEqual([text]);
    expect(assemble(text)).toEqual(bytes);
  });

  test("labels, comments and helper names", () => {
    const code = assemble(
      `  r1 = 10 ; r0 = 0       // two on a line
       again: r0 += r1        # count
       r1 -= 1
       if r1 != 0 goto again
       call double
       call ktime_get_ns      /* a helper */
       exit
       double: r0 += r0
       exit`,
      { helperId: (name) => (name === "ktime_get_ns" ? 5 : undefined) },
    );
    const symbol = (slot: number) => (slot === 8 ? "double" : undefined);
    expect(disassemble(code, { symbol, helperName: () => "ktime_get_ns" }).map((line) => line.text)).toEqual([
      "r1 = 0xa",
      "r0 = 0x0",
      "r0 += r1",
      "r1 -= 0x1",
      "if r1 != 0x0 goto -0x3",
      "call pc+2 <double>",
      "call ktime_get_ns",
      "exit",
      "r0 += r0",
      "exit",
    ]);
  });

  test.each([
    ["r1 = ", /line 1: no instruction/],
    ["r0 = 0\ngoto nowhere", /line 2: no label nowhere/],
    ["a: exit\na: exit", /line 2: label a is defined twice/],
    ["r1 += 0x1ffffffff", /line 1: .*32 bits/],
    ["r1 = w2", /differ in width/],
    ["r11 = 1", /no instruction/],
    ["r1 = *(u8 *)(r2 + 40000)", /16 bits/],
  ])("refuse %j", (text, message) => {
    expect(() => assemble(text)).toThrow(message);
  });
});

describe("checkCode", () => {
  test.each<[string, string, RegExp]>([
    ["a jump past the end", "goto +1\nexit", /jump out of range from 0 to 2/],
    ["a jump before the start", "if r1 == 0 goto -2\nexit", /out of range/],
    ["a jump into a wide load", "goto +1\nr1 = 1 ll\nexit", /middle/],
    ["no exit at the end", "exit\nr0 = 0", /last instruction/],
    ["a jump into another function", "call f\ngoto +1\nf: r0 = 0\nexit", /out of range from 1 to 3/],
    ["a call to nowhere", "call pc+9\nexit", /function starts at slot 10/],
    ["an address-space cast", "r1 = addr_space_cast(r1, 0, 1)\nexit", /addr_space_cast/],
  ])("refuses %s", (_name, text, message) => {
    expect(() => checkCode(assemble(text))).toThrow(message);
  });

  test("tells where functions start", () => {
    expect(checkCode(assemble("call f\nr1 = subprog[+3]\nexit\nf: exit\ng: exit"))).toEqual([0, 4, 5]);
  });
});
