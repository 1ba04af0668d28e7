import { expect, test } from "vitest";
import { MapType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { expectSame, useKernels } from "../kernels.js";
import { EDGES, onOperands, PAIRS } from "./operands.js";

const PLACES = [
  ["the stack", "r8", ""],
  // Linux takes only aligned atomics here; 8 is aligned for both widths.
  ["a map's value", "r9", "r9 = values[0]+8 ll\n*(u64 *)(r9 + 0) = r1"],
] as const;
const WIDTHS = [
  [32, "w", "32_32"],
  [64, "r", "_64"],
] as const;

const values = { name: "values", type: MapType.Array, valueSize: 32 };

describeWith(["bpf"], "atomic operations on both kernels", () => {
  const kernels = useKernels();
  const agree = async (body: string) => {
    const object = { programs: [{ name: "atomic", code: onOperands(body) }], maps: [values] };
    expect(await expectSame(kernels(), object, { packets: [...PAIRS] })).toBe(EDGES.length ** 2);
  };

  for (const [place, base, setup] of PLACES) {
    for (const [bits, r, suffix] of WIDTHS) {
      const memory = `(u${bits} *)(${base} + 0)`;
      test.each([
        ["add", `lock *${memory} += ${r}2`],
        ["or", `lock *${memory} |= ${r}2`],
        ["and", `lock *${memory} &= ${r}2`],
        ["xor", `lock *${memory} ^= ${r}2`],
        ["fetch_add", `${r}2 = atomic_fetch_add(${memory}, ${r}2)`],
        ["fetch_or", `${r}2 = atomic_fetch_or(${memory}, ${r}2)`],
        ["fetch_and", `${r}2 = atomic_fetch_and(${memory}, ${r}2)`],
        ["fetch_xor", `${r}2 = atomic_fetch_xor(${memory}, ${r}2)`],
        ["xchg", `${r}2 = xchg${suffix}(${base} + 0, ${r}2)`],
        // r0 and memory are both r1 here, so that it exchanges …
        ["cmpxchg, equal", `${r}0 = cmpxchg${suffix}(${base} + 0, ${r}0, ${r}2)`],
        // … and here they differ in the low half or in the high half alone.
        ["cmpxchg, different", `r0 ^= 1\n${r}0 = cmpxchg${suffix}(${base} + 0, ${r}0, ${r}2)`],
        [
          "cmpxchg, different in the high half",
          `r3 = 1 ll\nr3 <<= 40\nr0 ^= r3\n${r}0 = cmpxchg${suffix}(${base} + 0, ${r}0, ${r}2)`,
        ],
        ["cmpxchg with r0 as new value", `${r}0 = cmpxchg${suffix}(${base} + 0, ${r}0, ${r}0)`],
      ])(`%s of ${bits} bits on ${place}`, async (_name, operation) => {
        await agree(`${setup}\n${operation}\n${base === "r9" ? "r1 = *(u64 *)(r9 + 0)" : ""}`);
      });
    }

    test.each([8, 16, 32, 64])(`load_acquire and store_release of %i bits on ${place}`, async (bits) => {
      const r = bits === 64 ? "r" : "w";
      await agree(`${setup}\n${r}0 = load_acquire((u${bits} *)(${base} + 0))`);
      await agree(`${setup}\nstore_release((u${bits} *)(${base} + 0), ${r}2)\nr0 = *(u64 *)(${base} + 0)`);
    });
  }
});
