import { describe, expect, test } from "vitest";
import { InstructionError } from "../../../errors.js";
import { checkClassicBpf } from "./check-program.js";
import { ClassicBpfCode } from "./code.js";
import { disassembleClassicBpf } from "./disassemble.js";
import { ClassicBpfMachine } from "./machine.js";
import { encodeSockFilters, type SockFilter } from "./sock-filter.js";
import { unsetScratchReads } from "./unset-scratch.js";

const at = (code: number, k = 0, jt = 0, jf = 0): SockFilter => ({ code, jt, jf, k });
const { RetA, RetK, LdImm, LdxImm, LdMem, LdxMem, St, Stx, Tax, Txa, Ja } = ClassicBpfCode;

const PACKET = Uint8Array.of(0x45, 0x01, 0xff, 0xfe, 0x80, 0x00, 0x00, 0x07);
const WIRE_LENGTH = 1500;

/** What a program without its return makes of PACKET, in A. */
function run(...program: SockFilter[]): number {
  return new ClassicBpfMachine([...program, at(RetA)]).run(PACKET, PACKET.length, WIRE_LENGTH);
}

/** A program that brings numbers to A and X, and then has one more instruction. */
const on = (a: number, x: number, ...rest: SockFilter[]): number => run(at(LdImm, a), at(LdxImm, x), ...rest);

