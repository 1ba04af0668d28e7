import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CaptureFormatError } from "../../src/errors.js";
import { openCapture, type PacketRecord, PcapWriter, packetRecord } from "../../src/packet/index.js";
import { capturesFolder } from "../needs.js";

/** Every packet of the Ethernet and raw IP captures in the folder of captures, many of them malformed. */
export async function capturedFrames(): Promise<PacketRecord[]> {
  const frames: PacketRecord[] = [];
  for (const name of readdirSync(capturesFolder()).sort()) {
    try {
      const file = readFileSync(join(capturesFolder(), name));
      for await (const packet of await openCapture(file, { wrapRawIp: true })) {
        frames.push(packetRecord(packet.bytes.slice(), { length: packet.length }));
      }
    } catch (error) {
      // Another link type, or a file damaged on purpose: what came before the damage counts.
      if (!(error instanceof CaptureFormatError)) throw error;
    }
  }
  return frames;
}

/** Frames, and then each of them again, cut somewhere: for what a load outside the captured bytes does. */
export function withCutFrames(frames: readonly PacketRecord[]): PacketRecord[] {
  const cut = frames.map(({ buffer, length }, i) =>
    packetRecord(buffer.subarray(0, (i * 7919) % Math.min(buffer.length + 1, 120)), { length }),
  );
  return [...frames, ...cut];
}

/** Writes frames to one pcap file; their times are their numbers, in seconds. */
export async function writeFrames(path: string, frames: readonly PacketRecord[]): Promise<void> {
  const chunks: Uint8Array[] = [];
  const writer = new PcapWriter((chunk) => void chunks.push(chunk));
  for (const [seconds, frame] of frames.entries()) writer.write({ ...frame, seconds });
  await writer.flush();
  writeFileSync(path, Buffer.concat(chunks));
}
