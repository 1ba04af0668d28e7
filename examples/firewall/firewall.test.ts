import { describe, expect, test } from "vitest";
import { BtfKind, decodeValue } from "../../src/btf/index.js";
import type { LoadedObject } from "../../src/kernel.js";
import { buildPacket, dissect, ethernet, findLayer, ipv4, udp } from "../../src/packet/index.js";
import { expectAgreement } from "../../src/testing/index.js";
import { describeWith } from "../../tests/needs.js";
import { useKernels } from "../../tests/oracle/kernels.js";
import { fill, onEachKernel, readObject, readPackets, trialContents } from "../example.js";
import { rows } from "./packets.js";
import { Rule, ruleCounter } from "./rules.js";

/** Both programs decide alike; TC's packets are those of at least an Ethernet header. */
const hooks = [
  { program: "firewall", verdicts: { BLOCK: "XDP_DROP", ALLOW: "XDP_PASS" } },
  { program: "firewall_tc", verdicts: { BLOCK: "TC_ACT_SHOT", ALLOW: "TC_ACT_OK" } },
] as const;

const DEFAULTS = { policy: "ALLOW", fragments: "ALLOW", limit_pps: 0, limit_burst: 64 };

function setGlobals(object: LoadedObject, globals: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries({ ...DEFAULTS, ...globals })) object.globals.set(name, value);
}

/** The records that are there, without waiting for more. */
async function events(object: LoadedObject, count: number): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const record of object.records("events")) {
    records.push(record);
    if (records.length === count) break;
  }
  return records;
}

/** What maps.json says of a packet of the capture, read off its headers by other means. */
function isBlocked(packet: Uint8Array): boolean {
  const dissection = dissect(packet);
  const source = findLayer(dissection, "ipv4")?.header.source ?? findLayer(dissection, "ipv6")?.header.source;
  if (source === "198.51.100.42") return false;
  if (source === "192.0.2.66" || source?.startsWith("198.51.100.")) return true;
  return (
    source?.startsWith("2001:db8:bad:") === true ||
    findLayer(dissection, "tcp")?.header.destinationPort === 23
  );
}

