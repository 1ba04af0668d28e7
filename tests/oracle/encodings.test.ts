import fc from "fast-check";
import { expect, test } from "vitest";
import { decode, encode, type Instruction, insn, LD_IMM64 } from "../../src/asm/index.js";
import { InstructionError, WirebeeError } from "../../src/errors.js";
import { loadProgram } from "../../src/linux/load-program.js";
import { Descriptor } from "../../src/linux/sys/descriptor.js";
import { ProgramType } from "../../src/uapi/index.js";
import { describeWith } from "../needs.js";
import { seedOf } from "../seed.js";

const RUNS = 12_000;

/** What Linux's verifier says of an encoding, whatever the instruction would do. */
const ABOUT_ENCODING =
  /unknown opcode|reserved field|uses invalid|invalid BPF_|bpf_ld_imm64 insn|R1[1-5] is invalid|invalid atomic operand|invalid may_goto|invalid argument/;

/** Any opcode, with fields that some instruction or other has. */
const anyEncoding: fc.Arbitrary<Instruction> = fc
  .record({
    opcode: fc.nat(255),
    dst: fc.constantFrom(0, 0, 1, 2, 10, 11, 15),
    src: fc.constantFrom(0, 0, 1, 2, 3, 4, 5, 6, 7, 10, 11),
    offset: fc.constantFrom(0, 0, 0, 1, 2, 8, 16, 32, -1),
    imm: fc.constantFrom(
      0,
      0,
      1,
      2,
      16,
      32,
      64,
      0x40,
      0x41,
      0x51,
      0xa1,
      0xe1,
      0xf1,
      0x100,
      0x110,
      0x10000,
      -1,
    ),
    next: fc.constantFrom(0, 0, 1),
  })
  .map(({ next, ...fields }) => (fields.opcode === LD_IMM64 ? { ...fields, nextImm: next } : fields));

/** Ours: why the encoding is none, or nothing. */
function refusedByUs(code: Uint8Array): string | undefined {
  try {
    decode(code);
    return undefined;
  } catch (error) {
    if (error instanceof InstructionError) return error.message;
    throw error;
  }
}

/** Linux's: whether it takes the program, and what it says if not. */
function refusedByLinux(code: Uint8Array): string | undefined {
  try {
    const { fd } = loadProgram({
      name: "encoding",
      type: ProgramType.SocketFilter,
      expectedAttachType: 0,
      code,
      license: "GPL",
      flags: 0,
    });
    new Descriptor(fd, "encoding").close();
    return undefined;
  } catch (error) {
    if (error instanceof WirebeeError) return error.message;
    throw error;
  }
}

describeWith(["bpf"], "encodings", () => {
  const seed = seedOf("encodings");

  test("that decode refuses are refused by Linux, and those that it takes are none that Linux calls invalid", () => {
    const verdicts = { valid: 0, invalid: 0 };
    fc.assert(
      fc.property(anyEncoding, (one) => {
        // Registers are numbers before it, and jumps find a way out behind it.
        const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((register) => insn.mov64Imm(register, register));
        const code = encode([...numbers, one, insn.mov64Imm(0, 0), insn.mov64Imm(0, 0), insn.exit()]);
        const ours = refusedByUs(code);
        const linux = refusedByLinux(code);
        if (ours === undefined) {
          verdicts.valid++;
          expect(linux ?? "").not.toMatch(ABOUT_ENCODING);
        } else {
          verdicts.invalid++;
          expect(linux, ours).toBeDefined();
        }
      }),
      { numRuns: RUNS, seed },
    );
    expect(verdicts.valid).toBeGreaterThan(200);
    expect(verdicts.invalid).toBeGreaterThan(2000);
  });
});
