import fc from "fast-check";
import { expect, test } from "vitest";
import { assembledObject, expectAgreement, type TrialPacket } from "../../../src/testing/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { useKernels } from "../kernels.js";
import { call, helperObject } from "./programs.js";

const RUNS = 250;
const SLOT = 56;
const PULL = "kfunc#0";

const near = (...places: readonly number[]) =>
  fc.tuple(fc.constantFrom(...places), fc.integer({ min: -3, max: 3 })).map(([place, by]) => place + by);

/** One step of a program; `$` stands for the offset of its own results. */
const step = fc.oneof(
  fc
    .oneof(fc.integer({ min: -260, max: 260 }), near(-216, -256, 0, 40))
    .map((by) => call("xdp_adjust_head", "r6", by)),
  fc
    .oneof(
      fc.integer({ min: -70, max: 70 }).map((n) => n * 4),
      near(-216, -256, 0),
    )
    .map((by) => call("xdp_adjust_meta", "r6", by)),
  fc
    .oneof(fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: -100, max: 100 }), near(3520, -4096))
    .map((by) => call("xdp_adjust_tail", "r6", by)),
  fc.constant(call("xdp_get_buff_len", "r6")),
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 0, max: 200 }), near(3500, 3520, 4096, 7600, 0xffff)),
      fc.integer({ min: 1, max: 40 }),
    )
    .map(([offset, length]) => call("xdp_load_bytes", "r6", offset, "r9 + $", length)),
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 0, max: 200 }), near(3500, 3520, 4096, 7600, 0xffff)),
      fc.integer({ min: 1, max: 40 }),
    )
    .map(([offset, length]) => call("xdp_store_bytes", "r6", offset, "r10 - 40", length)),
  fc
    .oneof(fc.integer({ min: 0, max: 4000 }), near(3500, 3720, 3736, 4096))
    .map((length) => call(PULL, "r6", length)),
  fc.constantFrom(0, 4, 8, 12, 16).map((field) =>
    // Pointers are shown as distances.
    field < 12
      ? `r0 = *(u32 *)(r6 + ${field})\nr1 = *(u32 *)(r6 + 0)\nr0 -= r1`
      : `r0 = *(u32 *)(r6 + ${field})`,
  ),
  fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 255 })).map(
    ([offset, byte]) => `
      r1 = *(u32 *)(r6 + 0)
      r2 = *(u32 *)(r6 + 4)
      r3 = r1
      r3 += ${offset + 1}
      r0 = -1
      if r3 > r2 goto +3
      r0 = *(u8 *)(r1 + ${offset})
      r3 = ${byte}
      *(u8 *)(r1 + ${offset}) = r3`,
  ),
);

const packet: fc.Arbitrary<TrialPacket> = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 14, max: 200 }),
      near(3464, 3520, 4096, 7616, 7700, 12000),
      fc.integer({ min: 3400, max: 30000 }),
      near(65535, 73000),
    ),
    fc.constantFrom(0, 0, 0, 4, 8, 32, 212, 216),
    fc.nat(),
  )
  .map(([size, metadataLength, salt]) => ({
    packet: Uint8Array.from(
      { length: size + metadataLength },
      (_, i) => (i * 31 + (i >> 8) * 7 + salt) & 0xff,
    ),
    options: { metadataLength },
  }));

function bodyOf(steps: readonly string[]): string {
  const start = [1, 2, 3, 4, 5].map(
    (n) => `r1 = 0x${"a1b2c3d4e5f60718".slice(n)} ll\n*(u64 *)(r10 - ${n * 8}) = r1`,
  );
  const parts = steps.map((each, index) => {
    const at = 16 + index * SLOT;
    return `${each.replace("$", String(at + 8))}\n*(u64 *)(r9 + ${at}) = r0`;
  });
  return [...start, ...parts].join("\n");
}

describeWith(["bpf"], "helpers on XDP frames, one after the other", () => {
  const kernels = useKernels();

  test(`${RUNS} random sequences`, async () => {
    const seed = seedOf("sequences of helpers");
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 12 }),
        fc.array(packet, { minLength: 1, maxLength: 3 }),
        async (steps, packets) => {
          const options = { hasFrags: true, kfuncs: ["bpf_xdp_pull_data"] };
          const object = assembledObject(helperObject(bodyOf(steps), options));
          const result = await expectAgreement(kernels(), { object, packets });
          compared += result.compared;
        },
      ),
      { numRuns: RUNS, seed },
    );
    expect(compared).toBeGreaterThanOrEqual(RUNS);
  });
});
