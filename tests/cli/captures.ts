import { writeFileSync } from "node:fs";
import {
  buildPacket,
  ethernet,
  ipv4,
  LinkType,
  type PacketPart,
  PcapWriter,
  packetRecord,
  tcp,
  udp,
} from "../../src/packet/index.js";

const START = 1_700_000_000n;
const MICROSECOND = 1000n;

/** A UDP packet from 10.0.0.1 to 10.0.0.2, to a port. */
export function udpTo(port: number, payload = "hello"): Uint8Array {
  return buildPacket(...headers(), udp({ sourcePort: 1234, destinationPort: port }), payload);
}

export function tcpTo(port: number): Uint8Array {
  return buildPacket(...headers(), tcp({ sourcePort: 1234, destinationPort: port }));
}

function headers(): PacketPart[] {
  return [
    ethernet({ source: "02:00:00:00:00:01", destination: "02:00:00:00:00:02" }),
    ipv4({ source: "10.0.0.1", destination: "10.0.0.2" }),
  ];
}

/** A pcap file with these packets, a second apart, with nanoseconds. */
export function pcapOf(
  packets: readonly Uint8Array[],
  facts: { linkType?: number; cut?: number } = {},
): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter((chunk) => void chunks.push(chunk), {
    linkType: facts.linkType ?? LinkType.Ethernet,
    precision: "ns",
  });
  packets.forEach((packet, i) => {
    const time = (START + BigInt(i)) * 1_000_000_000n + BigInt(i) * MICROSECOND + 7n;
    const kept = facts.cut === undefined ? packet : packet.subarray(0, facts.cut);
    writer.write(packetRecord(kept, { time, length: packet.length }));
  });
  void writer.flush();
  return new Uint8Array(Buffer.concat(chunks));
}

export function writePcap(
  path: string,
  packets: readonly Uint8Array[],
  facts: { cut?: number } = {},
): string {
  writeFileSync(path, pcapOf(packets, facts));
  return path;
}
