import { expect, test } from "vitest";
import { MapType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { expectSame, useKernels } from "../kernels.js";
import { EDGES, onOperands, SINGLES } from "./operands.js";

/** A chain of functions, each calling the next with changed arguments; the last is `depth` frames deep. */
function chain(depth: number): string {
  const functions = Array.from({ length: depth - 1 }, (_, index) => {
    const isLast = index === depth - 2;
    return `
      f${index + 1}: r6 = r1
      r7 = r2
      r8 = r3
      r9 = r4
      *(u64 *)(r10 - 8) = r5
      ${isLast ? "r0 = r1" : `r1 += ${index + 1}\nr2 ^= r6\nr3 *= 3\nr4 -= r8\nr5 += 7\ncall f${index + 2}`}
      r0 += r6
      r0 ^= r7
      r0 += r8
      r0 -= r9
      r1 = *(u64 *)(r10 - 8)
      r0 += r1
      exit`;
  });
  return functions.join("\n");
}

/** A program around `body`, and functions of its own; r1 and r2 are operands. */
const withFunctions = (body: string, functions: string) => `${onOperands(body)}\n${functions}`;

const PROGRAMS: readonly (readonly [name: string, code: string])[] = [
  [
    "five arguments and a result",
    withFunctions(
      "r3 = r1\nr4 = r2\nr5 = 5\ncall f\nr1 = 0\nr2 = 0",
      "f: r0 = r1\nr0 -= r2\nr0 ^= r3\nr0 *= r4\nr0 += r5\nexit",
    ),
  ],
  [
    "r6 to r9 are the caller's again",
    withFunctions("r9 = r1\ncall f\nr1 = r9\nr2 = 0", "f: r6 = 1\nr7 = 2\nr8 = 3\nr9 = 4\nr0 = 6\nexit"),
  ],
  [
    "a function that writes to its caller's stack",
    withFunctions(
      "r1 = r8\ncall f\nr1 = *(u64 *)(r8 + 0)\nr2 = *(u64 *)(r8 + 8)",
      "f: r2 = *(u64 *)(r1 + 0)\n*(u64 *)(r1 + 8) = r2\n*(u32 *)(r1 + 0) = 7\nr0 = 0\nexit",
    ),
  ],
  [
    "a function that writes to the packet",
    withFunctions(
      "r1 = r7\ncall f\nr1 = 0\nr2 = 0",
      "f: r2 = *(u8 *)(r1 + 3)\nr2 += 1\n*(u8 *)(r1 + 3) = r2\nr0 = r2\nexit",
    ),
  ],
  [
    "one function called twice, and one from two others",
    withFunctions(
      "r9 = r2\ncall f\nr1 = r9\nr9 = r0\ncall g\nr0 += r9\nr1 = 0\nr2 = 0",
      "f: call h\nr0 += 1\nexit\ng: call h\nr0 *= 2\nexit\nh: r0 = r1\nr0 >>= 3\nexit",
    ),
  ],
  [
    "a function in a loop",
    withFunctions(
      "r9 = 0\nagain: r1 = r9\ncall f\nr9 += 1\nif r9 < 20 goto again\nr1 = 0\nr2 = 0",
      "f: r0 = r1\nr0 *= r0\nexit",
    ),
  ],
  [
    "may_goto in a function, counted in each frame by itself",
    withFunctions(
      "r9 = 0\nagain: may_goto out\nr1 = r9\ncall f\nr9 += 1\nif r9 < 8 goto again\nout: r1 = r9\nr2 = 0\nr0 = 0",
      "f: r0 = 0\nmore: may_goto end\nr0 += 1\nif r0 < 9 goto more\nend: exit",
    ),
  ],
  ...[2, 3, 7, 8].map((depth): [string, string] => [
    `calls ${depth} frames deep`,
    withFunctions("r3 = r2\nr4 = r1\nr5 = 9\ncall f1\nr1 = 0\nr2 = 0", chain(depth)),
  ]),
];

const LOOPS: readonly (readonly [name: string, setup: string, callback: string])[] = [
  ["no round at all", "r1 = 0", "r0 = 0\nexit"],
  ["one round", "r1 = 1", "*(u64 *)(r2 + 0) = r1\nr0 = 0\nexit"],
  ["a thousand rounds", "r1 = 1000", "r3 = *(u64 *)(r2 + 0)\nr3 += r1\n*(u64 *)(r2 + 0) = r3\nr0 = 0\nexit"],
  ["stopped early", "r1 = 1000", "*(u64 *)(r2 + 8) = r1\nr0 = 0\nif r1 != 41 goto +1\nr0 = 1\nexit"],
  [
    "as many rounds as the operand says",
    "r1 &= 127",
    "r3 = *(u64 *)(r2 + 8)\nr3 *= 3\n*(u64 *)(r2 + 8) = r3\nr0 = 0\nexit",
  ],
  ["more rounds than are allowed", "r1 = 0x800001", "r0 = 0\nexit"],
];

const arrayMap = { name: "array", type: MapType.Array, maxEntries: 5 };
const hashMap = { name: "hash", type: MapType.Hash, maxEntries: 16 };
const percpuMap = { name: "percpu", type: MapType.PercpuArray, maxEntries: 3 };
const lruMap = { name: "lru", type: MapType.LruHash, maxEntries: 16 };

const contents = [0, 1, 2, 3, 4].flatMap((n) => {
  const key = Uint8Array.of(n, 0, 0, 0);
  const value = Uint8Array.of(n + 1, n * 7, 3, 0, 0, 0, 0, 1);
  return ["array", "hash", "lru"].map((map) => ({ map, key, value }));
});

describeWith(["bpf"], "calls on both kernels", () => {
  const kernels = useKernels();

  test.each(PROGRAMS)("%s", async (_name, code) => {
    const object = { programs: [{ name: "calls", code }] };
    expect(await expectSame(kernels(), object, { packets: SINGLES })).toBe(EDGES.length);
  });

  test.each(LOOPS)("bpf_loop: %s", async (_name, setup, callback) => {
    const body = `${setup}\nr2 = callback ll\nr3 = r8\nr4 = 0\ncall loop\nr1 = 0\nr2 = 0`;
    const object = { programs: [{ name: "looping", code: `${onOperands(body)}\ncallback: ${callback}` }] };
    expect(await expectSame(kernels(), object, { packets: SINGLES })).toBe(EDGES.length);
  });

  test("bpf_loop: unknown flags", async () => {
    const body = "r1 = 3\nr2 = callback ll\nr3 = r8\nr4 = 1\ncall loop\nr1 = 0\nr2 = 0";
    const object = { programs: [{ name: "flags", code: `${onOperands(body)}\ncallback: r0 = 0\nexit` }] };
    expect(await expectSame(kernels(), object, { packets: SINGLES })).toBe(EDGES.length);
  });

  test("bpf_loop in a callback of bpf_loop, which calls a function", async () => {
    const body = "r1 = 6\nr2 = outer ll\nr3 = r8\nr4 = 0\ncall loop\nr1 = 0\nr2 = 0";
    const functions = `
      outer: r3 = r2
      r2 = inner ll
      r4 = 0
      call loop
      r0 = 0
      exit
      inner: r6 = r2
      r2 = *(u64 *)(r6 + 0)
      call add
      *(u64 *)(r6 + 0) = r0
      r0 = 0
      exit
      add: r0 = r1
      r0 += r2
      exit`;
    const object = { programs: [{ name: "nested", code: `${onOperands(body)}\n${functions}` }] };
    expect(await expectSame(kernels(), object, { packets: SINGLES })).toBe(EDGES.length);
  });

  test.each([
    [arrayMap, "array"],
    [hashMap, "hash"],
    [percpuMap, "percpu"],
    [lruMap, "lru"],
  ])("bpf_for_each_map_elem of %j", async (map, name) => {
    // The order of a hash map's elements is its own: a sum does not depend on it.
    const body = `r1 = ${name} ll\nr2 = each ll\nr3 = r8\nr4 = 0\ncall for_each_map_elem\nr1 = 0\nr2 = 0`;
    const each = `
      each: r5 = *(u32 *)(r2 + 0)
      r1 = *(u64 *)(r3 + 0)
      r5 += r1
      r1 += 3
      *(u64 *)(r3 + 0) = r1
      r1 = *(u64 *)(r4 + 0)
      r1 += r5
      *(u64 *)(r4 + 0) = r1
      r0 = 0
      exit`;
    const object = { programs: [{ name: "each", code: `${onOperands(body)}\n${each}` }], maps: [map] };
    const trial = { packets: SINGLES, contents: contents.filter((content) => content.map === name) };
    expect(await expectSame(kernels(), object, trial)).toBe(EDGES.length);
  });

  test("bpf_for_each_map_elem: stopped early, elements deleted, unknown flags", async () => {
    const calls = (flags: number, map: string, callback: string) =>
      `r1 = ${map} ll\nr2 = ${callback} ll\nr3 = r8\nr4 = ${flags}\ncall for_each_map_elem`;
    const body = `${calls(0, "array", "third")}\nr9 = r0\n${calls(0, "hash", "drop")}\nr9 <<= 8\nr9 |= r0\n${calls(4, "array", "third")}\nr9 += r0\nr0 = r9\nr1 = 0\nr2 = 0`;
    const callbacks = `
      third: r1 = *(u32 *)(r2 + 0)
      r0 = 0
      if r1 != 2 goto +1
      r0 = 1
      exit
      drop: call map_delete_elem
      r0 = 0
      exit`;
    const object = {
      programs: [{ name: "each", code: `${onOperands(body)}\n${callbacks}` }],
      maps: [arrayMap, hashMap],
    };
    const trial = { packets: SINGLES, contents: contents.filter(({ map }) => map !== "lru") };
    expect(await expectSame(kernels(), object, trial)).toBe(EDGES.length);
  });
});
