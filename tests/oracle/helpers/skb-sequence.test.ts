import fc from "fast-check";
import { expect, test } from "vitest";
import { assembledObject, expectAgreement, type TrialPacket } from "../../../src/testing/index.js";
import { ProgramType } from "../../../src/uapi/index.js";
import { SkbField } from "../../../src/vm/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { useKernels } from "../kernels.js";
import { call, helperObject } from "./programs.js";
import { samples } from "./samples.js";

const RUNS = 400;
/** Bytes of results for each step: its result, and what it read. */
const SLOT = 32;

/** Free bytes before a test run's packet (NET_SKB_PAD). */
const HEADROOM = 64;

/** What a step adds to the packet's front, at most. */
function growthOf(step: string): number {
  const [, room] = /r2 = (\d+)\n.*call skb_(?:change_head|adjust_room)/s.exec(step) ?? [];
  if (room !== undefined) return Number(room);
  return step.includes("skb_change_proto") ? 20 : step.includes("skb_vlan_push") ? 4 : 0;
}

/**
 * Steps that can be compared: once a packet that is run by itself outgrows its headroom, Linux believes
 * that its transport header was found, at an address that is an accident (skb_headers_offset_update), and
 * bpf_skb_change_tail alone minds. So with that one, nothing that would outgrow the headroom is done.
 */
function comparable(steps: readonly string[]): string[] {
  if (!steps.some((step) => step.includes("skb_change_tail"))) return [...steps];
  let left = HEADROOM;
  return steps.filter((step) => {
    const growth = growthOf(step);
    if (growth > left) return false;
    left -= growth;
    return true;
  });
}

/** One step of a program; `$` stands for the offset of its own results. */
const step = fc.oneof(
  fc.integer({ min: 0, max: 2000 }).map((length) => call("skb_change_tail", "r6", length, 0)),
  fc.integer({ min: 0, max: 200 }).map((room) => call("skb_change_head", "r6", room, 0)),
  fc.constantFrom(0x0008, 0xdd86).map((protocol) => call("skb_change_proto", "r6", protocol, 0)),
  fc.integer({ min: 0, max: 4 }).map((kind) => call("skb_change_type", "r6", kind)),
  fc.integer({ min: 0, max: 300 }).map((length) => call("skb_pull_data", "r6", length)),
  fc
    .tuple(fc.constantFrom(0x0081, 0xa888), fc.integer({ min: 0, max: 0xffff }))
    .map(([protocol, tci]) => call("skb_vlan_push", "r6", protocol, tci)),
  fc.constant(call("skb_vlan_pop", "r6")),
  fc
    .tuple(
      fc.oneof(fc.integer({ min: -100, max: 100 }), fc.constantFrom(20, 28, 40, 48, -20, -40)),
      fc.integer({ min: 0, max: 1 }),
      fc.constantFrom(0n, 2n, 4n, 0x0an, 0x12n, 0x0cn, 0x14n, 0x80n, 0x100n, 0x20n, 2n | (14n << 56n)),
    )
    .map(([difference, mode, flags]) => call("skb_adjust_room", "r6", difference, mode, flags)),
  fc
    .tuple(fc.integer({ min: 0, max: 150 }), fc.integer({ min: 1, max: 16 }), fc.integer({ min: 0, max: 4 }))
    .map(([offset, length, flags]) => call("skb_store_bytes", "r6", offset, "r10 - 32", length, flags)),
  fc
    .tuple(fc.integer({ min: 0, max: 150 }), fc.integer({ min: 1, max: 16 }))
    .map(([offset, length]) => call("skb_load_bytes", "r6", offset, "r9 + $", length)),
  fc
    .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 16 }), fc.integer({ min: 0, max: 2 }))
    .map(([offset, length, start]) => call("skb_load_bytes_relative", "r6", offset, "r9 + $", length, start)),
  fc
    .tuple(
      fc.constantFrom("l3_csum_replace", "l4_csum_replace"),
      fc.integer({ min: 0, max: 100 }),
      fc.integer(),
      fc.integer(),
      fc.constantFrom(0, 2, 4, 3, 0x12, 0x14, 0x22, 0x24, 0x64, 0x94, 0x100),
    )
    .map(([helper, offset, from, to, flags]) => call(helper, "r6", offset, from, to, flags)),
  fc.integer({ min: 0, max: 4 }).map((level) => call("csum_level", "r6", level)),
  fc.integer().map((sum) => call("csum_update", "r6", sum)),
  fc.integer().map((hash) => `${call("set_hash", "r6", hash)}\nr0 = *(u32 *)(r6 + ${SkbField.Hash})`),
  fc.constant(`${call("set_hash_invalid", "r6")}\nr0 = *(u32 *)(r6 + ${SkbField.Hash})`),
  fc.constant(call("skb_ecn_set_ce", "r6")),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 1n << 62n }), fc.integer({ min: 0, max: 3 }))
    .map(([time, clock]) => call("skb_set_tstamp", "r6", time, clock)),
  fc
    .tuple(
      fc.constantFrom(
        SkbField.Mark,
        SkbField.Priority,
        SkbField.TcIndex,
        SkbField.QueueMapping,
        SkbField.Cb,
        SkbField.Cb + 16,
      ),
      fc.integer(),
    )
    .map(([field, value]) => `r1 = ${value}\n*(u32 *)(r6 + ${field}) = r1\nr0 = *(u32 *)(r6 + ${field})`),
  fc
    .bigInt({ min: 0n, max: 1n << 62n })
    .map(
      (time) =>
        `r1 = ${time} ll\n*(u64 *)(r6 + ${SkbField.Tstamp}) = r1\nr0 = *(u64 *)(r6 + ${SkbField.Tstamp})`,
    ),
  fc.tuple(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 255 })).map(
    ([offset, byte]) => `
      r1 = *(u32 *)(r6 + ${SkbField.Data})
      r2 = *(u32 *)(r6 + ${SkbField.DataEnd})
      r3 = r1
      r3 += ${offset + 1}
      r0 = -1
      if r3 > r2 goto +3
      r0 = *(u8 *)(r1 + ${offset})
      r3 = ${byte}
      *(u8 *)(r1 + ${offset}) = r3`,
  ),
);

