import type { CapturedPacket } from "./captured-packet.js";
import { LinkType } from "./link-type.js";

/** Destination 02:00:00:00:00:02 and source 02:00:00:00:00:01: locally administered, so nobody's. */
const ADDRESSES = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
const HEADER = 14;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
/** Reserved by RFC 1701 as no protocol: given to what claims to be IP and is of neither version. */
const NEITHER = 0xffff;

/** Does a packet of this link type start with an IP header? */
export function isRawIp(linkType: number): boolean {
  switch (linkType) {
    case LinkType.Raw:
    case LinkType.RawBsd:
    case LinkType.RawOpenBsd:
    case LinkType.Ipv4:
    case LinkType.Ipv6:
      return true;
    default:
      return false;
  }
}

/** Puts an Ethernet header before raw IP packets, in a buffer of its own that is used again and again. */
export class RawIpWrapper {
  #buffer = new Uint8Array(0);

  /** Points `packet` at its wrapped form, 14 bytes longer. */
  wrap(packet: CapturedPacket): void {
    const needed = packet.capturedLength + HEADER;
    if (this.#buffer.length < needed) {
      this.#buffer = new Uint8Array(Math.max(2048, needed * 2));
      this.#buffer.set(ADDRESSES);
    }
    const type = etherTypeOf(packet);
    this.#buffer[12] = type >>> 8;
    this.#buffer[13] = type & 0xff;
    packet.copyTo(this.#buffer, HEADER);
    packet.buffer = this.#buffer;
    packet.offset = 0;
    packet.capturedLength = needed;
    packet.length += HEADER;
  }
}

function etherTypeOf(packet: CapturedPacket): number {
  const linkType = packet.interface.linkType;
  if (linkType === LinkType.Ipv4) return IPV4;
  if (linkType === LinkType.Ipv6) return IPV6;
  const version = packet.capturedLength === 0 ? 0 : packet.buffer[packet.offset] >>> 4;
  return version === 4 ? IPV4 : version === 6 ? IPV6 : NEITHER;
}
