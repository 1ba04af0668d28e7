import { LinkType, MAXIMUM_SNAP_LENGTH } from "./link-type.js";
import { type CaptureSink, OutputBuffer } from "./output-buffer.js";
import { copyBytes, type PacketRecord } from "./packet-record.js";
import { FILE_HEADER, PCAP_MICROSECONDS, PCAP_NANOSECONDS, RECORD_HEADER } from "./pcap-format.js";

export interface PcapWriterOptions {
  /** LINKTYPE_ number; Ethernet by default. */
  linkType?: number;
  /** The most bytes kept of a packet; 262,144 by default, which is the most that readers accept. */
  snapLength?: number;
  /** "us" by default, which every tool reads; "ns" keeps nanoseconds. */
  precision?: "us" | "ns";
  littleEndian?: boolean;
}

/** Writes a pcap file (draft-ietf-opsawg-pcap, version 2.4) to a sink, chunk by chunk. */
export class PcapWriter {
  readonly #out: OutputBuffer;
  readonly #littleEndian: boolean;
  readonly #snapLength: number;
  readonly #nanosPerUnit: number;

  constructor(sink: CaptureSink, options: PcapWriterOptions = {}) {
    this.#out = new OutputBuffer(sink);
    this.#littleEndian = options.littleEndian ?? true;
    this.#snapLength = options.snapLength ?? MAXIMUM_SNAP_LENGTH;
    this.#nanosPerUnit = options.precision === "ns" ? 1 : 1000;
    const { view } = this.#out;
    view.setUint32(0, options.precision === "ns" ? PCAP_NANOSECONDS : PCAP_MICROSECONDS, this.#littleEndian);
    view.setUint16(4, 2, this.#littleEndian);
    view.setUint16(6, 4, this.#littleEndian);
    view.setUint32(16, this.#snapLength, this.#littleEndian);
    view.setUint32(20, options.linkType ?? LinkType.Ethernet, this.#littleEndian);
    this.#out.at = FILE_HEADER;
  }

  /**
   * Appends a packet, cut to the snapshot length; its seconds are written modulo 2^32. False where the
   * sink is still busy: `await drain()` then, or what follows is kept in memory. Throws what the sink
   * failed with.
   */
  write(packet: PacketRecord): boolean {
    const captured = Math.min(packet.capturedLength, this.#snapLength);
    const out = this.#out;
    out.reserve(RECORD_HEADER + captured);
    const { view, at } = out;
    const littleEndian = this.#littleEndian;
    view.setUint32(at, packet.seconds, littleEndian);
    view.setUint32(at + 4, Math.floor(packet.nanoseconds / this.#nanosPerUnit), littleEndian);
    view.setUint32(at + 8, captured, littleEndian);
    view.setUint32(at + 12, packet.length, littleEndian);
    copyBytes(packet, captured, out.bytes, at + RECORD_HEADER);
    out.at = at + RECORD_HEADER + captured;
    return !out.busy;
  }

  /** Waits until the sink has taken what it was given. */
  drain(): Promise<void> {
    return this.#out.drain();
  }

  /** Hands the rest to the sink and waits for it: the file is complete up to here. */
  flush(): Promise<void> {
    return this.#out.flush();
  }
}
