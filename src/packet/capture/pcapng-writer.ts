import { LinkType } from "./link-type.js";
import { type CaptureSink, OutputBuffer } from "./output-buffer.js";
import type { PacketDirection, PacketVerdict } from "./packet-options.js";
import { copyBytes, type PacketRecord } from "./packet-record.js";
import { optionRoom, PcapngBlockWriter } from "./pcapng-block-writer.js";
import {
  Block,
  BYTE_ORDER_MAGIC,
  COMMENT,
  InterfaceOption,
  PacketOption,
  SectionOption,
  StatisticsOption,
} from "./pcapng-format.js";

export interface PcapngSectionFacts {
  /** The machine. */
  hardware?: string;
  os?: string;
  /** The program that writes the file. */
  application?: string;
  comments?: readonly string[];
  littleEndian?: boolean;
}

export interface PcapngInterfaceFacts {
  name?: string;
  description?: string;
  hardware?: string;
  os?: string;
  filter?: string;
  comments?: readonly string[];
  /** Bits per second. */
  speed?: bigint;
  /** LINKTYPE_ number; Ethernet by default. */
  linkType?: number;
  /** The most bytes kept of a packet; 0, the default, for no limit. */
  snapLength?: number;
}

/** What may be said of a packet beside its bytes and time. */
export interface PacketAnnotations {
  direction?: PacketDirection;
  /** Names the packet: the same number on several interfaces means the same packet. */
  packetId?: number | bigint;
  queue?: number;
  dropCount?: number | bigint;
  /** A verdict with a number for its value may be given where a bigint would be made per packet. */
  verdicts?: readonly (PacketVerdict | { type: "tc" | "xdp"; value: number })[];
  comment?: string;
}

export interface InterfaceStatistics {
  /** Nanoseconds since 1970; when the statistics were taken. */
  time: bigint;
  startTime?: bigint;
  endTime?: bigint;
  received?: bigint;
  dropped?: bigint;
  filterAccepted?: bigint;
  osDropped?: bigint;
  delivered?: bigint;
}

const NANOSECONDS = 9;
const LONGEST_VERDICT = 0xfffe;
const NO_ANNOTATIONS: PacketAnnotations = {};
const VERDICT_TYPE = { hardware: 0, tc: 1, xdp: 2 } as const;
const statistics = [
  ["received", StatisticsOption.Received],
  ["dropped", StatisticsOption.Dropped],
  ["filterAccepted", StatisticsOption.FilterAccepted],
  ["osDropped", StatisticsOption.OsDropped],
  ["delivered", StatisticsOption.Delivered],
] as const;

/**
 * Writes a pcapng file of one section (draft-ietf-opsawg-pcapng) to a sink, chunk by chunk: interfaces
 * first described, then packets on them, with nanoseconds. Every chunk ends with a whole block, so a
 * file cut between two is valid.
 */
export class PcapngWriter {
  readonly #out: OutputBuffer;
  readonly #block: PcapngBlockWriter;
  readonly #snapLengths: number[] = [];

