import { CaptureFormatError } from "../../errors.js";
import type { ByteWindow } from "./byte-window.js";
import type { CaptureDecoder } from "./capture-decoder.js";
import type { CaptureInterface } from "./capture-interface.js";
import type { CapturedPacket } from "./captured-packet.js";
import { maximumSnapLength } from "./link-type.js";
import { Block, MAXIMUM_BLOCK, MAXIMUM_SECTION_HEADER } from "./pcapng-format.js";
import { PcapngSection, sectionByteOrder } from "./pcapng-section.js";

/** Type and length before a block's body, and the length again behind it. */
const BLOCK_HEADER = 8;
const BLOCK_TRAILER = 4;
const SMALLEST_BLOCK = BLOCK_HEADER + BLOCK_TRAILER;
const SECTION_HEADER = 28;

/** Reads the blocks of a pcapng file: packets are given, interfaces remembered, other blocks passed over. */
export class PcapngDecoder implements CaptureDecoder {
  readonly format = "pcapng";
  #section: PcapngSection | undefined;
  /** Of the block being passed over without being held: its length, until its trailer was compared. */
  #trailerOf = 0;

  get interfaces(): readonly CaptureInterface[] {
    return this.#section?.interfaces ?? [];
  }

  next(window: ByteWindow, packet: CapturedPacket): boolean {
    for (;;) {
      if (this.#trailerOf !== 0) {
        if (window.available < BLOCK_TRAILER) return false;
        this.#checkTrailer(window, window.position, this.#trailerOf);
        window.position += BLOCK_TRAILER;
        this.#trailerOf = 0;
      }
      if (window.available < SMALLEST_BLOCK) return false;
      const at = window.position;
      const type = window.view.getUint32(at, this.#section?.littleEndian ?? true);
      // The type of a section header reads the same in both byte orders.
      if (type === Block.SectionHeader) {
        if (!this.#startSection(window, at)) return false;
        continue;
      }
      const section = this.#section;
      if (section === undefined) {
        throw new CaptureFormatError("the file does not start with a section header block", {
          offset: window.offset,
        });
      }
      const total = this.#blockLength(window, at, section.littleEndian);
      if (
        type > Block.EnhancedPacket ||
        type === Block.NameResolution ||
        type === Block.InterfaceStatistics
      ) {
        window.skip(total - BLOCK_TRAILER);
        this.#trailerOf = total;
        continue;
      }
      if (total > MAXIMUM_BLOCK) {
        throw new CaptureFormatError(
          `a block of type ${type} claims ${total} bytes, more than the ${MAXIMUM_BLOCK} that are read: the file is damaged`,
          { offset: window.offset + 4 },
        );
      }
      if (window.available < total) return false;
      this.#checkTrailer(window, at + total - BLOCK_TRAILER, total);
      const body = at + BLOCK_HEADER;
      const end = at + total - BLOCK_TRAILER;
      switch (type) {
        case Block.EnhancedPacket:
          this.#enhancedPacket(window, section, packet, body, end);
          break;
        case Block.SimplePacket:
          this.#simplePacket(window, section, packet, body, end);
          break;
        case Block.Packet:
          this.#obsoletePacket(window, section, packet, body, end);
          break;
        case Block.InterfaceDescription:
          section.addInterface(window.bytes, window.view, body, end, window.base + body);
          window.position += total;
          continue;
        default:
          // Type 0 is reserved, and what a file of zeroes would be full of.
          throw new CaptureFormatError(`there is no block of type ${type}: the file is damaged`, {
            offset: window.offset,
          });
      }
      packet.littleEndian = section.littleEndian;
      packet.number++;
      window.position += total;
      return true;
    }
  }

  finish(window: ByteWindow): void {
    if (this.#section === undefined) {
      throw new CaptureFormatError("the file is cut off within its section header block", {
        offset: window.offset,
      });
    }
    const got = window.available;
    if (this.#trailerOf !== 0) {
      const body = this.#trailerOf - BLOCK_HEADER;
      const have = body - window.owed - BLOCK_TRAILER + got;
      throw new CaptureFormatError(`the file is cut off: ${have} of a block's ${body} bytes are there`, {
        offset: window.offset,
      });
    }
    if (got === 0) return;
    const wanted =
      got < BLOCK_HEADER
        ? BLOCK_HEADER
        : window.view.getUint32(window.position + 4, this.#section.littleEndian) - BLOCK_HEADER;
    throw new CaptureFormatError(
      `the file is cut off: ${got < BLOCK_HEADER ? got : got - BLOCK_HEADER} of a block's ${wanted} bytes are there`,
      { offset: got < BLOCK_HEADER ? window.offset : window.offset + BLOCK_HEADER },
    );
  }

  /** Reads a section header block; false where it is not all there. */
  #startSection(window: ByteWindow, at: number): boolean {
    const view = window.view;
    const place = { offset: window.offset, section: "section header block" };
    const littleEndian = sectionByteOrder(view, at + 8);
    if (littleEndian === undefined) {
      throw new CaptureFormatError(
        `byte-order magic 0x${view.getUint32(at + 8, true).toString(16)} is neither 0x1a2b3c4d nor its reverse`,
        place,
      );
    }
    const total = this.#blockLength(window, at, littleEndian);
    if (total < SECTION_HEADER || total > MAXIMUM_SECTION_HEADER) {
      throw new CaptureFormatError(
        `length ${total} is not between ${SECTION_HEADER} and ${MAXIMUM_SECTION_HEADER}`,
        place,
      );
    }
    if (window.available < total) return false;
    const major = view.getUint16(at + 12, littleEndian);
    const minor = view.getUint16(at + 14, littleEndian);
    // libpcap, sf-pcapng.c: 1.2 is what some programs wrote for 1.0.
    if (major !== 1 || (minor !== 0 && minor !== 2)) {
      throw new CaptureFormatError(`pcapng version ${major}.${minor} is not known; 1.0 can be read`, place);
    }
    this.#section = new PcapngSection(littleEndian);
    this.#checkTrailer(window, at + total - BLOCK_TRAILER, total);
    window.position += total;
    return true;
  }

  #blockLength(window: ByteWindow, at: number, littleEndian: boolean): number {
    const total = window.view.getUint32(at + 4, littleEndian);
    if (total < SMALLEST_BLOCK || total % 4 !== 0) {
      throw new CaptureFormatError(
        `a block claims ${total} bytes, which is ${total < SMALLEST_BLOCK ? "less than 12" : "no multiple of 4"}: the file is damaged`,
        { offset: window.offset + 4 },
      );
    }
    return total;
  }

  #checkTrailer(window: ByteWindow, at: number, total: number): void {
    const trailer = window.view.getUint32(at, this.#section!.littleEndian);
    if (trailer === total) return;
    throw new CaptureFormatError(
      `a block's length is ${total} before it and ${trailer} behind it: the file is damaged`,
      { offset: window.base + at },
    );
  }

  #enhancedPacket(
    window: ByteWindow,
    section: PcapngSection,
    packet: CapturedPacket,
    body: number,
    end: number,
  ): void {
    if (end - body < 20) this.#tooShort(window, "enhanced packet block", body);
    const le = section.littleEndian;
    const view = window.view;
    const from = this.#interface(window, section, view.getUint32(body, le), body);
    packet.hasTimestamp = true;
    from.scale.convert(view.getUint32(body + 4, le), view.getUint32(body + 8, le), packet);
    this.#data(
      window,
      packet,
      from,
      view.getUint32(body + 12, le),
      view.getUint32(body + 16, le),
      body + 20,
      end,
    );
  }

  #obsoletePacket(
    window: ByteWindow,
    section: PcapngSection,
    packet: CapturedPacket,
    body: number,
    end: number,
  ): void {
    if (end - body < 20) this.#tooShort(window, "packet block", body);
    const le = section.littleEndian;
    const view = window.view;
    const from = this.#interface(window, section, view.getUint16(body, le), body);
    packet.hasTimestamp = true;
    from.scale.convert(view.getUint32(body + 4, le), view.getUint32(body + 8, le), packet);
    this.#data(
      window,
      packet,
      from,
      view.getUint32(body + 12, le),
      view.getUint32(body + 16, le),
      body + 20,
      end,
    );
  }

  #simplePacket(
    window: ByteWindow,
    section: PcapngSection,
    packet: CapturedPacket,
    body: number,
    end: number,
  ): void {
    if (end - body < 4) this.#tooShort(window, "simple packet block", body);
    const from = this.#interface(window, section, 0, body);
    const length = window.view.getUint32(body, section.littleEndian);
    packet.hasTimestamp = false;
    packet.seconds = 0;
    packet.nanoseconds = 0;
    // The block says how long the packet was, not how much of it was kept: that is the snapshot length.
    const captured = from.snapLength === 0 ? length : Math.min(length, from.snapLength);
    this.#data(window, packet, from, captured, length, body + 4, end);
    packet.optionsStart = packet.optionsEnd = 0;
  }

  /** Checks and notes a packet's bytes, which start at `start`, and its options, which end at `end`. */
  #data(
    window: ByteWindow,
    packet: CapturedPacket,
    from: CaptureInterface,
    captured: number,
    length: number,
    start: number,
    end: number,
  ): void {
    const limit = maximumSnapLength(from.linkType);
    if (captured > limit || captured > end - start) {
      const bound = captured > limit ? `${limit} of its link type` : `${end - start} of its block`;
      throw new CaptureFormatError(
        `packet ${packet.number + 1} claims ${captured} captured bytes, more than the ${bound}: the file is damaged`,
        { offset: window.base + start },
      );
    }
    packet.interface = from;
    packet.buffer = window.bytes;
    packet.offset = start;
    packet.capturedLength = captured;
    packet.length = length;
    packet.optionsBuffer = window.bytes;
    packet.optionsStart = Math.min(end, start + ((captured + 3) & ~3));
    packet.optionsEnd = end;
    packet.optionsOffset = window.base + packet.optionsStart;
  }

  #interface(window: ByteWindow, section: PcapngSection, index: number, body: number): CaptureInterface {
    const found = section.interfaces[index];
    if (found !== undefined) return found;
    throw new CaptureFormatError(
      `a packet names interface ${index}, but the section has described ${section.interfaces.length} so far`,
      { offset: window.base + body },
    );
  }

  #tooShort(window: ByteWindow, block: string, body: number): never {
    throw new CaptureFormatError("the block is too short", { offset: window.base + body, section: block });
  }
}
