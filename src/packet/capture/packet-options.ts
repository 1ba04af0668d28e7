import { CaptureFormatError } from "../../errors.js";
import { PacketOption } from "./pcapng-format.js";
import { forEachOption } from "./pcapng-options.js";

/** Where a packet went through its interface: the low two bits of epb_flags. */
export type PacketDirection = "inbound" | "outbound";

/** What a packet filter said of a packet: the epb_verdict option. */
export type PacketVerdict =
  | { type: "hardware"; value: Uint8Array }
  /** A TC action; -1 is TC_ACT_UNSPEC. */
  | { type: "tc"; value: bigint }
  /** An XDP action. */
  | { type: "xdp"; value: bigint }
  /** A kind that the specification did not have in 2025: its number and its bytes. */
  | { type: number; value: Uint8Array };

/** The options that a pcapng packet block can carry, as draft-ietf-opsawg-pcapng §4.3 lists them. */
export interface PacketOptions {
  comments: string[];
  /** epb_flags as they are. */
  flags?: number;
  direction?: PacketDirection;
  /** Packets lost between the one before and this one. */
  dropCount?: bigint;
  packetId?: bigint;
  queue?: number;
  verdicts: PacketVerdict[];
  /** Algorithm octet and hash. */
  hashes: { algorithm: number; value: Uint8Array }[];
}

const text = new TextDecoder();

export function parsePacketOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
  fileOffset: number,
  littleEndian: boolean,
): PacketOptions {
  const result: PacketOptions = { comments: [], verdicts: [], hashes: [] };
  if (start === end) return result;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const place = (at: number) => ({ offset: fileOffset + at - start, section: "packet block options" });
  const demand = (length: number, wanted: number, name: string, at: number): void => {
    if (length === wanted) return;
    throw new CaptureFormatError(
      `${name} has ${length} bytes, not ${wanted}: the file is damaged`,
      place(at),
    );
  };
  forEachOption(view, start, end, littleEndian, place, (code, at, length) => {
    switch (code) {
      case PacketOption.Comment:
        result.comments.push(text.decode(bytes.subarray(at, at + length)));
        break;
      case PacketOption.Flags: {
        demand(length, 4, "epb_flags", at);
        result.flags = view.getUint32(at, littleEndian);
        const direction = result.flags & 3;
        if (direction === 1) result.direction = "inbound";
        if (direction === 2) result.direction = "outbound";
        break;
      }
      case PacketOption.Hash:
        if (length === 0) throw new CaptureFormatError("epb_hash is empty: the file is damaged", place(at));
        result.hashes.push({ algorithm: bytes[at], value: bytes.slice(at + 1, at + length) });
        break;
      case PacketOption.DropCount:
        demand(length, 8, "epb_dropcount", at);
        result.dropCount = view.getBigUint64(at, littleEndian);
        break;
      case PacketOption.PacketId:
        demand(length, 8, "epb_packetid", at);
        result.packetId = view.getBigUint64(at, littleEndian);
        break;
      case PacketOption.Queue:
        demand(length, 4, "epb_queue", at);
        result.queue = view.getUint32(at, littleEndian);
        break;
      case PacketOption.Verdict: {
        if (length === 0)
          throw new CaptureFormatError("epb_verdict is empty: the file is damaged", place(at));
        const type = bytes[at];
        if (type === 1 || type === 2) {
          demand(length, 9, "epb_verdict", at);
          result.verdicts.push({
            type: type === 1 ? "tc" : "xdp",
            value: view.getBigInt64(at + 1, littleEndian),
          });
        } else {
          const value = bytes.slice(at + 1, at + length);
          result.verdicts.push(type === 0 ? { type: "hardware", value } : { type, value });
        }
        break;
      }
    }
  });
  return result;
}