const packet: fc.Arbitrary<TrialPacket> = fc.record(
  {
    packet: fc.constantFrom(...Object.values(samples)),
    options: fc.record({
      skb: fc.constantFrom(
        {},
        {},
        { mark: 7, priority: 9, tstamp: 5n, cb: [1, 2, 3, 4, 5] },
        { gsoSize: 40, gsoSegs: 2 },
      ),
    }),
  },
  { requiredKeys: ["packet", "options"] },
);

function bodyOf(steps: readonly string[]): string {
  const start = [1, 2, 3, 4].map(
    (n) => `r1 = 0x${"a1b2c3d4e5f60718".slice(n)} ll\n*(u64 *)(r10 - ${n * 8}) = r1`,
  );
  const parts = steps.map((each, index) => {
    const at = 16 + index * SLOT;
    return `${each.replace("$", String(at + 8))}\n*(u64 *)(r9 + ${at}) = r0`;
  });
  return [...start, ...parts].join("\n");
}

describeWith(["bpf"], "helpers on sk_buffs, one after the other", () => {
  const kernels = useKernels();

  test(`${RUNS} random sequences`, async () => {
    const seed = seedOf("sequences of helpers");
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 16 }).map(comparable),
        fc.array(packet, { minLength: 1, maxLength: 3 }),
        async (steps, packets) => {
          const object = assembledObject(helperObject(bodyOf(steps), { type: ProgramType.SchedCls }));
          const result = await expectAgreement(kernels(), { object, packets });
          compared += result.compared;
        },
      ),
      { numRuns: RUNS, seed },
    );
    expect(compared).toBeGreaterThanOrEqual(RUNS);
  });
});
