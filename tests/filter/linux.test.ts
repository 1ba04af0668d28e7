import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ClassicBpfCode,
  ClassicBpfMachine,
  checkClassicBpf,
  compileFilter,
  type SockFilter,
} from "../../src/packet/index.js";
import { describeWith } from "../needs.js";
import { withCutFrames } from "./captured-frames.js";
import { expressions } from "./expressions.js";
import { LinuxSocketFilter } from "./linux-socket.js";
import { madeFrames } from "./made-frames.js";

const seed = Number(process.env.WIREBEE_SEED ?? Date.now() % 2 ** 31);
const PROGRAMS = 2000;

/** Expressions that are a loop, shift by 32 bits and more, or ask for bytes where Linux has metadata. */
const notForLinux = /protochain|4294967295|mpls and geneve|<< ip/;

const { Ja, LshX, RshX, LdxMem, LdMem, ...codes } = ClassicBpfCode;
/**
 * Programs of every code. Reads of scratch memory are written first, which Linux demands; X stays small,
 * and a shift is by 5 bits of it: what both machines do past that is said where ours is.
 */
const programs: fc.Arbitrary<SockFilter[]> = fc
  .array(
    fc.record({
      code: fc.constantFrom(...Object.values(codes), Ja, LshX, RshX, LdMem, LdxMem),
      jt: fc.nat(4),
      jf: fc.nat(4),
      k: fc.oneof(fc.nat(40), fc.nat(15), fc.integer({ min: 0, max: 0xffff_ffff })),
    }),
    { minLength: 1, maxLength: 24 },
  )
  .map((drawn) => {
    const units = drawn.map(adapt);
    /** Where each unit begins, and the end. */
    const begins = [0];
    for (const unit of units) begins.push(begins[begins.length - 1] + unit.length);
    // Jumps go to the beginning of a unit, or past what makes X small they would go.
    const distance = (from: number, count: number): number =>
      begins[Math.min(from + 1 + count, units.length)] - begins[from + 1];
    const body = units.flatMap((unit, i) =>
      unit.map(({ code, jt, jf, k }) => ({
        code,
        jt: distance(i, jt),
        jf: distance(i, jf),
        k: code === Ja ? distance(i, k % 8) : k,
      })),
    );
    const clear = Array.from({ length: 16 }, (_, k) => at(ClassicBpfCode.St, k));
    return [...clear, ...body, at(ClassicBpfCode.RetA), at(ClassicBpfCode.RetK, 7)];
  });

function at(code: number, k = 0): SockFilter {
  return { code, jt: 0, jf: 0, k };
}

/** An instruction, and what must stand before it or be said of it for the machines to be comparable. */
function adapt({ code, jt, jf, k }: SockFilter): SockFilter[] {
  switch (code) {
    case ClassicBpfCode.LdMem:
    case ClassicBpfCode.LdxMem:
    case ClassicBpfCode.St:
    case ClassicBpfCode.Stx:
      return [{ code, jt: 0, jf: 0, k: k % 16 }];
    case ClassicBpfCode.LshK:
    case ClassicBpfCode.RshK:
      return [{ code, jt: 0, jf: 0, k: k % 32 }];
    case ClassicBpfCode.DivK:
    case ClassicBpfCode.ModK:
      return [{ code, jt: 0, jf: 0, k: Math.max(k, 1) }];
    case ClassicBpfCode.LshX:
    case ClassicBpfCode.RshX:
      return [
        at(ClassicBpfCode.Tax),
        at(ClassicBpfCode.AndK, 31),
        at(ClassicBpfCode.Tax),
        { code, jt: 0, jf: 0, k: 0 },
      ];
    case ClassicBpfCode.LdWordAbs:
    case ClassicBpfCode.LdHalfAbs:
    case ClassicBpfCode.LdByteAbs:
    case ClassicBpfCode.LdxMsh:
      // Far offsets that are not the negative ones of Linux's metadata.
      return [{ code, jt: 0, jf: 0, k: k % 0x7fff_ffff }];
    case ClassicBpfCode.LdWordInd:
    case ClassicBpfCode.LdHalfInd:
    case ClassicBpfCode.LdByteInd:
      return [
        at(ClassicBpfCode.Txa),
        at(ClassicBpfCode.AndK, 63),
        at(ClassicBpfCode.Tax),
        { code, jt: 0, jf: 0, k: k % 80 },
      ];
    default:
      return [{ code, jt, jf, k }];
  }
}

