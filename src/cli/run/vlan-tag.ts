import { SkbField } from "../../vm/index.js";

/** Destination and source address, behind which a tag goes. */
const ADDRESSES = 12;
export const VLAN_TAG = 4;

/**
 * The tag that a packet has beside it rather than in it (skb->vlan_tci), or undefined: on the wire, and
 * in every capture, it stands in the packet. `context` is struct __sk_buff.
 */
export function tagBeside(
  context: DataView,
): { readonly protocol: number; readonly tci: number } | undefined {
  if (context.getUint32(SkbField.VlanPresent, true) === 0) return undefined;
  return {
    protocol: context.getUint16(SkbField.VlanProto, false),
    tci: context.getUint32(SkbField.VlanTci, true) & 0xffff,
  };
}

/** The packet with the tag in it. */
export function withTag(
  packet: Uint8Array,
  tag: { readonly protocol: number; readonly tci: number },
): Uint8Array {
  const tagged = new Uint8Array(packet.length + VLAN_TAG);
  tagged.set(packet.subarray(0, ADDRESSES));
  const view = new DataView(tagged.buffer);
  view.setUint16(ADDRESSES, tag.protocol);
  view.setUint16(ADDRESSES + 2, tag.tci);
  tagged.set(packet.subarray(ADDRESSES), ADDRESSES + VLAN_TAG);
  return tagged;
}
