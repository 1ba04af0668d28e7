import { describe, expect, test } from "vitest";
import { NotSupportedError } from "../errors.js";
import { assemble, checkCode } from "./index.js";

describe("checkCode", () => {
  test.each<[string, string, RegExp, number]>([
    ["a jump past the end", "goto +1\nexit", /jump out of range from 0 to 2/, 0],
    ["a jump before the start", "r0 = 0\nif r1 == 0 goto -3\nexit", /out of range/, 1],
    ["a jump into a wide load", "goto +1\nr1 = 1 ll\nexit", /middle/, 0],
    ["a long jump past the end", "gotol +1\nexit", /out of range/, 0],
    ["a may_goto past the end", "may_goto +1\nexit", /out of range/, 0],
    ["no exit at the end", "exit\nr0 = 0", /last instruction/, 1],
    ["a jump into another function", "call f\ngoto +1\nf: r0 = 0\nexit", /out of range from 1 to 3/, 1],
    ["a call to nowhere", "call pc+9\nexit", /function starts at slot 10/, 0],
    ["a function pointer to nowhere", "r0 = 0\nr1 = subprog[+9]\nexit", /function starts at slot 11/, 1],
  ])("refuses %s, with its slot", (_name, text, message, slot) => {
    expect(() => checkCode(assemble(text))).toThrow(message);
    expect(() => checkCode(assemble(text))).toThrow(expect.objectContaining({ slot }));
  });

  test("recognises address-space casts and refuses them by name", () => {
    const code = assemble("r1 = addr_space_cast(r1, 0, 1)\nexit");
    expect(() => checkCode(code)).toThrow(NotSupportedError);
    expect(() => checkCode(code)).toThrow(expect.objectContaining({ feature: "address-space cast" }));
  });

  test("refuses no code at all", () => {
    expect(() => checkCode(new Uint8Array(0))).toThrow(/one or more slots/);
  });

  test("tells where functions start", () => {
    expect(checkCode(assemble("call f\nr1 = subprog[+3]\nexit\nf: exit\ng: exit"))).toEqual([0, 4, 5]);
  });
});
