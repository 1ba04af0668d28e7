import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CaptureFormatError, NotSupportedError } from "../../errors.js";
import { LinkType, openCapture, type PacketRecord, PcapngWriter, PcapWriter, packetRecord } from "./index.js";

interface Packet {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly seconds: number;
  readonly nanoseconds: number;
}

const anyPacket: fc.Arbitrary<Packet> = fc
  .record({
    bytes: fc.uint8Array({ maxLength: 200 }),
    cut: fc.nat(2000),
    seconds: fc.nat(0xffffffff),
    nanoseconds: fc.nat(999_999_999),
  })
  .map(({ bytes, cut, ...time }) => ({ bytes, length: bytes.length + cut, ...time }));

const record = ({ bytes, ...facts }: Packet): PacketRecord => packetRecord(bytes, facts);

async function written(
  make: (sink: (chunk: Uint8Array) => void) => { flush(): Promise<void> },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await make((chunk) => void chunks.push(chunk)).flush();
  return new Uint8Array(Buffer.concat(chunks));
}

async function packetsOf(source: Uint8Array | AsyncIterable<Uint8Array>): Promise<Packet[]> {
  const packets: Packet[] = [];
  for await (const { bytes, length, seconds, nanoseconds } of await openCapture(source)) {
    packets.push({ bytes: bytes.slice(), length, seconds, nanoseconds });
  }
  return packets;
}

async function* inPieces(file: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.length; at += size) yield file.slice(at, at + size);
}

function pcap(packets: readonly Packet[], options: ConstructorParameters<typeof PcapWriter>[1] = {}) {
  return written((sink) => {
    const writer = new PcapWriter(sink, options);
    for (const packet of packets) writer.write(record(packet));
    return writer;
  });
}

function pcapng(packets: readonly Packet[], littleEndian = true) {
  return written((sink) => {
    const writer = new PcapngWriter(sink, { application: "test", littleEndian });
    const [a, b] = [writer.addInterface({ name: "a" }), writer.addInterface({ name: "b" })];
    packets.forEach((packet, i) => {
      writer.write(record(packet), i % 2 === 0 ? a : b);
    });
    return writer;
  });
}

/** The four magics of pcap, and pcapng of both byte orders. */
const formats = [
  ...(["us", "ns"] as const).flatMap((precision) =>
    [true, false].map(
      (littleEndian) =>
        [
          `pcap ${precision} ${littleEndian ? "little" : "big"} endian`,
          (packets: readonly Packet[]) => pcap(packets, { precision, littleEndian }),
          precision,
        ] as const,
    ),
  ),
  ...[true, false].map(
    (littleEndian) =>
      [
        `pcapng ${littleEndian ? "little" : "big"} endian`,
        (packets: readonly Packet[]) => pcapng(packets, littleEndian),
        "ns",
      ] as const,
  ),
];

describe.each(formats)("%s", (_name, write, precision) => {
  const kept = (packet: Packet): Packet =>
    precision === "ns"
      ? packet
      : { ...packet, nanoseconds: packet.nanoseconds - (packet.nanoseconds % 1000) };

  test("what was written is read, in pieces of any size, gzip'ed or not", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyPacket, { maxLength: 12 }),
        fc.integer({ min: 1, max: 70 }),
        async (packets, size) => {
          const file = await write(packets);
          const wanted = packets.map(kept);
          expect(await packetsOf(file)).toEqual(wanted);
          expect(await packetsOf(inPieces(file, size))).toEqual(wanted);
          expect(await packetsOf(new Uint8Array(gzipSync(file)))).toEqual(wanted);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a file that ends early gives all packets before the cut, then says where", async () => {
    const bytes = Uint8Array.from({ length: 60 }, (_, i) => i);
    const packets = Array.from({ length: 3 }, (_, i) => ({ bytes, length: 60, seconds: i, nanoseconds: 0 }));
    const file = await write(packets);
    const boundaries = await Promise.all(
      [0, 1, 2, 3].map(async (n) => (await write(packets.slice(0, n))).length),
    );
    for (let length = 1; length < file.length; length++) {
      let count = 0;
      const read = async () => {
        for await (const packet of await openCapture(file.slice(0, length)))
          count += packet.bytes.length / 60;
      };
      if (boundaries.includes(length)) await read();
      else if (_name.startsWith("pcapng") && length < boundaries[0]) await read().catch(expectDamage);
      else await expect(read(), `${length} bytes`).rejects.toThrow(CaptureFormatError);
      expect(count).toBe(
        Math.max(
          0,
          boundaries.findLastIndex((end) => end <= length),
        ),
      );
    }
  });
});

function expectDamage(error: unknown): void {
  expect(error).toBeInstanceOf(CaptureFormatError);
}

describe("captures", () => {
  test("a pcapng packet keeps its verdict, id, queue, direction and comment", async () => {
    const file = await written((sink) => {
      const writer = new PcapngWriter(sink);
      writer.addInterface({ name: "xdp:in" });
      writer.write(packetRecord(new Uint8Array(60)), 0, {
        packetId: 7,
        queue: 3,
        direction: "inbound",
        dropCount: 2,
        comment: "dropped",
        verdicts: [
          { type: "xdp", value: 1 },
          { type: "tc", value: -1n },
        ],
      });
      return writer;
    });
    const reader = await openCapture(file);
    expect(reader.next()).toBe(true);
    expect(reader.packet.interface.name).toBe("xdp:in");
    expect(reader.packet.options()).toMatchObject({
      packetId: 7n,
      queue: 3,
      direction: "inbound",
      dropCount: 2n,
      comments: ["dropped"],
      verdicts: [
        { type: "xdp", value: 1n },
        { type: "tc", value: -1n },
      ],
    });
  });

  test("link types other than Ethernet are refused by name; raw IP is wrapped when asked to", async () => {
    const ip = Uint8Array.from([0x60, ...new Array(39).fill(0)]);
    const file = await pcap([{ bytes: ip, length: 40, seconds: 0, nanoseconds: 0 }], {
      linkType: LinkType.Raw,
    });
    await expect(openCapture(file)).rejects.toThrow(/link type 101 \(RAW\) is not Ethernet/);
    const reader = await openCapture(file, { wrapRawIp: true });
    expect(reader.next()).toBe(true);
    expect([...reader.packet.bytes.subarray(0, 15)]).toEqual([
      2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60,
    ]);
    expect(reader.packet.length).toBe(54);
  });

  test.each<[string, number[], new (...args: never[]) => Error]>([
    ["nothing", [], CaptureFormatError],
    ["text", [...Buffer.from("not a capture at all, but text of some length")], CaptureFormatError],
    ["a packet longer than any", [...damagedPcap()], CaptureFormatError],
    ["Microsoft Network Monitor", [...Buffer.from("GMBU"), ...new Array(60).fill(0)], NotSupportedError],
    ["snoop", [...Buffer.from("snoop\0\0\0"), ...new Array(60).fill(0)], NotSupportedError],
  ])("%s gives a typed error", async (_title, bytes, type) => {
    await expect(packetsOf(Uint8Array.from(bytes))).rejects.toThrow(type);
  });
});

function damagedPcap(): Uint8Array {
  const file = new Uint8Array(24 + 16 + 64);
  const view = new DataView(file.buffer);
  view.setUint32(0, 0xa1b2c3d4);
  view.setUint16(4, 2);
  view.setUint16(6, 4);
  view.setUint32(16, 262144);
  view.setUint32(20, 1);
  view.setUint32(24 + 8, 0x7fffffff);
  view.setUint32(24 + 12, 0x7fffffff);
  return file;
}
