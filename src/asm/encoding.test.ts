import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seedOf } from "../../tests/seed.js";
import { InstructionError } from "../errors.js";
import { anyCode } from "./any-instruction.oracle.js";
import { AtomicOp, decode, encode, type Instruction, insn, program } from "./index.js";

const seed = seedOf("asm encoding");

describe("decode and encode", () => {
  test.each(["little", "big"] as const)("are inverse for every valid instruction, %s endian", (byteOrder) => {
    fc.assert(
      fc.property(anyCode, (insns) => {
        const bytes = encode(insns, byteOrder);
        expect(decode(bytes, byteOrder)).toEqual(insns.map((one) => ({ ...one })));
        expect(encode(decode(bytes, byteOrder), byteOrder)).toEqual(bytes);
      }),
      { numRuns: 1000, seed },
    );
  });

  test("of every opcode with any fields: what decodes is given back, what does not is an InstructionError", () => {
    const verdicts = { decoded: 0, refused: 0 };
    const registers = [0, 1, 10, 11];
    const offsets = [0, 1, 8, -1];
    const imms = [0, 1, 16, 64, 0xe1, 0x100, 65536];
    for (let opcode = 0; opcode < 256; opcode++) {
      for (const dst of registers) {
        for (const src of [...registers, 2, 7]) {
          for (const offset of offsets) {
            for (const imm of imms) {
              const nextImm = opcode === 0x18 ? 0 : undefined;
              const bytes = program({ opcode, dst, src, offset, imm, nextImm });
              try {
                if (Buffer.compare(encode(decode(bytes)), bytes) !== 0) throw new Error(`changed ${bytes}`);
                verdicts.decoded++;
              } catch (error) {
                if (!(error instanceof InstructionError)) throw error;
                if (error.slot !== 0) throw new Error(`no slot: ${error.message}`);
                verdicts.refused++;
              }
            }
          }
        }
      }
    }
    expect(verdicts.decoded).toBeGreaterThan(2000);
    expect(verdicts.refused).toBeGreaterThan(100_000);
  });

  test("of any bytes at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 40 }), (bytes) => {
        try {
          expect(encode(decode(bytes))).toEqual(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(InstructionError);
        }
      }),
      { numRuns: 5000, seed },
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
    ["a map load with an offset", { ...insn.mapFd(1, 3), nextImm: 4 }, /second immediate/],
  ])("refuse %s, with its slot", (_name, bad, message) => {
    const code = program(add, bad);
    expect(() => decode(code)).toThrow(message);
    expect(() => decode(code)).toThrow(expect.objectContaining({ slot: 1 }));
  });

  test("refuse half a 64-bit immediate load, and code of a wrong length", () => {
    expect(() => decode(program(insn.imm64(1, 1n)).subarray(0, 8))).toThrow(/second slot/);
    expect(() => decode(new Uint8Array(7))).toThrow(/multiple of 8/);
  });
});
