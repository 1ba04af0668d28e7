import type { TrialPacket } from "../../../src/testing/index.js";

/** 64-bit numbers at which arithmetic tends to go wrong. */
export const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  3n,
  7n,
  31n,
  32n,
  33n,
  63n,
  64n,
  65n,
  0x7fn,
  0x80n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x8000_0000_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_fffen,
  0xffff_ffff_ffff_ffffn,
  0x0123_4567_89ab_cdefn,
  0xfedc_ba98_7654_3210n,
];

/** Signed 32-bit immediates of the same kind. */
export const IMMEDIATES: readonly number[] = [
  0, 1, 2, 3, 7, 31, 0x7f, 0x80, 0xffff, 0x1234567, 0x7fffffff, -1, -2, -128, -0x7fffffff, -0x80000000,
];

/** Where the operands are: r1 and r2 are read from here, and r0 where cmpxchg compares with it. */
const FIRST = 16;

/**
 * An XDP program that reads r1, r2 and r0 from the packet, does `body`, and writes the three back;
 * r7 is the packet's first byte, r6 its end, r8 a stack slot of 16 bytes that holds r1 and r2 too.
 */
export function onOperands(body: string): string {
  return `
    r7 = *(u32 *)(r1 + 0)
    r6 = *(u32 *)(r1 + 4)
    r3 = r7
    r3 += 64
    if r3 > r6 goto short
    r1 = *(u64 *)(r7 + ${FIRST})
    r2 = *(u64 *)(r7 + ${FIRST + 8})
    r0 = *(u64 *)(r7 + ${FIRST + 16})
    r8 = r10
    r8 += -16
    *(u64 *)(r8 + 0) = r1
    *(u64 *)(r8 + 8) = r2
    ${body}
    *(u64 *)(r7 + ${FIRST}) = r1
    *(u64 *)(r7 + ${FIRST + 8}) = r2
    *(u64 *)(r7 + ${FIRST + 16}) = r0
    r1 = *(u64 *)(r8 + 0)
    r2 = *(u64 *)(r8 + 8)
    *(u64 *)(r7 + ${FIRST + 24}) = r1
    *(u64 *)(r7 + ${FIRST + 32}) = r2
    r0 = 2
    exit
    short: r0 = 1
    exit`;
}

export function operandsPacket(r1: bigint, r2: bigint, r0 = 0n): TrialPacket {
  const packet = new Uint8Array(64);
  const view = new DataView(packet.buffer);
  [r1, r2, r0].forEach((value, index) => {
    view.setBigUint64(FIRST + index * 8, value, true);
  });
  return { packet };
}

/** Every pair of edges. */
export const PAIRS: readonly TrialPacket[] = EDGES.flatMap((a) => EDGES.map((b) => operandsPacket(a, b, a)));
/** Every edge, alone. */
export const SINGLES: readonly TrialPacket[] = EDGES.map((a) =>
  operandsPacket(a, ~a & 0xffff_ffff_ffff_ffffn),
);