describeWith(["root"], "classic BPF, our machine and Linux's", () => {
  test(`random programs keep as much of random packets, seed ${seed}`, () => {
    using linux = new LinuxSocketFilter();
    let rejected = 0;
    const packet = fc.uint8Array({ minLength: 1, maxLength: 60 });
    const property = fc.property(
      programs,
      fc.array(packet, { minLength: 3, maxLength: 3 }),
      (program, packets) => {
        checkClassicBpf(program);
        expect(linux.attach(program)).toBe(true);
        const machine = new ClassicBpfMachine(program);
        for (const bytes of packets) {
          const kept = Math.min(machine.run(bytes, bytes.length, bytes.length), bytes.length);
          expect(kept).toBe(linux.run(bytes));
          if (kept === 0) rejected++;
        }
      },
    );
    fc.assert(property, { seed, numRuns: PROGRAMS });
    expect(rejected).toBeGreaterThan(PROGRAMS / 10);
    expect(rejected).toBeLessThan(PROGRAMS * 2.9);
  });

  test("our programs are such as Linux attaches, and select the same frames there", () => {
    using linux = new LinuxSocketFilter();
    const frames = withCutFrames(madeFrames(150)).filter(({ buffer }) => buffer.length > 0);
    for (const expression of [...expressions, "geneve or ip", "vxlan and ip or vxlan"]) {
      if (notForLinux.test(expression)) continue;
      const filter = compileFilter(expression);
      expect(linux.attach(filter.instructions), expression).toBe(true);
      for (const { buffer } of frames) {
        expect(linux.run(buffer) > 0, `${expression}: ${Buffer.from(buffer).toString("hex")}`).toBe(
          filter.matches(buffer),
        );
      }
    }
  });

  test.each<[string, number, number, SockFilter[]]>([
    [
      "a shift by X is modulo 32",
      0,
      2,
      [at(ClassicBpfCode.LdImm, 1), at(ClassicBpfCode.LdxImm, 33), at(ClassicBpfCode.LshX)],
    ],
    ["X and K come round", 0, 5, [at(ClassicBpfCode.LdxImm, 0xffff_ffff), at(ClassicBpfCode.LdByteInd, 1)]],
    ["there is metadata", 0, 5, [at(ClassicBpfCode.LdWordAbs, 0xffff_f02c), at(ClassicBpfCode.LdImm, 5)]],
  ])("Linux differs in that %s", (_name, ours, theirs, program) => {
    using linux = new LinuxSocketFilter();
    expect(linux.attach([...program, at(ClassicBpfCode.RetA)])).toBe(true);
    const packet = new Uint8Array(50).fill(5);
    expect(new ClassicBpfMachine([...program, at(ClassicBpfCode.RetA)]).run(packet, 50, 50)).toBe(ours);
    expect(linux.run(packet)).toBe(theirs);
  });

  test.each<[string, SockFilter[]]>([
    ["no program", []],
    ["unknown code", [at(0x1f), at(ClassicBpfCode.RetK)]],
    ["no return", [at(ClassicBpfCode.LdImm, 1)]],
    ["jump past the end", [{ code: ClassicBpfCode.JeqK, jt: 1, jf: 0, k: 0 }, at(ClassicBpfCode.RetK)]],
    ["ja past the end", [at(ClassicBpfCode.Ja, 1), at(ClassicBpfCode.RetK)]],
    ["division by zero", [at(ClassicBpfCode.DivK, 0), at(ClassicBpfCode.RetK)]],
    ["modulus by zero", [at(ClassicBpfCode.ModK, 0), at(ClassicBpfCode.RetK)]],
    ["shift by 32", [at(ClassicBpfCode.LshK, 32), at(ClassicBpfCode.RetK)]],
    ["M[16]", [at(ClassicBpfCode.St, 16), at(ClassicBpfCode.RetK)]],
  ])("neither takes a program: %s", (_name, program) => {
    using linux = new LinuxSocketFilter();
    expect(linux.attach(program)).toBe(false);
    expect(() => checkClassicBpf(program)).toThrow();
  });
});
