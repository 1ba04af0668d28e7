import fc from "fast-check";
import { expect, test } from "vitest";
import type { Kernel } from "../../../src/kernel.js";
import { assembledObject } from "../../../src/testing/index.js";
import { ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { useKernels } from "../kernels.js";
import { useAgreement } from "./agree.js";
import { call, helperObject, packets } from "./programs.js";
import { samples } from "./samples.js";

const seed = seedOf("flow hash");
const RUNS = 1500;

interface Part {
  /** EtherType of a part that stands behind an Ethernet header, protocol of one behind an IP header. */
  readonly type: number;
  readonly bytes: readonly number[];
}

const u16 = (value: number) => [value >> 8, value & 0xff];
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)];
/** Few values for each field, so that many packets are of one flow, or of one in the other direction. */
const few = fc.constantFrom(1, 2);
const other = fc.constantFrom(0, 0, 0, 1, 7);

const { part } = fc.letrec<{ part: Part; upper: Part; ip4: Part; ip6: Part }>((tie) => {
  const ports = fc
    .tuple(fc.constantFrom(6, 6, 17, 33, 50, 51, 132, 136, 1, 58, 59, 97, 115), few, few)
    .map(([type, a, b]): Part => ({ type, bytes: [...u16(a), ...u16(b), ...u16(a), ...u16(b), 0, 0, 0, 0] }));
  const gre = fc
    .tuple(
      fc.constantFrom(0, 0x2000, 0xa000, 0x3000, 0x4000, 0x0001, 0x2001, 0x3081, 0x0002),
      few,
      tie("part"),
    )
    .map(([flags, key, { type, bytes }]): Part => {
      const isPptp = (flags & 7) === 1;
      const isBridged = (flags & 7) === 0 && key === 2 && type !== 0x0800;
      const words = [0x8000, 0x2000, 0x1000, 0x80].filter((flag) => (flags & flag) !== 0);
      const options = words.flatMap((flag) => u32(flag === 0x2000 ? key * 0x10001 : 0));
      const ppp = isPptp ? [0xff, 3, 0, type === 0x0800 ? 0x21 : 0x57] : [];
      const mac = isBridged ? [...new Array(12).fill(2), ...u16(type)] : [];
      const protocol = isPptp ? 0x880b : isBridged ? 0x6558 : type;
      return { type: 47, bytes: [...u16(flags), ...u16(protocol), ...options, ...ppp, ...mac, ...bytes] };
    });
  const extension = fc
    .tuple(fc.constantFrom(0, 43, 44, 60), other, tie("upper"))
    .map(([type, fragment, { type: next, bytes }]): Part => {
      return { type, bytes: [next, 0, ...u16(type === 44 ? fragment * 8 + 1 : 0), 0, 0, 0, 0, ...bytes] };
    });
  const oneWay = fc
    .tuple(fc.constantFrom(0x45, 0x45, 0x46, 0x44), few, few, other, few, tie("upper"))
    .map(([first, a, b, offset, tos, { type, bytes }]): Part => {
      const fragment = u16(offset === 7 ? 0x4000 : offset * 0x1001);
      const header = [first, tos, ...u16(20 + bytes.length), 0, tos, ...fragment, 64, type, 0, 0];
      const options = first === 0x46 ? [1, 1, 1, 1] : [];
      return { type: 0x0800, bytes: [...header, ...u32(a), ...u32(b << 16), ...options, ...bytes] };
    });
  const ip4Of = fc.tuple(oneWay, fc.boolean()).map(([each, isSwapped]): Part => {
    if (!isSwapped) return each;
    const { type, bytes } = each;
    return {
      type,
      bytes: [...bytes.slice(0, 12), ...bytes.slice(16, 20), ...bytes.slice(12, 16), ...bytes.slice(20)],
    };
  });
  const ip6 = fc
    .tuple(few, few, other, few, tie("upper"))
    .map(([a, b, label, trafficClass, { type, bytes }]): Part => {
      const header = [...u32(0x60000000 + trafficClass * 0x100000 + label), ...u16(bytes.length), type, 64];
      const address = (last: number) => [0x20, 1, ...new Array(13).fill(0), last];
      return { type: 0x86dd, bytes: [...header, ...address(a), ...address(b), ...bytes] };
    });
  const tag = fc
    .tuple(fc.constantFrom(0x8100, 0x88a8), fc.constantFrom(5, 0x1005, 0x2005, 6), tie("part"))
    .map(
      ([type, tci, { type: next, bytes }]): Part => ({ type, bytes: [...u16(tci), ...u16(next), ...bytes] }),
    );
  const pppoe = fc
    .tuple(
      fc.constantFrom(0x1100, 0x1101),
      fc.constantFrom(0x21, 0x57, 0x281, 0xc021, 0x100),
      few,
      tie("ip4"),
    )
    .map(([first, type, session, { bytes }]): Part => {
      return { type: 0x8864, bytes: [...u16(first), ...u16(session), 0, 0, ...u16(type), ...bytes] };
    });
  const squeezed = tie("ip4").map(
    ({ bytes }): Part => ({ type: 0x8864, bytes: [0x11, 0, 0, 1, 0, 0, 0x21, ...bytes] }),
  );
  const hsr = fc
    .tuple(fc.constantFrom(0x892f, 0x88fb), tie("part"))
    .map(([type, { type: next, bytes }]): Part => ({ type, bytes: [0, 0, 0, 0, ...u16(next), ...bytes] }));
  const batman = fc
    .tuple(fc.constantFrom(15, 15, 14), tie("part"))
    .map(([version, { type, bytes }]): Part => {
      return { type: 0x4305, bytes: [0x40, version, ...new Array(20).fill(3), ...u16(type), ...bytes] };
    });
  const unknown = fc
    .tuple(fc.constantFrom(0x8847, 0x0806, 0x88b5), few)
    .map(([type, value]): Part => ({ type, bytes: new Array(40).fill(value) }));
  return {
    ip4: ip4Of,
    ip6,
    part: fc.oneof(
      { depthSize: "small", maxDepth: 6 },
      { arbitrary: tie("ip4"), weight: 6 },
      { arbitrary: tie("ip6"), weight: 5 },
      { arbitrary: tag, weight: 2 },
      pppoe,
      squeezed,
      hsr,
      batman,
      unknown,
    ),
    upper: fc.oneof(
      { depthSize: "small", maxDepth: 6 },
      { arbitrary: ports, weight: 8 },
      { arbitrary: extension, weight: 3 },
      { arbitrary: gre, weight: 2 },
      tie("ip4").map(({ bytes }) => ({ type: 4, bytes })),
      tie("ip6").map(({ bytes }) => ({ type: 41, bytes })),
    ),
  };
});

