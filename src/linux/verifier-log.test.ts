import { expect, test } from "vitest";
import { blamedSlot, refusalReason } from "./verifier-log.js";

/** Logs as Linux 6.18 writes them. */
const packet = `0: R1=ctx() R10=fp0
; __u8 *data = (void *)(long)ctx->data; @ refused.bpf.c:8
0: (61) r1 = *(u32 *)(r1 +0)          ; R1=pkt(r=0)
; return data[1]; @ refused.bpf.c:10
1: (71) r0 = *(u8 *)(r1 +1)
invalid access to packet, off=1 size=1, R1(id=0,off=1,r=0)
R1 offset is outside of the packet
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
`;
const branch = `from 12 to 14: R0=0 R10=fp0
14: (95) exit
At program exit the register R0 has smin=0 smax=9 should have been in [0, 3]
verification time 59 usec
stack depth 8
processed 15 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0
`;
const rows: [name: string, log: string, reason: string | undefined, slot: number | undefined][] = [
  [
    "two lines of reason",
    packet,
    "invalid access to packet, off=1 size=1, R1(id=0,off=1,r=0); R1 offset is outside of the packet",
    1,
  ],
  [
    "statistics of level 4",
    branch,
    "At program exit the register R0 has smin=0 smax=9 should have been in [0, 3]",
    14,
  ],
  [
    "no instruction",
    "unreachable insn 3\nprocessed 0 insns (limit 1000000)\n",
    "unreachable insn 3",
    undefined,
  ],
  ["nothing", "", undefined, undefined],
  ["statistics alone", "processed 0 insns (limit 1000000) max_states_per_insn 0\n", undefined, undefined],
];

test.each(rows)("%s", (_name, log, reason, slot) => {
  expect(refusalReason(log)).toBe(reason);
  expect(blamedSlot(log)).toBe(slot);
});
