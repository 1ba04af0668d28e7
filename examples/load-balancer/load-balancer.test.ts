import { describe, expect, test } from "vitest";
import type { LoadedObject } from "../../src/kernel.js";
import {
  buildPacket,
  dissect,
  ethernet,
  findLayer,
  icmp,
  icmpEcho,
  icmpv6,
  ipv4,
  ipv4Options,
  ipv6,
  type PacketPart,
  TcpFlag,
  tcp,
  udp,
  verifyChecksums,
  vlan,
} from "../../src/packet/index.js";
import { expectAgreement } from "../../src/testing/index.js";
import { describeWith } from "../../tests/needs.js";
import { useKernels } from "../../tests/oracle/kernels.js";
import { fill, onEachKernel, readObject, readPackets, trialContents } from "../example.js";

const CLIENT = "198.51.100.10";
const CLIENT6 = "2001:db8:c::10";
const SERVICE = "192.0.2.100";
const SERVICE6 = "2001:db8::100";
const BALANCER_MAC = "02:00:00:00:00:01";
const CLIENT_MAC = "02:00:00:00:00:10";

const fromClient = ethernet({ source: CLIENT_MAC, destination: BALANCER_MAC });
const toService = (fields = {}) => ipv4({ source: CLIENT, destination: SERVICE, ...fields });
const toService6 = (fields = {}) => ipv6({ source: CLIENT6, destination: SERVICE6, ...fields });
const syn = (sourcePort = 40000) => tcp({ sourcePort, destinationPort: 80, flags: TcpFlag.Syn });
const query = (sourcePort = 40000) => udp({ sourcePort, destinationPort: 53 });

/** Where a packet comes from and goes to: "MAC address.port > MAC address.port", and its hops. */
function route(packet: Uint8Array): string {
  const dissection = dissect(packet);
  const eth = findLayer(dissection, "ethernet")?.header;
  const ip = findLayer(dissection, "ipv4")?.header ?? findLayer(dissection, "ipv6")?.header;
  const transport = findLayer(dissection, "tcp")?.header ?? findLayer(dissection, "udp")?.header;
  if (eth === undefined || ip === undefined) throw new Error("no IP packet");
  const [source, destination] =
    transport === undefined ? ["", ""] : [`.${transport.sourcePort}`, `.${transport.destinationPort}`];
  return `${eth.source} ${ip.source}${source} > ${eth.destination} ${ip.destination}${destination}`;
}

function hops(packet: Uint8Array): number | undefined {
  const dissection = dissect(packet);
  return findLayer(dissection, "ipv4")?.header.ttl ?? findLayer(dissection, "ipv6")?.header.hopLimit;
}

function badChecksums(packet: Uint8Array): string[] {
  return verifyChecksums(packet)
    .filter(({ verdict }) => verdict === "bad")
    .map(({ layer }) => layer);
}

/** Runs a packet that must come out again, with its checksums right and one hop less. */
function forward(object: LoadedObject, packet: Uint8Array): Uint8Array {
  const result = object.program("balance").run(packet);
  expect(result.action).toBe("XDP_TX");
  expect(badChecksums(result.packet)).toEqual([]);
  expect(hops(result.packet)).toBe((hops(packet) ?? 0) - 1);
  return result.packet.slice();
}

/** The other direction of a packet that came out, as the machine answers that it went to. */
function answer(packet: Uint8Array, ...payload: PacketPart[]): Uint8Array {
  const dissection = dissect(packet);
  const mac = findLayer(dissection, "ethernet")?.header.destination ?? "";
  const eth = ethernet({ source: mac, destination: BALANCER_MAC });
  const four = findLayer(dissection, "ipv4")?.header;
  const six = findLayer(dissection, "ipv6")?.header;
  const ip =
    four === undefined
      ? ipv6({ source: six?.destination ?? "", destination: six?.source ?? "" })
      : ipv4({ source: four.destination, destination: four.source });
  const segment = findLayer(dissection, "tcp")?.header;
  const datagram = findLayer(dissection, "udp")?.header;
  const ports = {
    sourcePort: (segment ?? datagram)?.destinationPort ?? 0,
    destinationPort: (segment ?? datagram)?.sourcePort ?? 0,
  };
  if (payload.length > 0) return buildPacket(eth, ip, ...payload);
  const transport = segment === undefined ? udp(ports) : tcp({ ...ports, flags: TcpFlag.Syn | TcpFlag.Ack });
  return buildPacket(eth, ip, transport, "answer");
}

