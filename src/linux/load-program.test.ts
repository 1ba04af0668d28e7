import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { program as encodeProgram, type Instruction, insn } from "../asm/index.js";
import { KernelError, VerifierError } from "../errors.js";
import { AttachType, ProgramType } from "../uapi/index.js";
import { expectNothingOpen } from "./fixtures/left-behind.oracle.js";
import { loadProgram, type ProgramLoad } from "./load-program.js";
import { Descriptor } from "./sys/descriptor.js";

const load = (insns: readonly Instruction[], more: Partial<ProgramLoad> = {}): ProgramLoad => ({
  name: "under_test",
  type: ProgramType.Xdp,
  expectedAttachType: AttachType.Xdp,
  code: encodeProgram(...insns, insn.exit()),
  license: "GPL",
  flags: 0,
  ...more,
});

/** Counts to a number, one step of the verifier after another. */
const counting = (steps: number) => [
  insn.mov64Imm(0, 0),
  insn.alu64Imm("Add", 0, 1),
  insn.jumpImm("Jlt", 0, steps, -2),
];

const refusal = (program: ProgramLoad, level?: number): unknown => {
  try {
    using _loaded = new Descriptor(loadProgram(program, level).fd, "program");
  } catch (error) {
    return error;
  }
  return undefined;
};

describeWith(["bpf"], "BPF_PROG_LOAD", () => {
  expectNothingOpen();

  test("a log is as long as it needs to be", () => {
    // Some 150 bytes for each step: more than the first buffer has.
    const { fd, log } = loadProgram(load([...counting(8_000), insn.mov64Imm(0, 2)]), 2);
    using _loaded = new Descriptor(fd, "program");
    expect(log.length).toBeGreaterThan(1 << 20);
    expect(log).toMatch(/^func#0 @0\n/);
    expect(log).toMatch(/\nprocessed \d+ insns .*\n$/);
  });

  test("a refusal has the whole log", () => {
    const error = refusal(load([...counting(20_000), insn.mov64Reg(0, 5)]));
    expect(error).toBeInstanceOf(VerifierError);
    const { log, message, slot } = error as VerifierError;
    expect(message).toBe("program under_test was refused: R5 !read_ok");
    expect(slot).toBe(3);
    expect(log).toMatch(/^(?:func#0 @0\n)?0: R1=ctx\(\) R10=fp0\n/);
    expect(log.length).toBeGreaterThan(1 << 20);
  });

  test.each<[string, ProgramLoad, string]>([
    ["a type that there is not", load([insn.mov64Imm(0, 2)], { type: 99 }), "EINVAL"],
    [
      "an attach type that is another's",
      load([insn.mov64Imm(0, 2)], { type: ProgramType.SkLookup, expectedAttachType: AttachType.Xdp }),
      "EINVAL",
    ],
    ["flags that there are not", load([insn.mov64Imm(0, 2)], { flags: 1 << 30 }), "EINVAL"],
    ["no code at all", load([], { code: new Uint8Array(0) }), "E2BIG"],
  ])("%s is the kernel's refusal, not the verifier's", (_what, program, code) => {
    const error = refusal(program);
    expect(error).toBeInstanceOf(KernelError);
    expect(error).toMatchObject({ code, call: "BPF_PROG_LOAD" });
  });

  test("helpers for GPL programs alone", () => {
    // bpf_ktime_get_ns is free, bpf_trace_printk is not.
    const call = (helper: number) => [insn.mov64Imm(1, 0), insn.mov64Imm(2, 0), insn.call(helper)];
    expect(refusal(load([...call(5), insn.mov64Imm(0, 2)]))).toBeUndefined();
    const error = refusal(load([...call(6), insn.mov64Imm(0, 2)], { license: "Proprietary" }));
    expect((error as Error).message).toMatch(/cannot call GPL-restricted function from non-GPL compatible/);
  });
});
