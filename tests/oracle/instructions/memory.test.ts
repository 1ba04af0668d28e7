import { expect, test } from "vitest";
import { MapType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { expectSame, useKernels } from "../kernels.js";
import { EDGES, IMMEDIATES, onOperands, SINGLES } from "./operands.js";

/** What memory is reached through: the stack, the packet, a map's value. */
const PLACES = [
  ["the stack", "r8", ""],
  ["the packet", "r7", ""],
  ["a map's value", "r9", "r9 = values[0]+16 ll"],
] as const;
const SIZES = [8, 16, 32, 64];
const SIGNED_SIZES = [8, 16, 32];
const OFFSETS = [0, 1, 3, 8];

/** Where in 16 bytes an access may be: anywhere, on this architecture, but for the stack. */
function offsetsOf(register: string, bits: number): readonly number[] {
  const mustAlign = register === "r8";
  return OFFSETS.filter((each) => each * 8 + bits <= 128 && (!mustAlign || (each * 8) % bits === 0));
}

const values = { name: "values", type: MapType.Array, valueSize: 64 };

/** Kinds of 64-bit immediate loads: what they give is seen through r0 and r1. */
const IMMEDIATE_LOADS: readonly (readonly [name: string, body: string])[] = [
  ["a small number", "r1 = 5 ll"],
  ["a negative number", "r1 = -2 ll"],
  ["a number of 64 bits", "r1 = 0x123456789abcdef0 ll"],
  ["the largest", "r1 = 0xffffffffffffffff ll"],
  ["a half with its highest bit set", "r1 = 0x80000000 ll\nr0 = 0x8000000000000000 ll"],
  [
    "a map",
    "r1 = values ll\nr2 = r10\nr2 += -4\n*(u32 *)(r2 + 0) = 0\ncall map_lookup_elem\nr6 = r0\nr0 = 1\nif r6 == 0 goto out\n*(u64 *)(r6 + 8) = 77\nout: r1 = 0\nr2 = 0",
  ],
  ["a map's value", "r1 = values[0]+0 ll\nr2 = *(u64 *)(r1 + 0)\nr2 += 1\n*(u64 *)(r1 + 0) = r2\nr1 = 0"],
  [
    "a map's value, in its middle",
    "r1 = values[0]+40 ll\n*(u64 *)(r1 + 16) = r2\nr0 = *(u16 *)(r1 + 18)\nr1 = 0",
  ],
];

describeWith(["bpf"], "loads and stores on both kernels", () => {
  const kernels = useKernels();
  const agree = (body: string) =>
    expectSame(
      kernels(),
      { programs: [{ name: "memory", code: onOperands(body) }], maps: [values] },
      { packets: SINGLES },
    );
  const at = (register: string, offset: number) => `(${register} + ${offset})`;

  for (const [name, register, setup] of PLACES) {
    test.each(SIZES)(`%i bits of ${name}: st, stx, ldx`, async (bits) => {
      for (const offset of offsetsOf(register, bits)) {
        const place = `*(u${bits} *)${at(register, offset)}`;
        const initialised = `${setup}\n*(u64 *)${at(register, 0)} = r1\n*(u64 *)${at(register, 8)} = r2`;
        expect(await agree(`${initialised}\nr0 = ${place}\n${place} = r2\nr1 = ${place}`)).toBe(EDGES.length);
        for (const imm of IMMEDIATES) await agree(`${initialised}\n${place} = ${imm}\nr0 = ${place}`);
      }
    });

    test.each(SIGNED_SIZES)(`%i bits of ${name}: ldsx`, async (bits) => {
      for (const offset of offsetsOf(register, bits)) {
        const initialised = `${setup}\n*(u64 *)${at(register, 0)} = r1\n*(u64 *)${at(register, 8)} = r2`;
        expect(await agree(`${initialised}\nr0 = *(s${bits} *)${at(register, offset)}`)).toBe(EDGES.length);
      }
    });
  }

  test.each(IMMEDIATE_LOADS)("64-bit immediate loads: %s", async (_name, body) => {
    expect(await agree(body)).toBe(EDGES.length);
  });

  test("negative offsets, to the stack's lowest byte", async () => {
    const body =
      "*(u8 *)(r10 - 512) = r1\nr0 = *(u8 *)(r10 - 512)\n*(u64 *)(r10 - 504) = 3\nr2 = *(u64 *)(r10 - 504)";
    expect(await agree(body)).toBe(EDGES.length);
  });

  test("a variable offset into the packet, the stack and a map's value", async () => {
    const body = `
      r3 = r1
      r3 &= 15
      r4 = r7
      r4 += r3
      r5 = r4
      r5 += 21
      if r5 > r6 goto out
      *(u8 *)(r4 + 20) = r2
      r5 = values[0]+0 ll
      r5 += r3
      *(u32 *)(r5 + 4) = r2
      r0 = *(u64 *)(r5 + 0)
      r3 &= 7
      r4 = r8
      r4 += r3
      *(u8 *)(r4 + 0) = 9
      out: r1 = 0`;
    expect(await agree(body)).toBe(EDGES.length);
  });
});
