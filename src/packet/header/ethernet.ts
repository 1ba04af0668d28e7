import { formatMac, parseMac } from "../address/mac-address.js";
import { EtherType } from "../ether-type.js";
import { field, type Layer } from "../layer.js";

export const ETHERNET_HEADER = 14;

/** An Ethernet II header; of an IEEE 802.3 one, `etherType` is the length (below 1536). */
export interface EthernetHeader {
  destination: string;
  source: string;
  etherType: number;
}

/** The header at `at`, or undefined where the bytes end before it does. */
export function parseEthernet(bytes: Uint8Array, at = 0, end = bytes.length): EthernetHeader | undefined {
  if (end - at < ETHERNET_HEADER) return undefined;
  return {
    destination: formatMac(bytes, at),
    source: formatMac(bytes, at + 6),
    etherType: (bytes[at + 12] << 8) | bytes[at + 13],
  };
}

/**
 * An Ethernet header to build. The addresses are 02:00:00:00:00:02 (to) and 02:00:00:00:00:01 (from)
 * unless given. `minimumLength` pads the frame with zeroes: 60 is what a wire carries at least.
 */
export function ethernet(fields: Partial<EthernetHeader> & { minimumLength?: number } = {}): Layer {
  const destination = parseMac(fields.destination ?? "02:00:00:00:00:02");
  const source = parseMac(fields.source ?? "02:00:00:00:00:01");
  return {
    size: ETHERNET_HEADER,
    etherType: EtherType.TransparentEthernet,
    minimumLength: fields.minimumLength ?? 0,
    write: ({ bytes, view, at, above }) => {
      bytes.set(destination, at);
      bytes.set(source, at + 6);
      const type = fields.etherType ?? above?.etherType ?? EtherType.LocalExperimental;
      view.setUint16(at + 12, field("etherType", type, 16));
    },
  };
}
