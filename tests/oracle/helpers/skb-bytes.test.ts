import { test } from "vitest";
import { ProgramType } from "../../../src/uapi/index.js";
import { SkbField } from "../../../src/vm/index.js";
import { describeWith } from "../../needs.js";
import { type Case, useAgreement } from "./agree.js";
import { call, inBatches, packets } from "./programs.js";
import { allSamples, samples } from "./samples.js";

const { udp4, tcp6, large } = samples;
const OFFSETS = [
  ...[0, 1, 13, 14, udp4.length - 16, udp4.length - 1, udp4.length, udp4.length + 1, tcp6.length - 8],
  ...[large.length - 1, 0xfff1, 0xffff, 0x10000, 0x7ffffff8, 0x7fffffff, -0x80000000, -1],
];
const LENGTHS = [1, 8, 16];
const WIDE = 1n << 32n;
/** 16 bytes at r10 - 16. */
const fill = "r1 = -2\n*(u64 *)(r10 - 16) = r1\n*(u64 *)(r10 - 8) = r1";
const shown = ["r0 = *(u64 *)(r10 - 16)", "r0 = *(u64 *)(r10 - 8)"];

describeWith(["bpf"], "an sk_buff's bytes and time", () => {
  const agree = useAgreement();
  const trial = { packets: packets(udp4, tcp6, large) };
  const cases = (calls: readonly string[], type: ProgramType, each = trial): Case[] =>
    inBatches(calls, { type }).map((object, at): Case => [`program ${at}`, object, each]);

  const TYPES: readonly [string, ProgramType][] = [
    ["SCHED_CLS", ProgramType.SchedCls],
    ["SCHED_ACT", ProgramType.SchedAct],
    ["SOCKET_FILTER", ProgramType.SocketFilter],
    ["CGROUP_SKB", ProgramType.CgroupSkb],
  ];

  test.each(TYPES)("bpf_skb_load_bytes and bpf_skb_load_bytes_relative: %s", async (_name, type) => {
    const calls = OFFSETS.flatMap((offset) =>
      LENGTHS.flatMap((length) => {
        const buffer = ["r10 - 16", length] as const;
        const relative = [0, 1, 2, -1].map((start) =>
          call("skb_load_bytes_relative", "r6", offset, ...buffer, start),
        );
        const plain = call("skb_load_bytes", "r6", offset, ...buffer);
        return [plain, ...relative].flatMap((each) => [`${fill}\n${each}`, ...shown]);
      }),
    );
    // A cgroup's programs see an Internet packet from its network header on.
    await agree(cases(calls, type));
  });

  test.each(TYPES.slice(0, 2))("bpf_skb_store_bytes: %s", async (_name, type) => {
    const calls = OFFSETS.flatMap((offset) =>
      LENGTHS.flatMap((length) =>
        [0, 1, 2, 3, 4, -1, WIDE].map(
          (flags) => `${fill}\n${call("skb_store_bytes", "r6", offset, "r10 - 16", length, flags)}`,
        ),
      ),
    );
    await agree(cases(calls, type));
  });

  test("bpf_skb_set_tstamp, and the fields that it sets", async () => {
    const fields = [`r0 = *(u64 *)(r6 + ${SkbField.Tstamp})`, `r0 = *(u8 *)(r6 + ${SkbField.TstampType})`];
    const calls = [0n, 1n, 1_700_000_000_000_000_000n, -1n].flatMap((time) =>
      [0, 1, 2, 3, 4, -1, WIDE, WIDE + 1n].flatMap((clock) => [
        call("skb_set_tstamp", "r6", time, clock),
        ...fields,
      ]),
    );
    await agree(cases(calls, ProgramType.SchedCls, { packets: packets(...allSamples) }));
  });

  test("bpf_skb_ecn_set_ce", async () => {
    const marked = [udp4, tcp6, samples.vlan4, samples.qinq6].flatMap((packet) =>
      [0, 1, 2, 3].map((ecn) => {
        const copy = packet.slice();
        // The type of service behind an Ethernet header and what tags there are.
        const at = 14 + (packet === samples.vlan4 ? 4 : packet === samples.qinq6 ? 8 : 0);
        if (copy[at] >> 4 === 4) copy[at + 1] = (copy[at + 1] & 0xfc) | ecn;
        else copy[at + 1] = (copy[at + 1] & 0xcf) | (ecn << 4);
        return copy;
      }),
    );
    const calls = [call("skb_ecn_set_ce", "r6"), call("skb_ecn_set_ce", "r6")];
    await agree(cases(calls, ProgramType.SchedCls, { packets: packets(...marked, ...allSamples) }));
  });
});
