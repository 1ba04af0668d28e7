import { EtherType } from "../ether-type.js";
import { field, type Layer } from "../layer.js";

export const VLAN_HEADER = 4;

/** An IEEE 802.1Q tag: what stands behind the EtherType that announces it. */
export interface VlanHeader {
  /** Priority code point, 0 to 7. */
  priority: number;
  dropEligible: boolean;
  /** VLAN identifier, 0 to 4095. */
  id: number;
  /** Of what follows the tag. */
  etherType: number;
}

/** The tag at `at` (behind 0x8100 or 0x88a8), or undefined where the bytes end before it does. */
export function parseVlan(bytes: Uint8Array, at: number, end = bytes.length): VlanHeader | undefined {
  if (end - at < VLAN_HEADER) return undefined;
  const control = (bytes[at] << 8) | bytes[at + 1];
  return {
    priority: control >>> 13,
    dropEligible: (control & 0x1000) !== 0,
    id: control & 0xfff,
    etherType: (bytes[at + 2] << 8) | bytes[at + 3],
  };
}

/** A VLAN tag to build; `type` is what announces it: 0x8100, or 0x88a8 for the outer tag of QinQ. */
export function vlan(fields: Partial<VlanHeader> & { type?: number }): Layer {
  return {
    size: VLAN_HEADER,
    etherType: fields.type ?? EtherType.Vlan,
    write: ({ view, at, above }) => {
      const priority = field("priority", fields.priority ?? 0, 3) << 13;
      const dropEligible = fields.dropEligible === true ? 0x1000 : 0;
      view.setUint16(at, priority | dropEligible | field("id", fields.id ?? 0, 12));
      const type = fields.etherType ?? above?.etherType ?? EtherType.LocalExperimental;
      view.setUint16(at + 2, field("etherType", type, 16));
    },
  };
}