const frames = fc.tuple(part, fc.nat({ max: 200 }), fc.boolean()).map(([{ type, bytes }, cut, isCut]) => {
  const frame = Uint8Array.from([...new Array(12).fill(2), ...u16(type), ...bytes]);
  // Linux does not run a program on an IP packet that is shorter than its header.
  return isCut ? frame.slice(0, Math.max(54, cut)) : frame;
});

/** For each packet, the index of the first one with the same hash. */
function classes(hashes: readonly bigint[]): number[] {
  const first = new Map<bigint, number>();
  return hashes.map((hash, index) => {
    if (!first.has(hash)) first.set(hash, index);
    return first.get(hash) ?? -1;
  });
}

async function hashesOf(kernel: Kernel, body: string, list: readonly Uint8Array[]): Promise<bigint[]> {
  const object = await kernel.load(assembledObject(helperObject(body, { type: ProgramType.SchedCls })));
  try {
    const results = object.map("results").raw;
    return list.map((packet) => {
      object.program("tried").run(packet);
      const value = results.lookupElem(new Uint8Array(4)) ?? new Uint8Array(8);
      return new DataView(value.buffer, value.byteOffset).getBigUint64(0, true);
    });
  } finally {
    object.close();
  }
}

describeWith(["bpf"], "bpf_get_hash_recalc", () => {
  const kernels = useKernels();
  const agree = useAgreement();

  test.each([
    ["a packet", ""],
    ["a packet with a tag beside it", call("skb_vlan_push", "r6", 0xa888, 7)],
    ["a packet with two tags", [1, 2].map((n) => call("skb_vlan_push", "r6", 0x81, n)).join("\n")],
  ])("tells the same flows apart: %s", async (_name, before) => {
    const list = fc.sample(frames, { numRuns: RUNS, seed }).filter((each) => each.length >= 54);
    const found: number[][] = [];
    for (const kernel of kernels()) {
      const hashes = await hashesOf(kernel, `${before}\n${call("get_hash_recalc", "r6")}`, list);
      expect(hashes).not.toContain(0n);
      found.push(classes(hashes));
    }
    const [user, linux] = found;
    const hex = (index: number) => Buffer.from(list[index]).toString("hex");
    const differing = linux.flatMap((each, index) =>
      each === user[index] ? [] : [`${hex(index)} linux ${hex(each)} user ${hex(user[index])}`],
    );
    expect({ differing: differing.length, first: differing.slice(0, 4) }).toEqual({
      differing: 0,
      first: [],
    });
    // Both kinds of answer are there: of flows with many packets, and of those with one.
    const flows = new Set(linux).size;
    expect(flows).toBeGreaterThan(list.length / 20);
    expect(flows).toBeLessThan((list.length * 19) / 20);
  });

  test("a hash that was set stays until it is made invalid", async () => {
    const hash = call("get_hash_recalc", "r6");
    const isAgain = (value: number) => `${hash}\nr1 = ${value}\nr8 = 1\nif r0 == r1 goto +1\nr8 = 0`;
    const found = (at: number, value: number) => `${isAgain(value)}\n*(u64 *)(r9 + ${at}) = r8`;
    const field = (at: number) => `r1 = *(u32 *)(r6 + 68)\n*(u64 *)(r9 + ${at}) = r1`;
    const body = `
      ${field(8)}
      r0 = 0
      ${call("set_hash", "r6", 77)}
      *(u64 *)(r9 + 16) = r0
      ${found(24, 77)}
      ${field(32)}
      ${call("skb_store_bytes", "r6", 20, "r9 + 8", 2, 0)}
      ${found(40, 77)}
      ${call("skb_store_bytes", "r6", 20, "r9 + 8", 2, 2)}
      ${field(48)}
      ${found(56, 77)}
      ${call("set_hash", "r6", 0)}
      ${found(64, 0)}
      ${call("set_hash_invalid", "r6")}
      *(u64 *)(r9 + 72) = r0
      ${field(80)}
      ${found(88, 0)}
      r0 = 0`;
    const { udp4, tcp6 } = samples;
    await agree([
      ["set_hash", helperObject(body, { type: ProgramType.SchedCls }), { packets: packets(udp4, tcp6) }],
    ]);
  });
});
