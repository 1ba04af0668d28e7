import { expect, test } from "vitest";
import type { TrialPacket } from "../../../src/testing/index.js";
import { MapType, ProgramType } from "../../../src/uapi/index.js";
import { SkbField } from "../../../src/vm/index.js";
import { describeWith } from "../../needs.js";
import { CONTEXT_READS, CONTEXT_WRITES } from "../generate/context-fields.js";
import type { SizeName } from "../generate/step.js";
import { expectSame, useKernels } from "../kernels.js";

const BITS: Readonly<Record<SizeName, number>> = { B: 8, H: 16, W: 32, Dw: 64 };
/** Numbers at which fields that keep fewer bits than they are given go wrong. */
const VALUES = ["0", "1", "5", "255", "0xfffe", "0xffff", "0x10000", "0x7fff0005", "-1", "-70000"];
const WIDE_VALUES = ["0x100000005 ll", "0xffffffff ll", "0x8000000000000000 ll", "0x12345678000100ff ll"];

/**
 * Fields that Linux keeps in fewer bits than they have here. It gives their low part for their high one
 * (kernel/bpf/verifier.c, convert_ctx_accesses, does not shift what the conversion has narrowed
 * already), which the user-space kernel, whose context is plain memory, does not.
 */
const SHORT_FIELDS: readonly number[] = [
  SkbField.PktType,
  SkbField.QueueMapping,
  SkbField.Protocol,
  SkbField.VlanPresent,
  SkbField.VlanTci,
  SkbField.VlanProto,
  SkbField.TcIndex,
  SkbField.TcClassid,
  SkbField.GsoSegs,
];

const seen = { name: "seen", type: MapType.Array, valueSize: 8 };
const keep = "r1 = seen[0]+0 ll\n*(u64 *)(r1 + 0) = r0\nr0 = 0\nexit";

const frame = Uint8Array.from({ length: 64 }, (_, index) => (index === 12 ? 0x12 : index * 3));
const skb = {
  mark: 0xdeadbeef,
  priority: 0x01020304,
  ifindex: 1,
  cb: [1, 0x80000000, 3, 0xffffffff, 5],
  tstamp: 0x1234567890abcdn,
  hwtstamp: 0xfedcba98n,
  wireLen: 1514,
  gsoSegs: 77,
};
const PACKETS: Readonly<Record<"xdp" | "tc", readonly TrialPacket[]>> = {
  xdp: [{ packet: frame, options: { ingressIfindex: 1 } }],
  tc: [{ packet: frame, options: { skb } }, { packet: frame.subarray(0, 20) }],
};
const TYPES = { xdp: ProgramType.Xdp, tc: ProgramType.SchedCls };

describeWith(["bpf"], "fields of the context on both kernels", () => {
  const kernels = useKernels();
  const agree = async (hook: "xdp" | "tc", body: string) => {
    const object = {
      programs: [{ name: "context", type: TYPES[hook], code: `r6 = r1\n${body}\n${keep}` }],
      maps: [seen],
    };
    const packets = PACKETS[hook];
    expect(await expectSame(kernels(), object, { packets })).toBe(packets.length);
  };

  for (const hook of ["xdp", "tc"] as const) {
    test.each(CONTEXT_READS[hook])(`${hook}: reads at byte $offset`, async ({ offset, sizes }) => {
      for (const size of sizes) {
        const bytes = BITS[size] / 8;
        // A part of a field may be read as well.
        const end = sizes.length > 1 && !SHORT_FIELDS.includes(offset) ? 4 : bytes;
        for (let at = 0; at < end; at += bytes) {
          await agree(hook, `r0 = *(u${BITS[size]} *)(r6 + ${offset + at})`);
        }
      }
    });
  }

  test.each(CONTEXT_WRITES.tc)(
    "tc: writes at byte $offset, and what is read then",
    async ({ offset, size }) => {
      const field = `*(u${BITS[size]} *)(r6 + ${offset})`;
      const parts = CONTEXT_READS.tc.filter((each) => each.offset === offset).flatMap(({ sizes }) => sizes);
      for (const part of new Set([size, ...parts])) {
        const read = `r0 = *(u${BITS[part]} *)(r6 + ${offset})`;
        for (const value of VALUES) await agree("tc", `${field} = ${value}\n${read}`);
        for (const value of [...VALUES, ...WIDE_VALUES])
          await agree("tc", `r2 = ${value}\n${field} = r2\n${read}`);
      }
    },
  );
});
