import { describe, expect, test } from "vitest";
import { CaptureClock } from "../../src/cli/run/capture-clock.js";
import { hookOf, INVALID, verdictColour } from "../../src/cli/run/hook.js";
import { Outcome } from "../../src/cli/run/outcome.js";
import { outcomeDetails, verdictText } from "../../src/cli/run/outcome-text.js";
import { PacketGroups } from "../../src/cli/run/packet-group.js";
import { Progress } from "../../src/cli/run/progress.js";
import { seededRandom } from "../../src/cli/run/seeded-random.js";
import { TraceLog } from "../../src/cli/run/trace-log.js";
import { tagBeside, withTag } from "../../src/cli/run/vlan-tag.js";
import type { ProgramSpec } from "../../src/object/index.js";
import { sectionKind } from "../../src/object/index.js";
import { ProgramType } from "../../src/uapi/index.js";
import { SKB_CONTEXT_SIZE, SkbField } from "../../src/vm/index.js";
import { MemoryOutput } from "./memory-io.js";

/** A program as its section says it. */
function program(section: string): ProgramSpec {
  const kind = sectionKind(section);
  return {
    name: "program",
    section,
    type: kind?.type ?? ProgramType.Unspec,
    attachType: kind?.attachType,
  } as ProgramSpec;
}

const hook = (section: string, isEgress?: boolean) => hookOf(program(section), isEgress)!;

function outcome(facts: Partial<Outcome>): Outcome {
  return Object.assign(new Outcome(), facts);
}

describe("what a verdict means", () => {
  test.each([
    ["xdp", 0, "XDP_ABORTED", "gone", "red"],
    ["xdp", 1, "XDP_DROP", "gone", "red"],
    ["xdp", 2, "XDP_PASS", "up", "green"],
    ["xdp", 3, "XDP_TX", "out", "yellow"],
    ["xdp", 4, "XDP_REDIRECT", "out", "cyan"],
    ["xdp", 5, "invalid", "gone", "red"],
    ["tc", 0xffffffff, "TC_ACT_UNSPEC", "up", "green"],
    ["tc", 0, "TC_ACT_OK", "up", "green"],
    ["tc", 2, "TC_ACT_SHOT", "gone", "red"],
    ["tc", 4, "TC_ACT_STOLEN", "gone", "red"],
    ["tc", 5, "TC_ACT_QUEUED", "up", "green"],
    ["tc", 7, "TC_ACT_REDIRECT", "out", "cyan"],
    ["tc", 9, "invalid", "up", "green"],
    ["tcx/ingress", 4, "TC_ACT_STOLEN", "up", "green"],
    ["tcx/egress", 0, "TC_ACT_OK", "out", "green"],
    ["socket", 0, "DROP", "gone", "red"],
    ["socket", 60, "ACCEPT", "up", "green"],
    ["cgroup_skb/egress", 3, "ACCEPT", "out", "green"],
    ["cgroup_skb/egress", 2, "DROP", "gone", "red"],
  ])("%s returns %d: %s", (section, retval, name, fate, colour) => {
    const own = hook(section);
    const verdict = own.verdictOf(retval);
    expect([own.nameOf(verdict), own.fateOf(verdict), verdictColour(own, verdict)]).toEqual([
      name,
      fate,
      colour,
    ]);
  });

  test("other programs have no hook, and egress is where the section or the caller says", () => {
    expect(hookOf(program("kprobe/do_exit"))).toBeUndefined();
    expect(hook("tc/egress").isEgress).toBe(true);
    expect(hook("tc").isEgress).toBe(false);
    expect(hook("tc", true).isEgress).toBe(true);
    expect(hook("xdp").isEgress).toBeUndefined();
    expect(hook("xdp").verdictOf(17)).toBe(INVALID);
  });
});

describe("groups of packets", () => {
  const details = (section: string, facts: Partial<Outcome>) => {
    const own = hook(section);
    const group = new PacketGroups(own).groupOf(outcome(facts));
    return [verdictText(own, group), ...outcomeDetails(own, group)];
  };
  const trap = { kind: "memory access", message: "8 bytes at 0x0", program: "program", slot: 7 };

  test.each<[string, Partial<Outcome>, string[]]>([
    ["xdp", { retval: 2 }, ["XDP_PASS"]],
    ["xdp", { retval: 2, isChanged: true }, ["XDP_PASS", "changed"]],
    ["xdp", { retval: 2, isChanged: true, growth: -1 }, ["XDP_PASS", "1 byte shorter"]],
    [
      "xdp",
      { retval: 0, trap: { ...trap, source: "a.c:3" } },
      ["XDP_ABORTED", "trap at a.c:3: memory access: 8 bytes at 0x0"],
    ],
    [
      "xdp",
      { retval: 0, trap: { ...trap, source: undefined } },
      ["XDP_ABORTED", "trap at program, instruction 7: memory access: 8 bytes at 0x0"],
    ],
    ["xdp", { retval: 4 }, ["XDP_REDIRECT", "to nowhere: no redirect helper was called"]],
    [
      "tc",
      { retval: 7, redirect: { kind: "device", ifindex: 3, flags: 1 } },
      ["TC_ACT_REDIRECT", "to ifindex 3, ingress"],
    ],
    [
      "tc",
      { retval: 7, redirect: { kind: "peer", ifindex: 3 } },
      ["TC_ACT_REDIRECT", "to the peer of ifindex 3"],
    ],
    [
      "tc",
      { retval: 7, redirect: { kind: "neighbour", ifindex: 3, nexthop: undefined } },
      ["TC_ACT_REDIRECT", "to a neighbour on ifindex 3"],
    ],
    ["tc", { retval: 0, answers: [1, 0, 0x10001] }, ["TC_ACT_OK", "mark 0x1", "tc_classid 0x10001"]],
    ["xdp", { refusal: "EINVAL: too short" }, ["not run", "EINVAL: too short"]],
  ])("%s %o", (section, facts, expected) => {
    expect(details(section, facts)).toEqual(expected);
  });

  test("a program that gives every packet another mark, verdict or target does not fill the memory", () => {
    const groups = new PacketGroups(hook("tc"));
    for (let i = 0; i < 10_000; i++) {
      const each = outcome({ retval: i, answers: [i, 0, 0], redirect: { kind: "peer", ifindex: i } });
      groups.groupOf(each).add(i + 1, 60);
    }
    const sorted = groups.sorted();
    expect(sorted.length).toBeLessThan(64);
    expect(sorted.reduce((sum, group) => sum + group.packets, 0)).toBe(10_000);
    const rest = sorted.filter((group) => group.isRest);
    expect(rest.length).toBeGreaterThan(0);
    expect(outcomeDetails(hook("tc"), rest[0])).toEqual(["other changes and targets"]);
  });
});

