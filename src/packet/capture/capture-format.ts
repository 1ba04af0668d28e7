import { CaptureFormatError, NotSupportedError } from "../../errors.js";
import { pcapByteOrder } from "./pcap-decoder.js";
import { Block } from "./pcapng-format.js";

/** How many first bytes of a file tell its format. */
export const SIGNATURE = 4;

export type CaptureFormat = "pcap" | "pcapng" | "gzip";

/** Files that are given where a capture is expected, and what to do with each. */
const others: readonly { start: readonly number[] | string; what: string; remedy: string }[] = [
  { start: "snoo", what: "a Solaris snoop capture", remedy: "convert it with editcap" },
  { start: "GMBU", what: "a Microsoft Network Monitor 2 capture", remedy: "convert it with editcap" },
  { start: "RTSS", what: "a Microsoft Network Monitor 1 capture", remedy: "convert it with editcap" },
  { start: "XCP\0", what: "a NetXRay or Sniffer capture", remedy: "convert it with editcap" },
  { start: "TRSN", what: "a Network General Sniffer capture", remedy: "convert it with editcap" },
  { start: "Obse", what: "a Network Instruments Observer capture", remedy: "convert it with editcap" },
  { start: [0xa1, 0xb2, 0x34, 0xcd], what: "Mesquita's modified pcap", remedy: "convert it with editcap" },
  { start: [0xa1, 0x2b, 0x3c, 0x4d], what: "Navtel's modified pcap", remedy: "convert it with editcap" },
  { start: [0xa1, 0xe2, 0xcb, 0x12], what: "IXIA's modified pcap", remedy: "convert it with editcap" },
  { start: [0x1c, 0x00, 0x01, 0xac], what: "an IXIA lcap capture", remedy: "convert it with editcap" },
  { start: [0x1c, 0x00, 0x01, 0xab], what: "an IXIA lcap capture", remedy: "convert it with editcap" },
  { start: [0xa1, 0xb2, 0xc3, 0xcb], what: "a savefile of BPF code", remedy: "a capture is needed" },
  { start: [0x28, 0xb5, 0x2f, 0xfd], what: "compressed with zstd", remedy: "decompress it first" },
  { start: [0xfd, 0x37, 0x7a, 0x58], what: "compressed with xz", remedy: "decompress it first" },
  { start: [0x04, 0x22, 0x4d, 0x18], what: "compressed with lz4", remedy: "decompress it first" },
  { start: "BZh", what: "compressed with bzip2", remedy: "decompress it first" },
  { start: "PK\x03\x04", what: "a zip archive", remedy: "unpack it first" },
  { start: "\x7fELF", what: "an ELF object", remedy: "a capture is needed" },
];

/**
 * The format of the file that starts with `bytes`, `length` of which are there. Throws
 * NotSupportedError for a format known by name, CaptureFormatError for anything else.
 */
export function detectCaptureFormat(bytes: Uint8Array, length: number): CaptureFormat {
  if (length < SIGNATURE) {
    const what = length === 0 ? "the file is empty" : `the file has only ${length} bytes`;
    throw new CaptureFormatError(`${what}; a pcap file starts with a header of 24, a pcapng file of 28`, {
      offset: 0,
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, SIGNATURE);
  if (pcapByteOrder(view) !== undefined) return "pcap";
  if (view.getUint32(0) === Block.SectionHeader) return "pcapng";
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "gzip";
  for (const { start, what, remedy } of others) {
    const wanted = typeof start === "string" ? [...start].map((c) => c.charCodeAt(0)) : start;
    const reversed = typeof start === "string" ? wanted : [...start].reverse();
    if (wanted.every((byte, i) => bytes[i] === byte) || reversed.every((byte, i) => bytes[i] === byte)) {
      throw new NotSupportedError(
        "capture format",
        `the file is ${what}: ${remedy}; pcap and pcapng are read`,
      );
    }
  }
  const magic = view.getUint32(0).toString(16).padStart(8, "0");
  throw new CaptureFormatError(`the file starts with 0x${magic}: it is neither pcap nor pcapng`, {
    offset: 0,
  });
}
