import { expect, test } from "vitest";
import type { TrialPacket } from "../../../src/testing/index.js";
import { MapType, ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { expectSame, useKernels } from "../kernels.js";

/** Frames of several lengths whose bytes tell where they are. */
const packets: readonly TrialPacket[] = [14, 15, 16, 18, 34, 60, 200, 1500].map((length) => ({
  packet: Uint8Array.from({ length }, (_, index) => (index * 37 + 0x81) & 0xff),
}));

const TYPES = [
  ["TC", ProgramType.SchedCls],
  ["socket filter", ProgramType.SocketFilter],
] as const;

/** Offsets that are in some of the frames, at their ends, and in none. */
const OFFSETS = [0, 1, 12, 13, 14, 15, 16, 30, 33, 46, 57, 59, 60, 198, 199, 1496, 1499, 1500, 0x7fffffff];
/** SKF_LL_OFF and SKF_NET_OFF count from the link and network headers; SKF_AD_OFF is for classic BPF alone. */
const NEGATIVE = [
  -1,
  -4,
  -14,
  -0x200000,
  -0x200000 + 12,
  -0x200000 + 13,
  -0x100001,
  -0x100000,
  -0x100000 + 2,
  -0x100000 + 45,
  -0x1000,
  -0x200001,
  -0x80000000,
];

const seen = { name: "seen", type: MapType.Array, valueSize: 16 };

/** r0 after the load goes into a map; where the load ends the program, the map shows that too. */
function around(load: string): string {
  return `
    r6 = r1
    r7 = seen[0]+0 ll
    r1 = *(u64 *)(r7 + 8)
    r1 += 1
    *(u64 *)(r7 + 8) = r1
    ${load}
    *(u64 *)(r7 + 0) = r0
    r0 = 1
    exit`;
}

describeWith(["bpf"], "legacy packet loads on both kernels", () => {
  const kernels = useKernels();
  for (const [name, type] of TYPES) {
    const agree = async (code: string) => {
      const object = { programs: [{ name: "legacy", type, code }], maps: [seen] };
      expect(await expectSame(kernels(), object, { packets })).toBe(packets.length);
    };

    test.each([8, 16, 32])(`${name}: LD_ABS of %i bits`, async (bits) => {
      for (const offset of [...OFFSETS, ...NEGATIVE]) {
        await agree(around(`r0 = *(u${bits} *)skb[${offset}]`));
      }
    });

    test.each([8, 16, 32])(`${name}: LD_IND of %i bits`, async (bits) => {
      for (const index of [0, 1, 14, 58, 1499, -1, -14, -0x200000, -0x100000, 0x7fffffff]) {
        for (const imm of [0, 1, 13, -1, -0x100000]) {
          await agree(around(`r8 = ${index}\nr0 = *(u${bits} *)skb[r8 + ${imm}]`.replace("+ -", "- ")));
        }
      }
    });

    test(`${name}: LD_IND takes the index register's low half`, async () => {
      await agree(around("r8 = 0x500000003 ll\nr0 = *(u8 *)skb[r8]"));
    });

    test(`${name}: a load outside the packet ends a function alone`, async () => {
      await agree(
        `${around("r1 = r6\ncall inner\nr0 += 5")}
         inner: r6 = r1
         r0 = *(u16 *)skb[40]
         r0 += 3
         exit`,
      );
    });
  }
});
