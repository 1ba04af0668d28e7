import { CaptureFormatError } from "../../errors.js";
import type { ByteWindow } from "./byte-window.js";
import type { CaptureDecoder } from "./capture-decoder.js";
import type { CaptureInterface } from "./capture-interface.js";
import type { CapturedPacket } from "./captured-packet.js";
import { LinkType, maximumSnapLength } from "./link-type.js";
import {
  FILE_HEADER,
  KUZNETZOV_RECORD_HEADER,
  PCAP_KUZNETZOV,
  PCAP_MICROSECONDS,
  PCAP_NANOSECONDS,
  RECORD_HEADER,
} from "./pcap-format.js";
import { TimestampScale } from "./timestamp-scale.js";

/** Byte order of a pcap file by its first four bytes, or undefined where they are no pcap magic. */
export function pcapByteOrder(view: DataView): { littleEndian: boolean; magic: number } | undefined {
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === PCAP_MICROSECONDS || magic === PCAP_NANOSECONDS || magic === PCAP_KUZNETZOV) {
      return { littleEndian, magic };
    }
  }
  return undefined;
}

/** Before version 2.3 a record's two lengths stood in the other order; 2.3 itself was written both ways. */
type LengthOrder = "captured-first" | "captured-last" | "smaller-is-captured";

/** Reads the records of a pcap file of any of the four magics, or of Kuznetzov's two. */
export class PcapDecoder implements CaptureDecoder {
  readonly format = "pcap";
  readonly interfaces: readonly CaptureInterface[];
  readonly #littleEndian: boolean;
  readonly #recordHeader: number;
  readonly #nanosPerUnit: number;
  readonly #order: LengthOrder;
  readonly #snapLength: number;
  readonly #maximum: number;
  readonly #interface: CaptureInterface;

  /** Consumes the file header, all of which must be in the window. */
  constructor(window: ByteWindow) {
    const { littleEndian, magic } = pcapByteOrder(window.view)!;
    const view = window.view;
    const at = window.position;
    const major = view.getUint16(at + 4, littleEndian);
    const minor = view.getUint16(at + 6, littleEndian);
    const snapLength = view.getUint32(at + 16, littleEndian);
    const network = view.getUint32(at + 20, littleEndian);
    // libpcap, sf-pcap.c, pcap_check_header: 2.0 to 2.4, and 543.0 of DG/UX.
    if (!(major === 2 && minor <= 4) && !(major === 543 && minor === 0)) {
      throw new CaptureFormatError(
        `pcap version ${major}.${minor} is not known; versions 2.0 to 2.4 can be read`,
        { offset: window.offset + 4 },
      );
    }
    if ((network & 0x03ff0000) !== 0) {
      throw new CaptureFormatError(
        `the reserved bits of the link type field are not zero (0x${network.toString(16)}): the file is damaged`,
        { offset: window.offset + 20 },
      );
    }
    const linkType = network & 0xffff;
    const scale = new TimestampScale(magic === PCAP_NANOSECONDS ? 9 : 6);
    // draft-ietf-opsawg-pcap §4: bit 26 says that bits 28 to 31 hold the FCS length in 16-bit units.
    const fcs = (network & 0x04000000) !== 0 ? { fcsLength: (network >>> 28) * 2 } : {};
    this.#interface = { index: 0, linkType, snapLength, comments: [], scale, ...fcs };
    this.interfaces = [this.#interface];
    this.#littleEndian = littleEndian;
    this.#recordHeader = magic === PCAP_KUZNETZOV ? KUZNETZOV_RECORD_HEADER : RECORD_HEADER;
    this.#nanosPerUnit = magic === PCAP_NANOSECONDS ? 1 : 1000;
    this.#order =
      major === 543 || minor < 3 ? "captured-last" : minor === 3 ? "smaller-is-captured" : "captured-first";
    this.#maximum = maximumSnapLength(linkType);
    // libpcap, pcap-common.c, pcapint_adjust_snapshot: 0 and what is no int mean no limit. A patched
    // tcpdump may have added an Ethernet header to what it had cut, so its packets may be longer.
    const limit = snapLength === 0 || snapLength > 0x7fffffff ? this.#maximum : snapLength;
    this.#snapLength = magic === PCAP_KUZNETZOV && linkType === LinkType.Ethernet ? limit + 14 : limit;
    window.position += FILE_HEADER;
  }

  next(window: ByteWindow, packet: CapturedPacket): boolean {
    const header = this.#recordHeader;
    if (window.end - window.position < header) return false;
    const at = window.position;
    const view = window.view;
    const littleEndian = this.#littleEndian;
    let captured = view.getUint32(at + 8, littleEndian);
    let length = view.getUint32(at + 12, littleEndian);
    if (this.#order !== "captured-first" && (this.#order === "captured-last" || captured > length)) {
      [captured, length] = [length, captured];
    }
    if (captured > this.#maximum) {
      throw new CaptureFormatError(
        `packet ${packet.number + 1} claims ${captured} captured bytes, more than the ${this.#maximum} that ` +
          "any capture of this link type can have: the file is damaged from here on",
        { offset: window.offset + 8 },
      );
    }
    if (window.end - at - header < captured) return false;
    let seconds = view.getUint32(at, littleEndian);
    let nanoseconds = view.getUint32(at + 4, littleEndian) * this.#nanosPerUnit;
    if (nanoseconds >= 1e9) {
      const carry = Math.floor(nanoseconds / 1e9);
      seconds += carry;
      nanoseconds -= carry * 1e9;
    }
    packet.number++;
    packet.seconds = seconds;
    packet.nanoseconds = nanoseconds;
    packet.buffer = window.bytes;
    packet.offset = at + header;
    // libpcap, sf-pcap.c, pcap_next_packet: what exceeds the file's own snapshot length is discarded.
    packet.capturedLength = Math.min(captured, this.#snapLength);
    packet.length = length;
    packet.interface = this.#interface;
    window.position = at + header + captured;
    return true;
  }

  finish(window: ByteWindow): void {
    const got = window.available;
    if (got === 0) return;
    const header = this.#recordHeader;
    if (got < header) {
      throw new CaptureFormatError(
        `the file is cut off: ${got} of a packet header's ${header} bytes are there`,
        { offset: window.offset },
      );
    }
    const fields = [8, 12].map((at) => window.view.getUint32(window.position + at, this.#littleEndian));
    const captured =
      this.#order === "captured-last" || (this.#order === "smaller-is-captured" && fields[0] > fields[1])
        ? fields[1]
        : fields[0];
    throw new CaptureFormatError(
      `the file is cut off: ${got - header} of a packet's ${captured} bytes are there`,
      { offset: window.offset + header },
    );
  }
}
