import fc from "fast-check";
import { test } from "vitest";
import { ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { type Case, useAgreement } from "./agree.js";
import { call, helperObject, packets } from "./programs.js";
import { samples } from "./samples.js";

const type = ProgramType.SchedCls;
const trial = { packets: packets(samples.udp4, samples.tcp6) };
/** struct bpf_tunnel_key on the stack, and room for options. */
const KEY = "r10 - 64";
const KEY_SIZE = 44;
const OPTIONS = "r10 - 376";
const OPTION_ROOM = 304;

/** Fills the stack with bytes that tell where they are; tunnel_ext and tunnel_label are zero. */
const prologue = [
  ...Array.from({ length: 47 }, (_, i) => {
    const low = (i * 0x9e3779b1) & 0x7fffffff;
    return `*(u64 *)(r10 - ${(i + 1) * 8}) = ${low}`;
  }),
  "*(u16 *)(r10 - 42) = 0",
  "*(u32 *)(r10 - 40) = 0",
].join("\n");

const setKey = (size: number, flags: number | bigint, label = 0, extension = 0) => `
  *(u32 *)(r10 - 40) = ${label}
  *(u16 *)(r10 - 42) = ${extension}
  ${call("skb_set_tunnel_key", "r6", KEY, size, flags)}`;
const getKey = (size: number, flags: number | bigint, at: number) =>
  call("skb_get_tunnel_key", "r6", `r9 + ${at}`, size, flags);
const setOptions = (size: number) => call("skb_set_tunnel_opt", "r6", OPTIONS, size);
const getOptions = (size: number, at: number) => call("skb_get_tunnel_opt", "r6", `r9 + ${at}`, size);

/** Steps one after the other, each result at its own place. */
function object(steps: readonly string[]) {
  const kept = steps.map((step, index) => `${step}\n*(u64 *)(r9 + ${720 + index * 8}) = r0`);
  return helperObject([prologue, ...kept].join("\n"), { type });
}

const SIZES = [1, 4, 8, 20, 22, 24, 28, 40, 43, 44, 45, 48];
const SET_FLAGS = [0, 1, 2, 4, 8, 16, 32, 0x2f, 0x1f, 64, 1n << 33n];
const GET_FLAGS = [0, 1, 16, 17, 2, 32, 1n << 33n];

describeWith(["bpf"], "tunnel metadata of an sk_buff", () => {
  const agree = useAgreement();

  test("a packet that has none", async () => {
    const steps = [
      getKey(44, 0, 8),
      getKey(8, 16, 64),
      getOptions(8, 128),
      setOptions(8),
      getOptions(4, 192),
    ];
    await agree([["nothing there", object(steps), trial]]);
  });

  test("a key set and read again", async () => {
    const cases: Case[] = [];
    for (const size of SIZES) {
      for (const flags of SET_FLAGS) {
        cases.push([
          `set ${size} ${flags}`,
          object([setKey(size, flags), getKey(44, 0, 8), getKey(44, 17, 64)]),
          trial,
        ]);
      }
      for (const flags of GET_FLAGS) {
        for (const family of [0, 1]) {
          const steps = [setKey(44, family), getKey(size, flags, 8)];
          cases.push([`get ${size} ${flags} of ${family}`, object(steps), trial]);
        }
      }
    }
    await agree(cases);
  });

  test("labels and extensions", async () => {
    const rows = [0, 1, 0xfffff, 0x100000, -1].flatMap((label) =>
      [0, 1].flatMap((extension) =>
        [0, 1].map((flags): Case => {
          const steps = [setKey(44, flags, label, extension), getKey(44, flags | 16, 8)];
          return [`label ${label}, ext ${extension}, flags ${flags}`, object(steps), trial];
        }),
      ),
    );
    await agree(rows);
  });

  test("options set and read again", async () => {
    const cases: Case[] = [];
    for (const size of [1, 2, 4, 8, 12, 252, 255, 256, 260, OPTION_ROOM]) {
      for (const room of [1, 4, 8, 12, 252, 256, OPTION_ROOM]) {
        const steps = [setKey(44, 0), setOptions(size), getOptions(room, 8), getKey(44, 16, 400)];
        cases.push([`options of ${size} into ${room}`, object(steps), trial]);
      }
    }
    await agree(cases);
  });

  test("random sequences", async () => {
    const seed = seedOf("tunnel metadata");
    const step = fc.oneof(
      fc
        .tuple(fc.constantFrom(...SIZES, KEY_SIZE, KEY_SIZE), fc.constantFrom(...SET_FLAGS))
        .map(([size, flags]) => setKey(size, flags)),
      fc
        .tuple(fc.constantFrom(...SIZES, KEY_SIZE, KEY_SIZE), fc.constantFrom(...GET_FLAGS))
        .map(([size, flags]) => getKey(size, flags, 8)),
      fc.constantFrom(4, 8, 16, 128).map(setOptions),
      fc.constantFrom(4, 8, 16, 128).map((room) => getOptions(room, 100)),
    );
    const sequences = fc.sample(fc.array(step, { minLength: 2, maxLength: 8 }), { numRuns: 150, seed });
    await agree(sequences.map((steps): Case => [steps.join("; "), object(steps), trial]));
  });
});
