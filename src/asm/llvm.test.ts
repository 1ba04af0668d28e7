import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { seedOf } from "../../tests/seed.js";
import { anyInstruction } from "./any-instruction.oracle.js";
import { type DisassembledLine, disassemble, encode, InsnClass, MemMode } from "./index.js";

/** The version that the documented differences are of. */
const OBJDUMP = "llvm-objdump-19";
const SECTION_HEADER = 64;

/** The smallest ELF object that holds code: an ELF header, the code, section names, three section headers. */
function objectOf(code: Uint8Array): Uint8Array {
  const names = new TextEncoder().encode("\0.text\0.shstrtab\0");
  const namesAt = 64 + code.length;
  const headersAt = Math.ceil((namesAt + names.length) / 8) * 8;
  const bytes = new Uint8Array(headersAt + 3 * SECTION_HEADER);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 1, true);
  view.setUint16(18, 247, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(40, BigInt(headersAt), true);
  view.setUint16(52, 64, true);
  view.setUint16(58, SECTION_HEADER, true);
  view.setUint16(60, 3, true);
  view.setUint16(62, 2, true);
  bytes.set(code, 64);
  bytes.set(names, namesAt);
  const section = (index: number, name: number, type: number, flags: number, at: number, size: number) => {
    const header = headersAt + index * SECTION_HEADER;
    view.setUint32(header, name, true);
    view.setUint32(header + 4, type, true);
    view.setBigUint64(header + 8, BigInt(flags), true);
    view.setBigUint64(header + 24, BigInt(at), true);
    view.setBigUint64(header + 32, BigInt(size), true);
    view.setBigUint64(header + 48, 8n, true);
  };
  section(1, 1, 1, 6, 64, code.length);
  section(2, 7, 3, 0, namesAt, names.length);
  return bytes;
}

/** What llvm-objdump writes for code, by slot. */
function objdump(code: Uint8Array, ...options: string[]): Map<number, string> {
  const folder = mkdtempSync(join(tmpdir(), "wirebee-llvm-"));
  try {
    const file = join(folder, "code.o");
    writeFileSync(file, objectOf(code));
    const text = execFileSync(OBJDUMP, ["-d", "--no-show-raw-insn", ...options, file], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      timeout: 60_000,
    });
    const lines = [...text.matchAll(/^\s*(\d+):\t(.*)$/gm)];
    return new Map(lines.map(([, slot, line]) => [Number(slot), line.replace(/ <[^<>]*>$/, "").trim()]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where our text is another one on purpose, and why. */
const differences: readonly (readonly [string, (line: DisassembledLine) => boolean])[] = [
  [
    "64-bit immediates other than numbers: llvm writes ld_pseudo, bpftool what we write",
    ({ insn }) => insn.nextImm !== undefined && insn.src !== 0,
  ],
  [
    "calls of functions and kfuncs: llvm writes the number as if it were a helper's",
    ({ insn }) => insn.opcode === 0x85 && insn.src !== 0,
  ],
  [
    "indirect packet loads: llvm forgets the immediate, so that the text would not assemble back",
    ({ insn }) => (insn.opcode & 0xe7) === (InsnClass.Ld | MemMode.Ind) && insn.imm !== 0,
  ],
  [
    "load-acquire and store-release: llvm 20 has them, 19 does not",
    ({ insn }) => isAtomic(insn.opcode) && insn.imm >= 0x100,
  ],
];

const isAtomic = (opcode: number) => (opcode & 0xe7) === (InsnClass.Stx | MemMode.Atomic);

describeWith([`command ${OBJDUMP}`], "the disassembler's text", () => {
  const seed = seedOf("llvm comparison");

  test("is llvm-objdump's, but for documented differences", () => {
    const code = encode(fc.sample(anyInstruction, { numRuns: 20_000, seed }));
    // Atomic operations on 32 bits are written with w registers only for CPUs that have them all.
    const texts = [objdump(code), objdump(code, "--mcpu=v4")];
    const bad = disassemble(code).filter(
      (line) =>
        texts.every((text) => text.get(line.slot) !== line.text) &&
        !differences.some(([, isMeant]) => isMeant(line)),
    );
    expect(bad.map(({ slot, text }) => `${text} — llvm: ${texts.map((each) => each.get(slot))}`)).toEqual([]);
  });

  test.each(differences)("differs as documented: %s", (_why, isMeant) => {
    const code = encode(fc.sample(anyInstruction, { numRuns: 20_000, seed }));
    const theirs = objdump(code, "--mcpu=v4");
    const meant = disassemble(code).filter(isMeant);
    expect(meant.some((line) => theirs.get(line.slot) !== line.text)).toBe(true);
  });
});
