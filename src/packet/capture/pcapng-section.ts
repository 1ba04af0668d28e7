import { CaptureFormatError } from "../../errors.js";
import type { CaptureInterface } from "./capture-interface.js";
import {
  BYTE_ORDER_MAGIC,
  COMMENT,
  InterfaceOption,
  MAXIMUM_INTERFACE_BYTES,
  MAXIMUM_INTERFACES,
} from "./pcapng-format.js";
import { forEachOption } from "./pcapng-options.js";
import { TimestampScale } from "./timestamp-scale.js";

const text = new TextDecoder();

/** A section's byte order from `view`'s byte-order magic at `at`, or undefined where that is none. */
export function sectionByteOrder(view: DataView, at: number): boolean | undefined {
  if (view.getUint32(at, true) === BYTE_ORDER_MAGIC) return true;
  if (view.getUint32(at, false) === BYTE_ORDER_MAGIC) return false;
  return undefined;
}

/** One section of a pcapng file: its byte order and the interfaces that its packets refer to. */
export class PcapngSection {
  readonly littleEndian: boolean;
  readonly interfaces: CaptureInterface[] = [];
  #interfaceBytes = 0;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  /**
   * Adds the interface whose description block's body is `bytes[start..end)`, at `fileOffset` of the
   * file. Throws CaptureFormatError where it is cut, contradicts itself, or is one too many.
   */
  addInterface(bytes: Uint8Array, view: DataView, start: number, end: number, fileOffset: number): void {
    const le = this.littleEndian;
    const section = "interface description block";
    const place = (at: number) => ({ offset: fileOffset + at - start, section });
    if (end - start < 8) throw new CaptureFormatError("the block is too short", place(start));
    this.#interfaceBytes += end - start;
    if (this.interfaces.length >= MAXIMUM_INTERFACES || this.#interfaceBytes > MAXIMUM_INTERFACE_BYTES) {
      throw new CaptureFormatError(
        `a section may describe at most ${MAXIMUM_INTERFACES} interfaces in ${MAXIMUM_INTERFACE_BYTES} bytes`,
        place(start),
      );
    }
    const facts: { -readonly [K in keyof CaptureInterface]?: CaptureInterface[K] } = {};
    const comments: string[] = [];
    let resolution: number | undefined;
    let offset: number | undefined;
    const demand = (length: number, wanted: number, name: string, at: number): void => {
      if (length === wanted) return;
      throw new CaptureFormatError(`${name} has ${length} bytes, not ${wanted}`, place(at));
    };
    const once = (value: unknown, name: string, at: number): void => {
      if (value !== undefined) throw new CaptureFormatError(`${name} is given twice`, place(at));
    };
    forEachOption(view, start + 8, end, le, place, (code, at, length) => {
      const string = (): string => text.decode(bytes.subarray(at, at + length));
      switch (code) {
        case COMMENT:
          comments.push(string());
          break;
        case InterfaceOption.Name:
          facts.name = string();
          break;
        case InterfaceOption.Description:
          facts.description = string();
          break;
        case InterfaceOption.Hardware:
          facts.hardware = string();
          break;
        case InterfaceOption.Os:
          facts.os = string();
          break;
        case InterfaceOption.Filter:
          // The first octet says what follows: 0 is a libpcap expression, 1 is BPF bytecode.
          if (length > 0 && bytes[at] === 0) facts.filter = text.decode(bytes.subarray(at + 1, at + length));
          break;
        case InterfaceOption.Speed:
          demand(length, 8, "if_speed", at);
          facts.speed = view.getBigUint64(at, le);
          break;
        case InterfaceOption.MacAddress:
          demand(length, 6, "if_MACaddr", at);
          facts.macAddress = bytes.slice(at, at + 6);
          break;
        case InterfaceOption.FcsLength:
          demand(length, 1, "if_fcslen", at);
          facts.fcsLength = bytes[at];
          break;
        case InterfaceOption.TimestampResolution:
          demand(length, 1, "if_tsresol", at);
          once(resolution, "if_tsresol", at);
          resolution = bytes[at];
          break;
        case InterfaceOption.TimestampOffset: {
          demand(length, 8, "if_tsoffset", at);
          once(offset, "if_tsoffset", at);
          offset = Number(view.getBigInt64(at, le));
          if (Math.abs(offset) > 2 ** 52) {
            throw new CaptureFormatError(`if_tsoffset is ${offset} seconds, which is no time`, place(at));
          }
          break;
        }
      }
    });
    this.interfaces.push({
      ...facts,
      index: this.interfaces.length,
      linkType: view.getUint16(start, le),
      snapLength: view.getUint32(start + 4, le),
      comments,
      scale: new TimestampScale(resolution, offset),
    });
  }
}
