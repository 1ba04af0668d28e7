import { test } from "vitest";
import { ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { type Case, useAgreement } from "./agree.js";
import { call, helperObject, packets } from "./programs.js";
import { allSamples } from "./samples.js";

const type = ProgramType.SchedCls;
const all = { packets: packets(...allSamples) };

/** A helper with every combination of arguments (behind the context), on every sample. */
function* combinations(
  helper: string,
  ...values: readonly (readonly (number | bigint)[])[]
): Generator<Case> {
  const rows = values.reduce<(number | bigint)[][]>(
    (done, each) => done.flatMap((row) => each.map((value) => [...row, value])),
    [[]],
  );
  for (const row of rows) {
    const body = call(helper, "r6", ...row);
    yield [`${helper}(${row.join(", ")})`, helperObject(body, { type }), all];
  }
}

const be16 = (value: number) => ((value & 0xff) << 8) | (value >> 8);

describeWith(["bpf"], "what changes an sk_buff's shape", () => {
  const agree = useAgreement();

  test("skb_change_tail", async () => {
    const lengths = [
      0, 1, 13, 14, 15, 33, 34, 60, 61, 82, 83, 1000, 3042, 16063, 16064, 16065, 0x7fffffff, -1,
    ];
    await agree(combinations("skb_change_tail", lengths, [0, 1, 1n << 32n]));
  });

  test("skb_change_head", async () => {
    const rooms = [0, 1, 4, 14, 64, 65, 255, 3000, 13000, 15982, 15983, 16064, 0x7fffffff, -1];
    await agree(combinations("skb_change_head", rooms, [0, 1, 1n << 40n]));
  });

  test("skb_change_proto", async () => {
    await agree(combinations("skb_change_proto", [0x0800, 0x86dd, 0x8100, 0].map(be16), [0, 1, 1n << 63n]));
  });

  test("skb_change_type", async () => {
    await agree(combinations("skb_change_type", [0, 1, 2, 3, 4, 5, 6, 7, 8, -1]));
  });

  test("skb_vlan_push", async () => {
    const protocols = [0x8100, 0x88a8, 0x0800, 0].map(be16);
    await agree(combinations("skb_vlan_push", protocols, [0, 5, 0x1005, 0xffff, 0x10005, -1]));
  });

  test("tags pushed and popped again", async () => {
    const push = (protocol: number, tci: number) => call("skb_vlan_push", "r6", be16(protocol), tci);
    const pop = call("skb_vlan_pop", "r6");
    const kept = (...calls: string[]) =>
      calls.map((each, index) => `${each}\n*(u64 *)(r9 + ${8 + index * 8}) = r0`).join("\n");
    const rows: (readonly [string, string])[] = [
      ["pop", pop],
      ["pop pop", kept(pop, pop)],
      ["pop pop pop", kept(pop, pop, pop)],
      ["push push", kept(push(0x8100, 3), push(0x88a8, 4))],
      ["push push push", kept(push(0x8100, 3), push(0x88a8, 4), push(0x8100, 5))],
      ["push push pop", kept(push(0x8100, 3), push(0x88a8, 4), pop)],
      ["push push pop pop", kept(push(0x8100, 3), push(0x88a8, 4), pop, pop)],
      ["push with a TCI of 0", kept(push(0x8100, 0), pop)],
      [
        "push, then other helpers",
        kept(push(0x8100, 3), push(0x8100, 4), call("skb_change_tail", "r6", 60, 0)),
      ],
    ];
    await agree(rows.map(([title, body]) => [title, helperObject(body, { type }), all]));
  });

  test("skb_pull_data", async () => {
    const lengths = [0, 1, 14, 34, 60, 61, 82, 83, 3042, 3043, 0x7fffffff, -0x80000000, -1];
    await agree(combinations("skb_pull_data", lengths));
  });
});
