import { EtherType } from "../ether-type.js";
import { field, type Layer } from "../layer.js";

const FIXED = 8;
export const GENEVE_PORT = 6081;

/** A Geneve header, RFC 8926 §3.4. */
export interface GeneveHeader {
  version: number;
  /** Bytes, options included. */
  headerLength: number;
  /** The O bit: a control packet. */
  control: boolean;
  /** The C bit: critical options are present. */
  critical: boolean;
  /** EtherType of what follows. */
  etherType: number;
  /** Virtual network identifier, 24 bits. */
  vni: number;
  /** Option bytes as they are, a multiple of 4. */
  options: Uint8Array;
}

/** The header at `at`, or undefined where it is cut or is not version 0. */
export function parseGeneve(bytes: Uint8Array, at: number, end = bytes.length): GeneveHeader | undefined {
  if (end - at < FIXED) return undefined;
  const version = bytes[at] >>> 6;
  const headerLength = FIXED + (bytes[at] & 0x3f) * 4;
  if (version !== 0 || end - at < headerLength) return undefined;
  return {
    version,
    headerLength,
    control: (bytes[at + 1] & 0x80) !== 0,
    critical: (bytes[at + 1] & 0x40) !== 0,
    etherType: (bytes[at + 2] << 8) | bytes[at + 3],
    vni: (bytes[at + 4] << 16) | (bytes[at + 5] << 8) | bytes[at + 6],
    options: bytes.slice(at + FIXED, at + headerLength),
  };
}

/** A Geneve header to build; a `udp()` below takes port 6081. Throws RangeError for options that are no multiple of 4. */
export function geneve(fields: Partial<Omit<GeneveHeader, "headerLength">> = {}): Layer {
  const options = fields.options ?? new Uint8Array(0);
  if (options.length % 4 !== 0)
    throw new RangeError(`${options.length} bytes of Geneve options: no multiple of 4`);
  const words = field("options length / 4", options.length / 4, 6);
  return {
    size: FIXED + options.length,
    udpPort: GENEVE_PORT,
    write: ({ bytes, view, at, above }) => {
      view.setUint8(at, (field("version", fields.version ?? 0, 2) << 6) | words);
      view.setUint8(at + 1, (fields.control === true ? 0x80 : 0) | (fields.critical === true ? 0x40 : 0));
      const type = fields.etherType ?? above?.etherType ?? EtherType.LocalExperimental;
      view.setUint16(at + 2, field("etherType", type, 16));
      view.setUint32(at + 4, field("vni", fields.vni ?? 0, 24) * 256);
      bytes.set(options, at + FIXED);
    },
  };
}
