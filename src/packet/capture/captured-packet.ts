import type { CaptureInterface } from "./capture-interface.js";
import { type PacketOptions, parsePacketOptions } from "./packet-options.js";
import { copyBytes, type PacketRecord } from "./packet-record.js";
import { TimestampScale } from "./timestamp-scale.js";

const NOTHING = new Uint8Array(0);
const NO_INTERFACE: CaptureInterface = {
  index: 0,
  linkType: 1,
  snapLength: 0,
  comments: [],
  scale: new TimestampScale(),
};

/**
 * The packet that a CaptureReader stands at. There is one per reader, changed by every `next()`; its
 * bytes point into the reader's buffer and hold until the next `next()` or `fill()`. `copy()` gives
 * one that lasts.
 */
export class CapturedPacket implements PacketRecord {
  /** 1 for the first packet of the file, as Wireshark and tcpdump number them. */
  number = 0;
  buffer: Uint8Array = NOTHING;
  offset = 0;
  capturedLength = 0;
  length = 0;
  seconds = 0;
  nanoseconds = 0;
  /** False for pcapng's simple packets, which carry no time; it is 0 then. */
  hasTimestamp = true;
  interface: CaptureInterface = NO_INTERFACE;
  /** Where the block's options are: in `optionsBuffer`, between these two; equal where there are none. */
  optionsBuffer: Uint8Array = NOTHING;
  optionsStart = 0;
  optionsEnd = 0;
  /** File offset of `optionsStart`. */
  optionsOffset = 0;
  /** Byte order of the section. */
  littleEndian = true;

  /** The packet's bytes: a view, not a copy. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(this.offset, this.offset + this.capturedLength);
  }

  /** Nanoseconds since 1970-01-01T00:00Z. */
  get time(): bigint {
    return BigInt(this.seconds) * 1_000_000_000n + BigInt(this.nanoseconds);
  }

  /** Comments, flags, packet id, verdicts … of the pcapng block; throws CaptureFormatError where they are cut. */
  options(): PacketOptions {
    return parsePacketOptions(
      this.optionsBuffer,
      this.optionsStart,
      this.optionsEnd,
      this.optionsOffset,
      this.littleEndian,
    );
  }

  /** Writes the packet's bytes to `target` at index `at`, making no object for the usual small packet. */
  copyTo(target: Uint8Array, at: number): void {
    copyBytes(this, this.capturedLength, target, at);
  }

  /** A packet of its own memory. */
  copy(): CapturedPacket {
    const copy = Object.assign(new CapturedPacket(), this);
    copy.buffer = this.buffer.slice(this.offset, this.offset + this.capturedLength);
    copy.offset = 0;
    copy.optionsBuffer = this.optionsBuffer.slice(this.optionsStart, this.optionsEnd);
    copy.optionsEnd = copy.optionsBuffer.length;
    copy.optionsStart = 0;
    return copy;
  }
}
