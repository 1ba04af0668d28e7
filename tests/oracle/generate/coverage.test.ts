import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AluOp, AtomicOp, decode, InsnClass, type Instruction, JmpOp } from "../../../src/asm/index.js";
import { seedOf } from "../../seed.js";
import { anyObject } from "./any-object.js";
import type { Hook } from "./step.js";
import { writeObject } from "./write-object.js";

const PLANS = 400;
const HOOKS: readonly Hook[] = ["xdp", "tc"];

const isAtomic = (insn: Instruction) => (insn.opcode & 0xe7) === 0xc3;
const isExtended = (insn: Instruction) => (insn.opcode & 0xf7) === 0xb7 || (insn.opcode & 0xf7) === 0xb4;
const isDivision = ({ opcode }: Instruction) =>
  [InsnClass.Alu, InsnClass.Alu64].includes((opcode & 0x07) as 4) &&
  [AluOp.Div, AluOp.Mod].includes((opcode & 0xf0) as 0x30);

/** An instruction's form: the opcode, and what else tells operations apart. */
function formOf(insn: Instruction): string {
  const hex = insn.opcode.toString(16).padStart(2, "0");
  if (isAtomic(insn)) return `${hex} ${insn.imm.toString(16)}`;
  if (isExtended(insn) || isDivision(insn)) return `${hex} +${insn.offset}`;
  return (insn.opcode & 0xf7) === 0xd4 || insn.opcode === 0xd7 ? `${hex} ${insn.imm}` : hex;
}

const hexOf = (opcode: number) => opcode.toString(16).padStart(2, "0");

/** Every form of the instruction set but those that Linux has for other programs. */
function expectedForms(): string[] {
  const forms: string[] = [];
  for (const kind of [InsnClass.Alu, InsnClass.Alu64]) {
    for (const source of [0, 8]) {
      for (const op of Object.values(AluOp)) {
        const opcode = kind | source | op;
        if (op === AluOp.End) continue;
        if (op === AluOp.Neg) {
          if (source === 0) forms.push(hexOf(opcode));
        } else if (op === AluOp.Div || op === AluOp.Mod)
          forms.push(`${hexOf(opcode)} +0`, `${hexOf(opcode)} +1`);
        else if (op === AluOp.Mov) {
          const offsets = source === 0 ? [0] : kind === InsnClass.Alu ? [0, 8, 16] : [0, 8, 16, 32];
          forms.push(...offsets.map((offset) => `${hexOf(opcode)} +${offset}`));
        } else forms.push(hexOf(opcode));
      }
    }
  }
  for (const opcode of [0xd4, 0xdc, 0xd7])
    forms.push(...[16, 32, 64].map((bits) => `${hexOf(opcode)} ${bits}`));
  for (const kind of [InsnClass.Jmp, InsnClass.Jmp32]) {
    for (const op of Object.values(JmpOp)) {
      const isConditional = ![JmpOp.Ja, JmpOp.Call, JmpOp.Exit, JmpOp.Jcond].includes(op as 0);
      if (isConditional) forms.push(hexOf(kind | op), hexOf(kind | 8 | op));
    }
  }
  forms.push("05", "06", "85", "95", "e5", "18");
  for (const size of [0x00, 0x08, 0x10, 0x18]) {
    forms.push(...[0x61, 0x62, 0x63].map((base) => hexOf(base | size)));
    if (size !== 0x18) forms.push(hexOf(0x81 | size));
  }
  for (const opcode of [0xc3, 0xdb]) {
    for (const op of [AtomicOp.Add, AtomicOp.Or, AtomicOp.And, AtomicOp.Xor]) {
      forms.push(
        `${hexOf(opcode)} ${op.toString(16)}`,
        `${hexOf(opcode)} ${(op | AtomicOp.Fetch).toString(16)}`,
      );
    }
    for (const op of [AtomicOp.Xchg, AtomicOp.Cmpxchg, AtomicOp.LoadAcq, AtomicOp.StoreRel]) {
      forms.push(`${hexOf(opcode)} ${op.toString(16)}`);
    }
  }
  return forms;
}

describe("generated programs", () => {
  const seed = seedOf("generator");
  const instructions = (hook: Hook) =>
    fc
      .sample(anyObject(hook), { numRuns: PLANS, seed })
      .flatMap((plan) => writeObject(plan).object.programs)
      .flatMap(({ code }) => decode(code as Uint8Array));

  test("have every form of instruction", () => {
    const forms = new Set(HOOKS.flatMap((hook) => instructions(hook).map(formOf)));
    expect(expectedForms().filter((form) => !forms.has(form))).toEqual([]);
  });

  test.each([
    ["xdp", [1, 2, 3, 8, 12, 23, 28, 44, 54, 65, 164, 181, 188, 189, 190]],
    ["tc", [1, 2, 3, 8, 9, 12, 18, 19, 23, 26, 28, 32, 38, 39, 40, 41, 43, 48, 135, 164, 181]],
  ] as const)("for %s call every helper that they are to call", (hook, helpers) => {
    const calls = instructions(hook).filter(({ opcode, src }) => opcode === 0x85 && src === 0);
    const called = new Set(calls.map(({ imm }) => imm));
    expect([...called].sort((a, b) => a - b)).toEqual(helpers);
  });

  test("are the same for the same plan, and for a plan with nothing in it the least there is", () => {
    const [plan] = fc.sample(anyObject("tc"), { numRuns: 1, seed });
    expect(writeObject(plan)).toEqual(writeObject(plan));
    const empty = writeObject({ hook: "xdp", programs: [{ body: [], functions: [] }] });
    expect(decode(empty.object.programs[0].code as Uint8Array)).toHaveLength(4);
  });
});