function drops(object: LoadedObject): Record<string, bigint> {
  const counts = [...object.map("drops")] as unknown as [number, bigint[]][];
  const sums = counts.map(([, perCpu]) => perCpu.reduce((sum, count) => sum + count, 0n));
  return { noBackend: sums[0], hopsExceeded: sums[1] };
}

const flows = [
  {
    title: "TCP",
    packet: buildPacket(fromClient, toService(), syn(), "hello"),
    backend: /192\.0\.2\.2[12]\.8080$/,
  },
  {
    title: "TCP over IPv6",
    packet: buildPacket(fromClient, toService6(), syn()),
    backend: /2001:db8::2[12]\.8080$/,
  },
  {
    title: "UDP",
    packet: buildPacket(fromClient, toService(), query(), "odd"),
    backend: /192\.0\.2\.2[12]\.53$/,
  },
  {
    title: "UDP over IPv6",
    packet: buildPacket(fromClient, toService6(), query(), "?"),
    backend: /2001:db8::2[12]\.53$/,
  },
  {
    title: "UDP without a checksum",
    packet: buildPacket(
      fromClient,
      toService(),
      udp({ sourcePort: 7, destinationPort: 53, checksum: 0 }),
      "?",
    ),
    backend: /192\.0\.2\.2[12]\.53$/,
  },
  {
    title: "IPv4 options",
    packet: buildPacket(
      fromClient,
      toService({ options: ipv4Options([{ type: 148, data: new Uint8Array(2) }]) }),
      syn(),
    ),
    backend: /192\.0\.2\.2[12]\.8080$/,
  },
  {
    title: "a VLAN",
    packet: buildPacket(fromClient, vlan({ id: 100 }), toService(), syn()),
    backend: /192\.0\.2\.2[12]\.8080$/,
  },
];

const passed = [
  {
    title: "a port that is no service",
    packet: buildPacket(fromClient, toService(), tcp({ destinationPort: 22 })),
  },
  {
    title: "another protocol of a service's port",
    packet: buildPacket(fromClient, toService(), udp({ destinationPort: 80 })),
  },
  { title: "a ping", packet: buildPacket(fromClient, toService(), icmpEcho()) },
  { title: "a fragment", packet: buildPacket(fromClient, toService({ moreFragments: true }), syn()) },
  {
    title: "a broadcast",
    packet: buildPacket(ethernet({ destination: "ff:ff:ff:ff:ff:ff" }), toService(), syn()),
  },
  { title: "half a header", packet: buildPacket(fromClient, toService(), syn()).subarray(0, 44) },
  {
    title: "an error about a connection that is not known",
    packet: buildPacket(
      fromClient,
      toService(),
      icmp({ type: 3, code: 3 }),
      quoted(SERVICE, CLIENT, tcp({ sourcePort: 80 })),
    ),
  },
];

function quoted(source: string, destination: string, transport: PacketPart): Uint8Array {
  const ip = source.includes(":") ? ipv6({ source, destination }) : ipv4({ source, destination });
  return buildPacket(ip, transport, "quoted data");
}

