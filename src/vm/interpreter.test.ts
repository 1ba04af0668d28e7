import { describe, expect, test } from "vitest";
import { Arena } from "../arena/index.js";
import { assemble } from "../asm/index.js";
import { NotSupportedError } from "../errors.js";
import {
  decodeForExecution,
  type HelperFunction,
  Interpreter,
  type Services,
  Trap,
  type VmProgram,
  XdpBuff,
} from "./index.js";

/** Helpers for tests: number 1 adds r1 and r2; number 2 calls the function at the slot in r1 three times. */
function helper(id: number): HelperFunction {
  if (id === 1) return (machine) => machine.returns(machine.reg[2] + machine.reg[4]);
  return (machine) => {
    const slot = machine.reg[2];
    let round = 0;
    const again = () => {
      if (round === 3) machine.returns(round);
      else machine.callFunction(slot, [round++, 5n], again);
    };
    again();
  };
}

function programOf(text: string): VmProgram {
  const code = decodeForExecution(assemble(text), {
    pseudoImmediate: (slot, _src, imm) => BigInt(slot + imm + 1),
    call: (_slot, _src, imm) => helper(imm),
  });
  const reference = () => {};
  return {
    id: 1,
    name: "test",
    type: 6,
    expectedAttachType: 0,
    code,
    maps: [],
    retain: reference,
    release: reference,
  };
}

function machineFor(text: string) {
  const arena = new Arena();
  const interpreter = new Interpreter(arena, {} as Services, () => {
    throw new Error("there are no maps");
  });
  const packet = new XdpBuff(arena);
  packet.load(new Uint8Array(60), { ingressIfindex: 1, rxQueueIndex: 0, egressIfindex: 0 });
  const program = programOf(text);
  return { interpreter, packet, program };
}

/** Runs a program to its end; r0 as a signed 64-bit number. */
function run(text: string, budget = 1_000_000): bigint {
  const { interpreter, packet, program } = machineFor(text);
  interpreter.start(program, packet);
  expect(interpreter.execute(budget)).toBe(true);
  return interpreter.reg64[0];
}

function trapOf(text: string): { trap: Trap; slot: number; depth: number } {
  const { interpreter, packet, program } = machineFor(text);
  interpreter.start(program, packet);
  try {
    interpreter.execute(1_000_000);
  } catch (error) {
    if (error instanceof Trap) return { trap: error, ...interpreter.state };
    throw error;
  }
  throw new Error("it did not trap");
}

const FIBONACCI = `
  r0 = 0
  r1 = 1
  r2 = 20
  again: r3 = r0
  r3 += r1
  r0 = r1
  r1 = r3
  r2 -= 1
  if r2 != 0 goto again
  exit`;

describe("the interpreter", () => {
  test("stops after each instruction, and comes to the same as in one go", () => {
    const { interpreter, packet, program } = machineFor(FIBONACCI);
    interpreter.start(program, packet);
    const slots: number[] = [];
    do slots.push(interpreter.state.slot);
    while (!interpreter.step());
    expect(slots.slice(0, 11)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 3, 4]);
    expect(slots).toHaveLength(3 + 20 * 6 + 1);
    expect(interpreter.state.executed).toBe(slots.length);
    expect(interpreter.reg64[0]).toBe(6765n);
    expect(run(FIBONACCI)).toBe(6765n);
    // It has ended: nothing more is executed.
    expect(interpreter.execute(5)).toBe(true);
    expect(interpreter.state.executed).toBe(slots.length);
  });

  test("goes on where its budget ended, within functions and callbacks too", () => {
    const text = `
      r6 = 100
      r1 = callback ll
      call 2
      r6 += r0
      r0 = r6
      exit
      callback: r6 = r1
      call inner
      exit
      inner: r0 = r1
      r0 += r6
      exit`;
    const whole = run(text);
    for (let budget = 1; budget < 12; budget++) {
      const { interpreter, packet, program } = machineFor(text);
      interpreter.start(program, packet);
      while (!interpreter.execute(budget));
      expect(interpreter.reg64[0]).toBe(whole);
    }
    expect(whole).toBe(103n);
  });

  test("tells the depth of calls", () => {
    const { interpreter, packet, program } = machineFor("call f\nexit\nf: call g\nexit\ng: r0 = 1\nexit");
    interpreter.start(program, packet);
    const depths: number[] = [];
    do depths.push(interpreter.state.depth);
    while (!interpreter.step());
    expect(depths).toEqual([0, 1, 2, 2, 1, 0]);
  });

  test("calls one function without a packet, as timers do", () => {
    const { interpreter, program } = machineFor("exit\nr0 = r1\nr0 += r2\nexit");
    interpreter.startFunction(program, 1, [7, 1n << 40n]);
    expect(interpreter.execute(100)).toBe(true);
    expect(interpreter.reg64[0]).toBe((1n << 40n) + 7n);
    expect(() => interpreter.packet).toThrow(Trap);
  });

  // may_goto lets a function's loops go on 8 * 1024 * 1024 times, each frame by itself.
  test("may_goto ends a loop that does not end itself", () => {
    const { interpreter, packet, program } = machineFor(
      "r0 = 0\nagain: may_goto out\nr0 += 1\ngoto again\nout: exit",
    );
    interpreter.start(program, packet);
    expect(interpreter.execute(2 ** 30)).toBe(true);
    expect(interpreter.reg64[0]).toBe(BigInt(8 * 1024 * 1024));
  });

  test("may_goto counts in each frame by itself, also after a function has used its count up", () => {
    const text = `
      r6 = 0
      again: may_goto out
      call f
      r6 += 1
      if r6 < 2 goto again
      out: r0 = r6
      exit
      f: may_goto end
      goto f
      end: exit`;
    expect(run(text, 2 ** 30)).toBe(2n);
  });

  test.each<[string, string, string, RegExp, number, number]>([
    [
      "null",
      "r1 = 0\nr0 = *(u8 *)(r1 + 8)\nexit",
      "memory access",
      /r1 holds 0x00000000: no 1 bytes .* offset 8/,
      1,
      0,
    ],
    [
      "an address beyond 32 bits",
      "r2 = 0x100010000 ll\n*(u32 *)(r2 + 0) = 1\nexit",
      "memory access",
      /r2 holds 0x100010000/,
      2,
      0,
    ],
    [
      "the memory's end",
      "r2 = 0xfffffff8\nw2 = w2\nr0 = *(u64 *)(r2 + 0)\nexit",
      "memory access",
      /no 8 bytes/,
      2,
      0,
    ],
    ["an atomic operation on null", "r2 = 0\nlock *(u64 *)(r2 + 0) += r1\nexit", "memory access", /r2/, 1, 0],
    [
      "a store in a function",
      "call f\nexit\nf: r3 = 1\n*(u8 *)(r3 + 0) = r3\nexit",
      "memory access",
      /r3/,
      3,
      1,
    ],
    ["recursion without end", "f: call f\nexit", "call depth", /calls that have not returned/, 0, 271],
  ])("traps at %s, and tells where", (_name, text, kind, message, slot, depth) => {
    const found = trapOf(text);
    expect(found.trap.kind).toBe(kind);
    expect(found.trap.message).toMatch(message);
    expect({ slot: found.slot, depth: found.depth }).toEqual({ slot, depth });
  });

  test("refuses code with an address-space cast when it is decoded", () => {
    expect(() => programOf("r1 = addr_space_cast(r1, 0, 1)\nexit")).toThrow(NotSupportedError);
  });
});
