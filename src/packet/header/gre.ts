import { internetChecksum } from "../checksum/internet-checksum.js";
import { EtherType } from "../ether-type.js";
import { IpProtocol } from "../ip-protocol.js";
import { field, type Layer } from "../layer.js";

const CHECKSUM_PRESENT = 0x8000;
const ROUTING_PRESENT = 0x4000;
const KEY_PRESENT = 0x2000;
const SEQUENCE_PRESENT = 0x1000;

/** A GRE header, RFC 2784 with the key and sequence number of RFC 2890. */
export interface GreHeader {
  headerLength: number;
  version: number;
  /** EtherType of what follows. */
  etherType: number;
  checksum?: number;
  key?: number;
  sequence?: number;
}

/** The header at `at`; undefined where it is cut, has the routing of RFC 1701, or is not version 0. */
export function parseGre(bytes: Uint8Array, at: number, end = bytes.length): GreHeader | undefined {
  if (end - at < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint16(at);
  const version = flags & 7;
  if (version !== 0 || (flags & ROUTING_PRESENT) !== 0) return undefined;
  const words = [CHECKSUM_PRESENT, KEY_PRESENT, SEQUENCE_PRESENT].filter(
    (flag) => (flags & flag) !== 0,
  ).length;
  const headerLength = 4 + words * 4;
  if (end - at < headerLength) return undefined;
  const header: GreHeader = { headerLength, version, etherType: view.getUint16(at + 2) };
  let field32 = at + 4;
  if ((flags & CHECKSUM_PRESENT) !== 0) {
    header.checksum = view.getUint16(field32);
    field32 += 4;
  }
  if ((flags & KEY_PRESENT) !== 0) {
    header.key = view.getUint32(field32);
    field32 += 4;
  }
  if ((flags & SEQUENCE_PRESENT) !== 0) header.sequence = view.getUint32(field32);
  return header;
}

/** A GRE header to build; `checksum: true` asks for a computed one, a number for that number. */
export function gre(
  fields: Partial<Omit<GreHeader, "headerLength" | "checksum">> & { checksum?: number | true } = {},
): Layer {
  const { checksum, key, sequence } = fields;
  const present = [checksum, key, sequence].filter((value) => value !== undefined).length;
  return {
    size: 4 + present * 4,
    ipProtocol: IpProtocol.Gre,
    write: ({ bytes, view, at, end, above }) => {
      const flags =
        (checksum === undefined ? 0 : CHECKSUM_PRESENT) |
        (key === undefined ? 0 : KEY_PRESENT) |
        (sequence === undefined ? 0 : SEQUENCE_PRESENT);
      view.setUint16(at, flags | field("version", fields.version ?? 0, 3));
      const type = fields.etherType ?? above?.etherType ?? EtherType.LocalExperimental;
      view.setUint16(at + 2, field("etherType", type, 16));
      let next = at + 4 + (checksum === undefined ? 0 : 4);
      if (key !== undefined) {
        view.setUint32(next, field("key", key, 32));
        next += 4;
      }
      if (sequence !== undefined) view.setUint32(next, field("sequence", sequence, 32));
      if (checksum !== undefined) {
        const value = checksum === true ? internetChecksum(bytes, at, end) : checksum;
        view.setUint16(at + 4, field("checksum", value, 16));
      }
    },
  };
}