onEachKernel("load-balancer", (kernel) => {
  const load = async () => {
    const object = await kernel().load(readObject("load-balancer"));
    fill(object, "load-balancer");
    return object;
  };

  test.each(flows)("$title goes to a backend, and its answer back", async ({ packet, backend }) => {
    using object = await load();
    const there = forward(object, packet);
    expect(route(there)).toMatch(backend);
    expect(route(there)).toMatch(
      new RegExp(`^${BALANCER_MAC} ${route(packet).split(" ")[1]} > 02:00:00:00:00:2[12] `),
    );
    const back = forward(object, answer(there));
    const [, client, , , service] = route(packet).split(" ");
    expect(route(back)).toBe(`${BALANCER_MAC} ${service} > ${CLIENT_MAC} ${client}`);
    // The same connection stays where it is.
    expect(route(forward(object, packet))).toBe(route(there));
  });

  test.each(passed)("$title is left to the kernel's own stack", async ({ packet }) => {
    using object = await load();
    const result = object.program("balance").run(packet);
    expect(result.action).toBe("XDP_PASS");
    expect([...result.packet]).toEqual([...packet]);
  });

  test("connections are spread over the backends", async () => {
    using object = await load();
    const counts = new Map<string, number>();
    for (let port = 1024; port < 1024 + 1000; port++) {
      const mac = route(forward(object, buildPacket(fromClient, toService(), syn(port)))).split(" ")[3];
      counts.set(mac, (counts.get(mac) ?? 0) + 1);
    }
    expect(counts.size).toBe(2);
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  test("a backend that is drained keeps its connections and gets no new ones", async () => {
    using object = await load();
    const packet = buildPacket(fromClient, toService(), syn());
    const before = route(forward(object, packet)).split(" ").at(-1);
    const other = before === "192.0.2.21.8080" ? 2 : 1;
    for (let slot = 0; slot < 251; slot++) object.map("maglev").set(slot, other);
    const later = buildPacket(
      fromClient,
      toService(),
      tcp({ sourcePort: 40000, destinationPort: 80, flags: TcpFlag.Ack }),
    );
    expect(route(forward(object, later)).split(" ").at(-1)).toBe(before);
    // A SYN begins a new connection, though its ports are those of an old one.
    expect(route(forward(object, packet)).split(" ").at(-1)).toBe(`192.0.2.2${other}.8080`);
    expect(route(forward(object, later)).split(" ").at(-1)).toBe(`192.0.2.2${other}.8080`);
  });

  test("a packet in the middle of a connection that was forgotten finds the same backend", async () => {
    using object = await load();
    const there = route(forward(object, buildPacket(fromClient, toService(), syn())));
    const connections = object.map("connections");
    for (const key of [...connections.keys()]) connections.delete(key as never);
    const later = tcp({ sourcePort: 40000, destinationPort: 80, flags: TcpFlag.Ack });
    expect(route(forward(object, buildPacket(fromClient, toService(), later)))).toBe(there);
  });

  test("packets without a backend or without hops left are dropped and counted", async () => {
    using object = await load();
    for (const packet of [
      buildPacket(fromClient, toService({ ttl: 1 }), syn()),
      buildPacket(fromClient, toService6({ hopLimit: 1 }), syn()),
    ]) {
      expect(object.program("balance").run(packet).action).toBe("XDP_DROP");
    }
    for (let slot = 0; slot < 251; slot++) object.map("maglev").set(slot, 0);
    const packet = buildPacket(fromClient, toService(), syn(50000));
    expect(object.program("balance").run(packet).action).toBe("XDP_DROP");
    // A backend that only IPv6 reaches.
    for (let slot = 0; slot < 251; slot++) object.map("maglev").set(slot, 3);
    expect(object.program("balance").run(packet).action).toBe("XDP_DROP");
    expect(drops(object)).toEqual({ noBackend: 2n, hopsExceeded: 2n });
  });

  test.each([
    {
      title: "IPv4",
      packet: buildPacket(fromClient, toService(), query(), "?"),
      error: icmp({ type: 3, code: 3 }),
    },
    {
      title: "IPv6",
      packet: buildPacket(fromClient, toService6(), query(), "?"),
      error: icmpv6({ type: 1, code: 4 }),
    },
  ])("a backend's ICMP error reaches the client as the service's ($title)", async ({ packet, error }) => {
    using object = await load();
    const there = forward(object, packet);
    const back = forward(object, answer(there, error, there.subarray(14)));
    const [, client, , , service] = route(packet).split(" ");
    expect(route(back)).toContain(`${service.replace(/\.53$/, "")} > ${CLIENT_MAC}`);
    const start = 14 + (packet[12] === 0x08 ? 20 : 40) + 8;
    const inner = buildPacket(fromClient, back.subarray(start));
    inner.set(packet.subarray(12, 14), 12);
    expect(route(inner)).toContain(`${client} > ${BALANCER_MAC} ${service}`);
  });

  test.each([
    {
      title: "IPv4",
      packet: buildPacket(fromClient, toService(), syn()),
      error: icmp({ type: 3, code: 4, rest: 1280 }),
    },
    {
      title: "IPv6",
      packet: buildPacket(fromClient, toService6(), syn()),
      error: icmpv6({ type: 2, rest: 1280 }),
    },
  ])("a router's ICMP error reaches the backend that it is about ($title)", async ({ packet, error }) => {
    using object = await load();
    const there = forward(object, packet);
    const back = forward(object, answer(there));
    const isIpv4 = packet[12] === 0x08;
    const router = isIpv4
      ? ipv4({ source: "203.0.113.9", destination: SERVICE })
      : ipv6({ source: "2001:db8:9::9", destination: SERVICE6 });
    const told = forward(object, buildPacket(fromClient, router, error, back.subarray(14)));
    const [, , , , backend] = route(there).split(" ");
    const address = backend.replace(/\.8080$/, "");
    expect(route(told)).toContain(`${isIpv4 ? "203.0.113.9" : "2001:db8:9::9"} > `);
    expect(route(told).endsWith(` ${address}`)).toBe(true);
    const inner = buildPacket(fromClient, told.subarray(14 + (isIpv4 ? 20 : 40) + 8));
    inner.set(packet.subarray(12, 14), 12);
    expect(route(inner)).toContain(` ${backend} > `);
  });

  test("the capture's connections go through, with checksums right", async () => {
    using object = await load();
    let sent = 0;
    for (const [index, packet] of readPackets("load-balancer").entries()) {
      const result = object.program("balance").run(packet);
      const dissection = dissect(packet);
      const port = (findLayer(dissection, "tcp") ?? findLayer(dissection, "udp"))?.header.destinationPort;
      const isError =
        findLayer(dissection, "icmp")?.header.type === 3 ||
        findLayer(dissection, "icmpv6")?.header.type === 1;
      const isOurs = (port !== undefined && port !== 22) || isError;
      expect(result.action, `packet ${index + 1}`).toBe(isOurs ? "XDP_TX" : "XDP_PASS");
      expect(badChecksums(result.packet), `packet ${index + 1}`).toEqual([]);
      if (isOurs) sent++;
    }
    expect(sent).toBeGreaterThan(90);
    expect(drops(object)).toEqual({ noBackend: 0n, hopsExceeded: 0n });
  });
});

describeWith(["bpf"], "load-balancer, both kernels", () => {
  const kernels = useKernels();

  test("agree about every packet", async () => {
    const packets = [
      ...readPackets("load-balancer"),
      ...flows.map(({ packet }) => packet),
      ...passed.map(({ packet }) => packet),
    ];
    const { compared } = await expectAgreement(kernels(), {
      object: readObject("load-balancer"),
      contents: await trialContents("load-balancer"),
      packets: packets.map((packet) => ({ packet })),
      // The program only reads them, and they are large.
      incomparable: [
        { what: "map", map: "maglev" },
        { what: "map", map: "backends" },
      ],
    });
    expect(compared).toBe(packets.length);
  });
});

describe("load-balancer.pcap", () => {
  test("has whole connections of both families, and errors of backends", () => {
    const found = new Set(
      readPackets("load-balancer").flatMap((packet) => dissect(packet).layers.map(({ name }) => name)),
    );
    for (const name of ["ipv4", "ipv6", "tcp", "udp", "icmp", "icmpv6"] as const)
      expect(found).toContain(name);
  });
});
