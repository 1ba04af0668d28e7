import { field, type Layer } from "../layer.js";

export const VXLAN_HEADER = 8;
export const VXLAN_PORT = 4789;
const VNI_PRESENT = 0x08;

/** A VXLAN header, RFC 7348 §5; an Ethernet frame follows. */
export interface VxlanHeader {
  /** The first octet; 0x08 says that the network identifier is valid. */
  flags: number;
  /** VXLAN network identifier, 24 bits. */
  vni: number;
}

/** The header at `at`, or undefined where the bytes end before it does. */
export function parseVxlan(bytes: Uint8Array, at: number, end = bytes.length): VxlanHeader | undefined {
  if (end - at < VXLAN_HEADER) return undefined;
  return { flags: bytes[at], vni: (bytes[at + 4] << 16) | (bytes[at + 5] << 8) | bytes[at + 6] };
}

/** A VXLAN header to build; a `udp()` below takes port 4789. */
export function vxlan(fields: Partial<VxlanHeader> = {}): Layer {
  return {
    size: VXLAN_HEADER,
    udpPort: VXLAN_PORT,
    write: ({ view, at }) => {
      view.setUint8(at, field("flags", fields.flags ?? VNI_PRESENT, 8));
      view.setUint32(at + 4, field("vni", fields.vni ?? 0, 24) * 256);
    },
  };
}
