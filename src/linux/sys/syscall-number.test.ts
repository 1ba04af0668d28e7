import { expect, test } from "vitest";
import { NotSupportedError } from "../../errors.js";
import { syscallNumber } from "./syscall-number.js";

test.each([
  ["x64", 321, 298],
  ["arm64", 280, 241],
  ["riscv64", 280, 241],
  ["loong64", 280, 241],
  ["s390x", 351, 331],
  ["ppc64", 361, 319],
])("%s", (architecture, bpf, perfEventOpen) => {
  expect(syscallNumber("bpf", architecture)).toBe(bpf);
  expect(syscallNumber("perf_event_open", architecture)).toBe(perfEventOpen);
});

test("an architecture whose numbers are not known is refused by name", () => {
  expect(() => syscallNumber("bpf", "mips64el")).toThrow(NotSupportedError);
  expect(() => syscallNumber("bpf", "mips64el")).toThrow(/bpf\(2\) on mips64el is not known: x64/);
});
