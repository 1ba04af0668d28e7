import { expect, test } from "vitest";
import { kernelVersion } from "./kernel-version.js";

const code = (major: number, minor: number, patch: number) => (major << 16) | (minor << 8) | patch;
const rows: [release: string, version: string, signature: string, expected: number][] = [
  ["6.18.44", "#1 SMP PREEMPT_DYNAMIC", "", code(6, 18, 44)],
  ["6.18.0-rc3+", "#7 SMP", "", code(6, 18, 0)],
  ["6.18-custom", "#1", "", code(6, 18, 0)],
  ["6.1.0-13-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.55-1 (2023-09-29)", "", code(6, 1, 55)],
  ["5.15.0-91-generic", "#101-Ubuntu SMP", "Ubuntu 5.15.0-91.101-generic 5.15.131\n", code(5, 15, 131)],
  ["4.9.337", "#1 SMP", "", code(4, 9, 255)],
];

test.each(rows)("%s %s %s", (release, version, signature, expected) => {
  expect(kernelVersion({ release, version, signature })).toEqual({ release, code: expected });
});