  constructor(sink: CaptureSink, section: PcapngSectionFacts = {}) {
    this.#out = new OutputBuffer(sink);
    this.#block = new PcapngBlockWriter(this.#out, section.littleEndian ?? true);
    const block = this.#block;
    this.#reserve(64, section.hardware, section.os, section.application, ...(section.comments ?? []));
    block.begin(Block.SectionHeader);
    block.u32(BYTE_ORDER_MAGIC);
    block.u16(1);
    block.u16(0);
    // -1: the section's length is not known beforehand.
    block.u64(-1);
    this.#texts([
      [SectionOption.Hardware, section.hardware],
      [SectionOption.Os, section.os],
      [SectionOption.Application, section.application],
    ]);
    this.#comments(section.comments);
    block.endOfOptions();
    block.end();
  }

  /** Describes an interface and returns the number by which packets name it. */
  addInterface(facts: PcapngInterfaceFacts): number {
    const { name, description, hardware, os, filter, comments, speed } = facts;
    const block = this.#block;
    this.#reserve(96, name, description, hardware, os, filter, ...(comments ?? []));
    block.begin(Block.InterfaceDescription);
    block.u16(facts.linkType ?? LinkType.Ethernet);
    block.u16(0);
    block.u32(facts.snapLength ?? 0);
    this.#texts([
      [InterfaceOption.Name, name],
      [InterfaceOption.Description, description],
      [InterfaceOption.Hardware, hardware],
      [InterfaceOption.Os, os],
      // The leading NUL says that an expression follows, not code.
      [InterfaceOption.Filter, filter === undefined ? undefined : `\0${filter}`],
    ]);
    if (speed !== undefined) {
      block.option(InterfaceOption.Speed, 8);
      block.u64(speed);
    }
    block.option(InterfaceOption.TimestampResolution, 1);
    block.octet(NANOSECONDS);
    block.pad();
    this.#comments(comments);
    block.endOfOptions();
    block.end();
    return this.#snapLengths.push(facts.snapLength ?? 0) - 1;
  }

  /**
   * Appends a packet on an interface of this file, cut to that interface's snapshot length; times before
   * 1970 and after 2554, which the format has no room for, become the nearest that it has. False where
   * the sink is still busy: `await drain()` then, or what follows is kept in memory. Throws RangeError
   * for an interface that was not added, and what the sink failed with.
   */
  write(packet: PacketRecord, interfaceIndex = 0, annotations: PacketAnnotations = NO_ANNOTATIONS): boolean {
    const snapLength = this.#snapLengths[interfaceIndex];
    if (snapLength === undefined) throw new RangeError(`pcapng: interface ${interfaceIndex} was not added`);
    const captured = snapLength === 0 ? packet.capturedLength : Math.min(packet.capturedLength, snapLength);
    const out = this.#out;
    const block = this.#block;
    const { comment, verdicts } = annotations;
    let room = 128 + captured + (comment === undefined ? 0 : optionRoom(comment));
    for (const verdict of verdicts ?? []) {
      room += 16 + (typeof verdict.value === "object" ? verdict.value.length : 0);
    }
    out.reserve(room);
    block.begin(Block.EnhancedPacket);
    block.u32(interfaceIndex);
    block.timestamp(packet.seconds, packet.nanoseconds);
    block.u32(captured);
    block.u32(packet.length);
    copyBytes(packet, captured, out.bytes, out.at);
    out.at += captured;
    block.pad();
    if (annotations !== NO_ANNOTATIONS) this.#annotate(annotations);
    block.end();
    return !out.busy;
  }

  /** Appends an interface statistics block, usually at the end. Throws RangeError as `write` does. */
  writeStatistics(interfaceIndex: number, facts: InterfaceStatistics): void {
    if (this.#snapLengths[interfaceIndex] === undefined) {
      throw new RangeError(`pcapng: interface ${interfaceIndex} was not added`);
    }
    const block = this.#block;
    this.#out.reserve(256);
    const halves = (time: bigint): void => {
      block.u32(Number(BigInt.asUintN(32, time >> 32n)));
      block.u32(Number(BigInt.asUintN(32, time)));
    };
    block.begin(Block.InterfaceStatistics);
    block.u32(interfaceIndex);
    halves(facts.time);
    for (const [code, time] of [
      [StatisticsOption.StartTime, facts.startTime],
      [StatisticsOption.EndTime, facts.endTime],
    ] as const) {
      if (time === undefined) continue;
      block.option(code, 8);
      halves(time);
    }
    for (const [name, code] of statistics) {
      const value = facts[name];
      if (value === undefined) continue;
      block.option(code, 8);
      block.u64(value);
    }
    block.endOfOptions();
    block.end();
  }

  /** Waits until the sink has taken what it was given. */
  drain(): Promise<void> {
    return this.#out.drain();
  }

  /** Hands the rest to the sink and waits for it: the file is complete up to here. */
  flush(): Promise<void> {
    return this.#out.flush();
  }

  #annotate(annotations: PacketAnnotations): void {
    const block = this.#block;
    const { comment, direction, packetId, queue, dropCount, verdicts } = annotations;
    if (comment !== undefined) block.text(PacketOption.Comment, comment);
    if (direction !== undefined) {
      block.option(PacketOption.Flags, 4);
      block.u32(direction === "inbound" ? 1 : 2);
    }
    if (dropCount !== undefined) {
      block.option(PacketOption.DropCount, 8);
      block.u64(dropCount);
    }
    if (packetId !== undefined) {
      block.option(PacketOption.PacketId, 8);
      block.u64(packetId);
    }
    if (queue !== undefined) {
      block.option(PacketOption.Queue, 4);
      block.u32(queue);
    }
    for (const { type, value } of verdicts ?? []) {
      const bytes = typeof value === "object" ? value : undefined;
      if (bytes !== undefined && bytes.length > LONGEST_VERDICT) {
        throw new RangeError(`pcapng: a verdict of ${bytes.length} bytes does not fit its option`);
      }
      block.option(PacketOption.Verdict, 1 + (bytes?.length ?? 8));
      block.octet(typeof type === "string" ? VERDICT_TYPE[type] : type);
      if (typeof value === "object") block.raw(value);
      else block.u64(value);
      block.pad();
    }
    block.endOfOptions();
  }

  #reserve(fixed: number, ...texts: readonly (string | undefined)[]): void {
    let room = fixed;
    for (const text of texts) if (text !== undefined) room += optionRoom(text);
    this.#out.reserve(room);
  }

  #texts(options: readonly (readonly [code: number, text: string | undefined])[]): void {
    for (const [code, text] of options) if (text !== undefined) this.#block.text(code, text);
  }

  #comments(comments: readonly string[] | undefined): void {
    for (const comment of comments ?? []) this.#block.text(COMMENT, comment);
  }
}