test("the capture's clock follows the packets, and never goes back", () => {
  const clock = new CaptureClock();
  const start = clock.monotonicNs();
  expect(start).toBe(3_600_000_000_000n);
  clock.moveTo(1_700_000_000, 999_999_999);
  expect(clock.monotonicNs()).toBe(start);
  clock.moveTo(1_700_000_001, 0);
  expect(clock.monotonicNs()).toBe(start + 1n);
  clock.moveTo(1_600_000_000, 0);
  expect(clock.monotonicNs()).toBe(start + 1n);
  clock.moveTo(1_700_000_003, 5);
  expect(clock.monotonicNs()).toBe(start + 2_000_000_006n);
  expect(clock.realtimeNs()).toBe(1_700_000_003_000_000_005n);
});

test("seeds give numbers of their own, spread over 32 bits", () => {
  const draw = (seed: number, count: number) => {
    const next = seededRandom(seed);
    return Array.from({ length: count }, () => next());
  };
  expect(draw(1, 4)).toEqual(draw(1, 4));
  expect(new Set([0, 1, 2, 3, 0xfffffffe].map((seed) => draw(seed, 2).join())).size).toBe(5);
  const many = draw(7, 20_000);
  expect(new Set(many).size).toBeGreaterThan(19_990);
  expect(many.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32)).toBe(true);
  const ones = Array.from(
    { length: 32 },
    (_, bit) => many.filter((value) => ((value >>> bit) & 1) === 1).length,
  );
  for (const count of ones) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test("what programs print cannot move the cursor, and may be UTF-8", () => {
  const log = new TraceLog();
  log.packet = 3;
  log.add("\x1b[2Jgone\r\tstays\n");
  log.add(Buffer.from("größer").toString("latin1"));
  for (let i = 0; i < 20; i++) log.add("more");
  expect(log.first.slice(0, 2)).toEqual([
    { packet: 3, text: "\\x1b[2Jgone\\x0d\tstays" },
    { packet: 3, text: "größer" },
  ]);
  expect([log.first.length, log.count]).toEqual([10, 22]);
});

test("a VLAN tag beside the packet stands in it on the wire", () => {
  const context = new DataView(new ArrayBuffer(SKB_CONTEXT_SIZE));
  expect(tagBeside(context)).toBeUndefined();
  context.setUint32(SkbField.VlanPresent, 1, true);
  context.setUint32(SkbField.VlanTci, 0x2064, true);
  context.setUint16(SkbField.VlanProto, 0x8100, false);
  const tag = tagBeside(context);
  expect(tag).toEqual({ protocol: 0x8100, tci: 0x2064 });
  const tagged = withTag(
    Uint8Array.from({ length: 16 }, (_, i) => i),
    tag!,
  );
  expect([...tagged]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x81, 0, 0x20, 0x64, 12, 13, 14, 15]);
});

describe("progress", () => {
  /** Stands for time that passes: no test waits. */
  const at = (
    output: MemoryOutput,
    size: number | undefined,
    milliseconds: number,
    bytes: number,
    packets: number,
  ) => {
    const real = performance.now;
    let now = 0;
    performance.now = () => now;
    try {
      const progress = new Progress(output, size);
      now = milliseconds;
      progress.update(bytes, packets);
      const shown = output.text;
      progress.clear();
      return [shown, output.text.slice(shown.length)];
    } finally {
      performance.now = real;
    }
  };

  test("a bar on a terminal, cleared at the end", () => {
    const [shown, cleared] = at(new MemoryOutput(true), 1000, 2000, 500, 3000);
    expect(shown).toBe("\r[############------------] 50%  3,000 packets, 1,500 packets/s, 2 s left\x1b[K");
    expect(cleared).toBe("\r\x1b[K");
  });

  test("without a size there is no bar, and a long rest is in minutes", () => {
    expect(at(new MemoryOutput(true), undefined, 1000, 500, 10)[0]).toBe("\r10 packets, 10 packets/s\x1b[K");
    expect(at(new MemoryOutput(true, 200), 1_000_000, 10_000, 20_000, 10)[0]).toContain(", 8:10 min left");
  });

  test("nothing for a short run, nor where there is no terminal; never more than a line", () => {
    expect(at(new MemoryOutput(true), 1000, 100, 500, 10)).toEqual(["", ""]);
    expect(at(new MemoryOutput(false), 1000, 5000, 500, 10)).toEqual(["", ""]);
    const [shown] = at(new MemoryOutput(true, 30), 1000, 2000, 500, 3000);
    expect(shown.replace("\r", "").replace("\x1b[K", "")).toHaveLength(29);
  });
});
