import { describe, expect, test } from "vitest";
import type { LoadedObject } from "../../src/kernel.js";
import { buildPacket, dissect, EtherType, ethernet, ipv4, udp, vlan } from "../../src/packet/index.js";
import { expectAgreement } from "../../src/testing/index.js";
import { describeWith } from "../../tests/needs.js";
import { useKernels } from "../../tests/oracle/kernels.js";
import { onEachKernel, readObject, readPackets } from "../example.js";

interface Traffic {
  packets: bigint;
  bytes: bigint;
}

function trafficOf(object: LoadedObject): Map<number, Traffic> {
  return new Map([...object.map("traffic")] as unknown as [number, Traffic][]);
}

onEachKernel("counter", (kernel) => {
  test("counts the capture by EtherType", async () => {
    using object = await kernel().load(readObject("counter"));
    const expected = new Map<number, Traffic>();
    for (const packet of readPackets("counter")) {
      expect(object.program("count").run(packet).action).toBe("XDP_PASS");
      const [{ header }] = dissect(packet).layers;
      const { etherType } = header as { etherType: number };
      const counted = expected.get(etherType) ?? { packets: 0n, bytes: 0n };
      counted.packets++;
      counted.bytes += BigInt(packet.length);
      expected.set(etherType, counted);
    }
    expect([...expected.keys()].sort()).toEqual([EtherType.Ipv4, EtherType.Arp, EtherType.Ipv6].sort());
    expect(trafficOf(object)).toEqual(expected);
  });

  test("looks behind VLAN tags, and refuses what ends within one", async () => {
    using object = await kernel().load(readObject("counter"));
    const packet = buildPacket(ethernet(), vlan({ id: 5 }), vlan({ id: 6 }), ipv4(), udp(), "x");
    expect(object.program("count").run(packet).action).toBe("XDP_PASS");
    expect(object.program("count").run(packet.subarray(0, 16)).action).toBe("XDP_DROP");
    const bytes = BigInt(packet.length);
    expect(trafficOf(object)).toEqual(new Map([[EtherType.Ipv4, { packets: 1n, bytes }]]));
  });
});

describeWith(["bpf"], "counter, both kernels", () => {
  const kernels = useKernels();

  test("agree about every packet of the capture", async () => {
    const packets = readPackets("counter").map((packet) => ({ packet }));
    const { compared } = await expectAgreement(kernels(), { object: readObject("counter"), packets });
    expect(compared).toBe(packets.length);
  });
});

describe("counter.pcap", () => {
  test("has both directions of IPv4 and IPv6, and addresses asked for", () => {
    const names = new Set(
      readPackets("counter").flatMap((packet) => dissect(packet).layers.map(({ name }) => name)),
    );
    for (const name of ["arp", "ipv4", "ipv6", "icmp", "icmpv6", "tcp", "udp"] as const)
      expect(names).toContain(name);
  });
});