onEachKernel("firewall", (kernel, clock) => {
  for (const { program, verdicts } of hooks) {
    test(`${program} decides about each kind of packet`, async () => {
      using object = await kernel().load(readObject("firewall"));
      fill(object, "firewall");
      for (const { title, packet, action, rule, globals = {} } of rows) {
        setGlobals(object, globals);
        const before = ruleCounter(object, rule).packets;
        expect(object.program(program).run(packet).action, title).toBe(verdicts[action]);
        expect(ruleCounter(object, rule).packets, `${title}: counted by rule ${rule}`).toBe(before + 1n);
      }
    });

    test(`${program} decides about the capture as maps.json says`, async () => {
      using object = await kernel().load(readObject("firewall"));
      fill(object, "firewall");
      const packets = readPackets("firewall");
      const seen = { BLOCK: 0, ALLOW: 0 };
      for (const [index, packet] of packets.entries()) {
        const action = isBlocked(packet) ? "BLOCK" : "ALLOW";
        seen[action]++;
        expect(object.program(program).run(packet).action, `packet ${index + 1}`).toBe(verdicts[action]);
      }
      expect(seen.BLOCK).toBeGreaterThan(20);
      expect(seen.ALLOW).toBeGreaterThan(100);
      const bytes = packets.reduce((sum, packet) => sum + BigInt(packet.length), 0n);
      const rules = [...object.map("counters").keys()] as number[];
      const counted = rules.reduce((sum, rule) => sum + ruleCounter(object, rule).bytes, 0n);
      expect(counted).toBe(bytes);
    });
  }

  test("says what it has blocked", async () => {
    const spec = readObject("firewall");
    using object = await kernel().load(spec);
    fill(object, "firewall");
    const packet = buildPacket(
      ethernet(),
      ipv4({ source: "192.0.2.66", destination: "192.0.2.1" }),
      udp({ sourcePort: 1025, destinationPort: 53 }),
      "?",
    );
    object.program("firewall").run(packet);
    const [record] = await events(object, 1);
    const type = spec.btf?.find("event", BtfKind.Struct);
    if (spec.btf === undefined || type === undefined) throw new Error("the object has no struct event");
    expect(decodeValue(spec.btf, type, record)).toMatchObject({
      ifindex: 1,
      length: packet.length,
      rule: 16,
      protocol: 17,
      source_port: 1025,
      destination_port: 53,
    });
    // The IPv4 address, mapped.
    expect([...record.subarray(26, 32)]).toEqual([0xff, 0xff, 192, 0, 2, 66]);
    expect(object.globals.get("lost_events")).toBe(0n);
  });

  test("counts the events that a full ring buffer has no room for", async () => {
    using object = await kernel().load(readObject("firewall"));
    fill(object, "firewall");
    const packet = buildPacket(ethernet(), ipv4({ source: "192.0.2.66" }), udp(), "?");
    // A record of 56 bytes takes 64, and one byte of the ring must stay free: kernel/bpf/ringbuf.c.
    const room = (256 * 1024) / 64;
    for (let i = 0; i < room + 10; i++) object.program("firewall").run(packet);
    expect(object.globals.get("lost_events")).toBe(11n);
  });

  test("lets a source send a burst, and then only so much a second", async () => {
    using object = await kernel().load(readObject("firewall"));
    setGlobals(object, { limit_pps: 1, limit_burst: 5 });
    const packet = buildPacket(ethernet(), ipv4({ source: "192.0.2.10" }), udp(), "flood");
    const other = buildPacket(ethernet(), ipv4({ source: "192.0.2.11" }), udp(), "no flood");
    const program = object.program("firewall");
    const passes = (count: number) =>
      Array.from({ length: count }, () => program.run(packet).action).filter(
        (action) => action === "XDP_PASS",
      ).length;
    const start = performance.now();
    const passed = passes(20);
    // On Linux's clock a second may pass meanwhile, and lets another one through.
    const extra = Math.ceil((performance.now() - start) / 1000);
    expect(passed).toBeGreaterThanOrEqual(5);
    expect(passed).toBeLessThanOrEqual(5 + extra);
    expect(ruleCounter(object, Rule.Limit).packets).toBe(BigInt(20 - passed));
    expect(program.run(other).action).toBe("XDP_PASS");
    if (clock === undefined) return;
    expect(passed).toBe(5);
    clock.advance(999_999_999n);
    expect(passes(1)).toBe(0);
    clock.advance(1n);
    expect(passes(2)).toBe(1);
    clock.advance(3_600_000_000_000n);
    expect(passes(20)).toBe(5);
  });
});

describeWith(["bpf"], "firewall, both kernels", () => {
  const kernels = useKernels();

  for (const { program } of hooks) {
    test(`agree about every packet that ${program} sees`, async () => {
      const packets = [...readPackets("firewall"), ...rows.map(({ packet }) => packet)];
      const { compared } = await expectAgreement(kernels(), {
        object: readObject("firewall"),
        program,
        contents: await trialContents("firewall"),
        packets: packets.map((packet) => ({ packet })),
        incomparable: [{ what: "record", map: "events", offset: 0, size: 8 }],
      });
      expect(compared).toBe(packets.length);
    });
  }
});

describe("firewall.pcap", () => {
  test("has every kind of traffic that the README speaks of", () => {
    const found = new Set<string>();
    for (const packet of readPackets("firewall")) {
      const dissection = dissect(packet);
      for (const { name } of dissection.layers) found.add(name);
      const ip = findLayer(dissection, "ipv4")?.header;
      if (ip !== undefined && (ip.moreFragments || ip.fragmentOffset > 0)) found.add("fragment");
    }
    const wanted = [
      "arp",
      "vlan",
      "ipv4",
      "ipv6",
      "ipv6-extensions",
      "icmp",
      "icmpv6",
      "tcp",
      "udp",
      "fragment",
    ];
    for (const name of wanted) expect(found).toContain(name);
  });
});