describe("the machine of classic BPF", () => {
  test.each<[string, number, number]>([
    ["ld [k]", run(at(ClassicBpfCode.LdWordAbs, 2)), 0xfffe8000],
    ["ld [k], the last word", run(at(ClassicBpfCode.LdWordAbs, 4)), 0x80000007],
    ["ldh [k]", run(at(ClassicBpfCode.LdHalfAbs, 2)), 0xfffe],
    ["ldb [k]", run(at(ClassicBpfCode.LdByteAbs, 7)), 7],
    ["ld [x + k]", on(0, 3, at(ClassicBpfCode.LdWordInd, 1)), 0x80000007],
    ["ldh [x + k]", on(0, 5, at(ClassicBpfCode.LdHalfInd, 1)), 7],
    ["ldb [x + k]", on(0, 2, at(ClassicBpfCode.LdByteInd, 1)), 0xfe],
    ["ldxb 4*([k]&0xf)", run(at(ClassicBpfCode.LdxMsh, 0), at(Txa)), 20],
    ["ld #k", run(at(LdImm, 0xffffffff)), 0xffffffff],
    ["ldx #k", run(at(LdxImm, 9), at(Txa)), 9],
    ["ld #pktlen", run(at(ClassicBpfCode.LdLen)), WIRE_LENGTH],
    ["ldx #pktlen", run(at(ClassicBpfCode.LdxLen), at(Txa)), WIRE_LENGTH],
    ["st and ld M[k]", on(5, 6, at(St, 3), at(LdImm, 0), at(LdMem, 3)), 5],
    ["stx and ldx M[k]", on(5, 6, at(Stx, 15), at(LdxImm, 0), at(LdxMem, 15), at(Txa)), 6],
    ["M[k] that nothing set", run(at(LdImm, 7), at(LdMem, 4)), 0],
    ["tax", on(5, 6, at(Tax), at(LdImm, 1), at(Txa)), 5],
    ["add #k", on(0xffffffff, 0, at(ClassicBpfCode.AddK, 2)), 1],
    ["add x", on(0xffffffff, 3, at(ClassicBpfCode.AddX)), 2],
    ["sub #k", on(1, 0, at(ClassicBpfCode.SubK, 2)), 0xffffffff],
    ["sub x", on(1, 3, at(ClassicBpfCode.SubX)), 0xfffffffe],
    ["mul #k", on(0x10001, 0, at(ClassicBpfCode.MulK, 0x10001)), 0x20001],
    ["mul x", on(0xffffffff, 0xffffffff, at(ClassicBpfCode.MulX)), 1],
    ["div #k", on(0xfffffffe, 0, at(ClassicBpfCode.DivK, 2)), 0x7fffffff],
    ["div x", on(0xffffffff, 0x80000000, at(ClassicBpfCode.DivX)), 1],
    ["mod #k", on(0xffffffff, 0, at(ClassicBpfCode.ModK, 16)), 15],
    ["mod x", on(0x80000001, 0x80000000, at(ClassicBpfCode.ModX)), 1],
    ["and #k", on(0xff00ff00, 0, at(ClassicBpfCode.AndK, 0xf0f0f0f0)), 0xf000f000],
    ["and x", on(12, 10, at(ClassicBpfCode.AndX)), 8],
    ["or #k", on(0x80000000, 0, at(ClassicBpfCode.OrK, 1)), 0x80000001],
    ["or x", on(12, 10, at(ClassicBpfCode.OrX)), 14],
    ["xor #k", on(0xffffffff, 0, at(ClassicBpfCode.XorK, 1)), 0xfffffffe],
    ["xor x", on(12, 10, at(ClassicBpfCode.XorX)), 6],
    ["lsh #k", on(3, 0, at(ClassicBpfCode.LshK, 31)), 0x80000000],
    ["lsh x", on(3, 4, at(ClassicBpfCode.LshX)), 48],
    ["lsh x by 32", on(3, 32, at(ClassicBpfCode.LshX)), 0],
    ["rsh #k", on(0x80000000, 0, at(ClassicBpfCode.RshK, 31)), 1],
    ["rsh x", on(0x80000000, 4, at(ClassicBpfCode.RshX)), 0x08000000],
    ["rsh x by 33", on(3, 33, at(ClassicBpfCode.RshX)), 0],
    ["neg", on(1, 0, at(ClassicBpfCode.Neg)), 0xffffffff],
    ["neg of 0", on(0, 0, at(ClassicBpfCode.Neg)), 0],
  ])("%s", (_name, result, expected) => {
    expect(result).toBe(expected);
  });

  test.each<[string, number]>([
    ["a word across the end", run(at(ClassicBpfCode.LdWordAbs, 5), at(LdImm, 1))],
    ["a word of a negative offset", run(at(ClassicBpfCode.LdWordAbs, 0xfffffffe), at(LdImm, 1))],
    ["half a word across the end", run(at(ClassicBpfCode.LdHalfAbs, 7), at(LdImm, 1))],
    ["a byte past the end", run(at(ClassicBpfCode.LdByteAbs, 8), at(LdImm, 1))],
    ["a header length past the end", run(at(ClassicBpfCode.LdxMsh, 8), at(LdImm, 1))],
    ["X past the end, and K", on(0, 0xffffffff, at(ClassicBpfCode.LdByteInd, 1), at(LdImm, 1))],
    ["X and K past the end together", on(0, 4, at(ClassicBpfCode.LdByteInd, 4), at(LdImm, 1))],
    ["K that would come round", on(0, 2, at(ClassicBpfCode.LdByteInd, 0xffffffff), at(LdImm, 1))],
    ["division by X of 0", on(1, 0, at(ClassicBpfCode.DivX), at(LdImm, 1))],
    ["modulus by X of 0", on(1, 0, at(ClassicBpfCode.ModX), at(LdImm, 1))],
    ["a loop that does not move on", run(at(LdImm, 1), at(Ja, 0xfffffffe))],
  ])("rejects the packet for %s", (_name, result) => {
    expect(result).toBe(0);
  });

  // The outcome of each condition for (A, X or K).
  test.each<[string, number, (a: number, b: number) => boolean]>([
    ["jeq", ClassicBpfCode.JeqK, (a, b) => a === b],
    ["jgt", ClassicBpfCode.JgtK, (a, b) => a > b],
    ["jge", ClassicBpfCode.JgeK, (a, b) => a >= b],
    ["jset", ClassicBpfCode.JsetK, (a, b) => (a & b) !== 0],
  ])("%s compares without sign", (_name, code, holds) => {
    const numbers = [0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff];
    for (const a of numbers) {
      for (const b of numbers) {
        const program = (jump: SockFilter) => [at(LdImm, a), at(LdxImm, b), jump, at(RetK, 1), at(RetK, 2)];
        const verdict = holds(a, b) ? 1 : 2;
        expect(new ClassicBpfMachine(program(at(code, b, 0, 1))).run(PACKET, 8, 8)).toBe(verdict);
        expect(new ClassicBpfMachine(program(at(code | 0x08, 0, 0, 1))).run(PACKET, 8, 8)).toBe(verdict);
      }
    }
  });

  test("goes by ja, forwards and, round a loop, backwards", () => {
    expect(run(at(Ja, 1), at(RetK, 9), at(LdImm, 3))).toBe(3);
    const loop = [
      at(LdImm, 0),
      at(ClassicBpfCode.AddK, 1),
      at(ClassicBpfCode.JeqK, 10, 1, 0),
      at(Ja, 0xfffffffd),
      at(RetA),
    ];
    expect(new ClassicBpfMachine(loop).run(PACKET, 8, 8)).toBe(10);
  });

  test("sees only the captured bytes from where it is told, and keeps nothing from run to run", () => {
    const machine = new ClassicBpfMachine([
      at(LdMem, 2),
      at(ClassicBpfCode.JeqK, 0, 0, 3),
      at(ClassicBpfCode.LdByteAbs, 1),
      at(St, 2),
      at(RetA),
      at(RetK, 0xffffffff),
    ]);
    expect(machine.run(PACKET, 2, 2, 2)).toBe(0xfe);
    expect(machine.run(PACKET, 1, 2, 2)).toBe(0);
    expect(machine.run(PACKET, 8, 8, 0)).toBe(1);
  });
});

