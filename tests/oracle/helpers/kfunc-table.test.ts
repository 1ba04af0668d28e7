import { expect, test } from "vitest";
import { insn } from "../../../src/asm/index.js";
import { kfuncByName, kfuncs, knownProgramTypes } from "../../../src/helpers/index.js";
import { ProgramType, programTypeName } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { kernelKfuncs } from "./kfunc-declarations.js";
import { isOptionSet, verifierSays } from "./linux.js";

const types = knownProgramTypes.map((type): [name: string, type: number] => [programTypeName(type), type]);
/** Kfuncs that only programs for one device may call are refused to all others, whatever their type. */
const DEVICE_BOUND = /metadata kfuncs require device-bound program/;

function says(type: number, id: number): string {
  const zeroes = [2, 3, 4, 5].map((register) => insn.mov64Imm(register, 0));
  return verifierSays(type, [...zeroes, insn.callKfunc(id), insn.mov64Imm(0, 0), insn.exit()]);
}

describeWith(["bpf"], "the kfunc table and Linux", () => {
  const there = kernelKfuncs();

  test("the kernel's declarations", () => {
    const named = there.filter(({ name }) => kfuncByName(name) !== undefined);
    expect(named.length).toBeGreaterThan(100);
    for (const { name, declaration } of named) expect(kfuncByName(name)?.declaration).toBe(declaration);
  });

  test("a kfunc that this kernel lacks needs an option that is not set", () => {
    const names = new Set(there.map(({ name }) => name));
    for (const { name, option } of kfuncs) {
      if (names.has(name)) continue;
      expect([name, option !== undefined && !isOptionSet(option)]).toEqual([name, true]);
    }
  });

  test.each(types)("%s: which kfuncs may be called, and which sleep", (_name, type) => {
    const open = there.flatMap(({ name, id }) => {
      const log = says(type, id);
      const isClosed = /calling kernel function \w+ is not allowed/.test(log);
      if (isClosed || (DEVICE_BOUND.test(log) && type !== ProgramType.Xdp)) return [];
      const sleeps = /program must be sleepable/.test(log);
      return [sleeps ? `${name} sleeps` : name];
    });
    const names = new Set(there.map(({ name }) => name));
    const ours = kfuncs
      .filter((kfunc) => kfunc.types.includes(type) && names.has(kfunc.name))
      .map(({ name, flags }) => (flags.includes("SLEEPABLE") ? `${name} sleeps` : name));
    expect(open.sort()).toEqual(ours.sort());
  });
});
