import fc from "fast-check";
import { test } from "vitest";
import type { AssembledObject, TrialPacket } from "../../../src/testing/index.js";
import { ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { type Case, useAgreement } from "./agree.js";
import { call, helperObject, inBatches, packets } from "./programs.js";
import { samples } from "./samples.js";

const ROOM = 512;
const seed = seedOf("checksums");

/** Packets of one size: random bytes, and those whose sums are special. */
const contents: TrialPacket[] = packets(
  ...fc.sample(fc.uint8Array({ minLength: ROOM, maxLength: ROOM }), { numRuns: 6, seed }),
  new Uint8Array(ROOM),
  new Uint8Array(ROOM).fill(0xff),
  Uint8Array.from({ length: ROOM }, (_, i) => (i % 2 === 0 ? 0xff : 0)),
);

/** What goes before the calls: r8 = the packet, of which ROOM bytes are there. */
const PROLOGUE = `
  r8 = *(u32 *)(r6 + 0)
  r2 = *(u32 *)(r6 + 4)
  r3 = r8
  r3 += ${ROOM}
  r0 = -1
  if r3 > r2 goto out`;

const SIZES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 20, 40, 41, 63, 64, 127, 128, 255, 256];
const SEEDS = [0, 1, 0xffff, 0x10000, 0x7fffffff, -1, -2, 0x12345678];
const FROM = [0, 1, 2];

type Range = readonly [at: number, size: number];

function diff(from: Range, to: Range, sum: number): string {
  const pointer = ([at, size]: Range) => (size === 0 ? 0 : `r8 + ${at}`);
  return call("csum_diff", pointer(from), from[1], pointer(to), to[1], sum);
}

/** Cases of programs that make the calls, in order. */
const cases = (title: string, objects: readonly AssembledObject[], trial: Case[2]): Case[] =>
  objects.map((object, index) => [`${title}, program ${index}`, object, trial]);

const diffs = (title: string, calls: readonly string[]): Case[] =>
  cases(title, inBatches(calls, {}, PROLOGUE), { packets: contents });

describeWith(["bpf"], "checksum helpers", () => {
  const agree = useAgreement();

  test("csum_diff: every pair of sizes", async () => {
    const calls = SIZES.flatMap((a) =>
      SIZES.map((b) => diff([0, a], [200, b], SEEDS[(a + b) % SEEDS.length])),
    );
    await agree(diffs("sizes", calls));
  });

  test("csum_diff: every seed, at every alignment", async () => {
    const sizes = [0, 4, 7, 20];
    const calls = SEEDS.flatMap((sum) =>
      FROM.flatMap((at) => sizes.flatMap((a) => sizes.map((b) => diff([at, a], [101 + at, b], sum)))),
    );
    await agree(diffs("seeds", calls));
  });

  test("csum_diff: the same bytes, and overlapping ones", async () => {
    const calls = [diff([0, 40], [0, 40], 0), diff([0, 40], [2, 40], -1), diff([0, 256], [0, 256], 5)];
    await agree(diffs("same", calls));
  });

  const type = ProgramType.SchedCls;
  const skbs = { packets: packets(samples.udp4, samples.tcp4, samples.tcp6, samples.large) };
  const fields = [0, 2, 4, 1, 3, 5, 8, 15];
  const offsets = [0, 24, 36, 50, 23, 80, 82, 0xfffe, 0x10000, -1];

  test("l3_csum_replace: every flag and offset", async () => {
    const calls: string[] = [];
    for (const offset of offsets) {
      for (const flags of [...fields, 0x10, 0x20, 0x80, 1n << 32n]) {
        for (const [from, to] of [
          [0, 0x11223344],
          [0x1122, 0x3344],
          [0xffff0000n, 0xffffn],
          [1n << 40n, 7n],
        ]) {
          calls.push(call("l3_csum_replace", "r6", offset, from, to, flags));
        }
      }
    }
    await agree(cases("l3", inBatches(calls, { type }), skbs));
  });

  test("l4_csum_replace: every flag", async () => {
    const calls: string[] = [];
    for (const field of fields.slice(0, 4)) {
      for (const bits of [0, 0x10, 0x20, 0x30, 0x40, 0x60, 0x70, 0x80, 0x90, 0xf0, 0x100, 0x8000]) {
        for (const offset of [40, 50, 56]) {
          for (const [from, to] of [
            [0, 0],
            [0, 0x11223344],
            [0x1122, 0x3344],
            [0xffff0000n, 0xffffn],
          ]) {
            calls.push(call("l4_csum_replace", "r6", offset, from, to, field | bits));
          }
        }
      }
    }
    await agree(cases("l4", inBatches(calls, { type }), skbs));
  });

  test("l4_csum_replace of a field that is, or becomes, zero", async () => {
    const rows = [0, 0xffff, 1, 0xfffe].flatMap((field) =>
      [0, 0x20, 0x40, 0x60].flatMap((bits) =>
        [0, 2, 4].map((size): Case => {
          const body = `
            *(u16 *)(r10 - 8) = ${field}
            ${call("skb_store_bytes", "r6", 40, "r10 - 8", 2, 0)}
            ${call("l4_csum_replace", "r6", 40, 0, field, size | bits)}`;
          return [`field ${field}, flags ${size | bits}`, helperObject(body, { type }), skbs];
        }),
      ),
    );
    await agree(rows);
  });

  test("csum_level and csum_update", async () => {
    const levels = [0, 1, 2, 3, 4, 1n << 32n];
    const calls = levels.flatMap((first) =>
      levels.flatMap((second) => [first, second, first].map((level) => call("csum_level", "r6", level))),
    );
    calls.push(call("csum_update", "r6", 5));
    await agree(cases("levels", inBatches(calls, { type }), skbs));
  });
});