describe("the check of a program", () => {
  test.each<[string, number | undefined, SockFilter[]]>([
    ["no instructions", undefined, []],
    ["there is no code 0x1f", 0, [at(0x1f), at(RetK)]],
    ["there is no code 0xe4", 0, [at(0xe4), at(RetK)]],
    ["the last instruction is no return", 0, [at(LdImm)]],
    ["jump to 2, outside", 0, [at(ClassicBpfCode.JeqK, 0, 1, 0), at(RetK)]],
    ["jump to 2, outside", 0, [at(ClassicBpfCode.JsetX, 0, 0, 1), at(RetK)]],
    ["jump to 2, outside", 0, [at(Ja, 1), at(RetK)]],
    ["jump to -1, outside", 0, [at(Ja, 0xfffffffe), at(RetK)]],
    ["division by zero", 1, [at(LdImm), at(ClassicBpfCode.DivK), at(RetK)]],
    ["division by zero", 1, [at(LdImm), at(ClassicBpfCode.ModK), at(RetK)]],
    ["shift by 32 bits", 0, [at(ClassicBpfCode.LshK, 32), at(RetK)]],
    ["there is no M[16]", 0, [at(Stx, 16), at(RetK)]],
    ["does not fit", 0, [at(LdImm, -1), at(RetK)]],
    ["does not fit", 0, [at(ClassicBpfCode.JeqK, 0, 256, 0), at(RetK)]],
    ["does not fit", 0, [at(LdImm, 0.5), at(RetK)]],
  ])("%s (instruction %s)", (message, slot, program) => {
    expect(() => checkClassicBpf(program)).toThrow(InstructionError);
    try {
      checkClassicBpf(program);
    } catch (error) {
      expect((error as InstructionError).message).toContain(message);
      expect((error as InstructionError).slot).toBe(slot);
    }
  });

  test("finds words of scratch memory that some way reads before it has set them", () => {
    const reads = (...program: SockFilter[]): number => unsetScratchReads([...program, at(RetK)]);
    expect(reads(at(St, 1), at(LdMem, 1))).toBe(0);
    expect(reads(at(LdMem, 1), at(LdxMem, 3))).toBe(0b1010);
    expect(reads(at(ClassicBpfCode.JeqK, 0, 1, 0), at(St, 1), at(LdMem, 1))).toBe(0b10);
    expect(reads(at(ClassicBpfCode.JeqK, 0, 0, 2), at(St, 1), at(Ja, 1), at(Stx, 1), at(LdMem, 1))).toBe(0);
    // The way in by the jump comes back to before the read.
    expect(
      reads(
        at(ClassicBpfCode.JeqK, 0, 2, 0),
        at(St, 1),
        at(LdMem, 1),
        at(ClassicBpfCode.JeqK, 1, 1, 0),
        at(Ja, 0xfffffffd),
      ),
    ).toBe(0b10);
  });
});

describe("programs as text and as bytes", () => {
  test("every form is written as tcpdump -d writes it", () => {
    const program = [
      at(ClassicBpfCode.LdHalfAbs, 12),
      at(ClassicBpfCode.JeqK, 0x86dd, 2, 8),
      at(ClassicBpfCode.LdWordInd, 14),
      at(ClassicBpfCode.LdxMsh, 14),
      at(ClassicBpfCode.LdLen),
      at(LdMem, 3),
      at(Tax),
      at(ClassicBpfCode.AddX),
      at(ClassicBpfCode.SubK, 0xffffffff),
      at(ClassicBpfCode.AndK, 255),
      at(ClassicBpfCode.JgtX, 0, 0, 1),
      at(Ja, 1),
      at(RetA),
      at(0xff, 5),
      at(RetK, 262144),
    ];
    expect(disassembleClassicBpf(program)).toEqual([
      "(000) ldh      [12]",
      "(001) jeq      #0x86dd          jt 4\tjf 10",
      "(002) ld       [x + 14]",
      "(003) ldxb     4*([14]&0xf)",
      "(004) ld       #pktlen",
      "(005) ld       M[3]",
      "(006) tax",
      "(007) add      x",
      "(008) sub      #-1",
      "(009) and      #0xff",
      "(010) jgt      x                jt 11\tjf 12",
      "(011) ja       13",
      "(012) ret",
      "(013) unimp    0xff",
      "(014) ret      #262144",
    ]);
  });

  test("struct sock_filter is 8 bytes in the order of the machine", () => {
    const program = [at(0x15, 0x01020304, 5, 6)];
    expect([...encodeSockFilters(program, true)]).toEqual([0x15, 0, 5, 6, 4, 3, 2, 1]);
    expect([...encodeSockFilters(program, false)]).toEqual([0, 0x15, 5, 6, 1, 2, 3, 4]);
  });
});
