/** EtherTypes that a packet's headers are told apart by (include/uapi/linux/if_ether.h), host byte order. */
export const EtherType = {
  /** What stands for frames of IEEE 802.3 that have a length instead: Novell's, and those with LLC. */
  Novell: 0x0001,
  Llc: 0x0004,
  /** The lowest number that is a type and not a length. */
  Lowest: 0x0600,
  Ipv4: 0x0800,
  Batman: 0x4305,
  TransparentBridging: 0x6558,
  Vlan: 0x8100,
  Ipv6: 0x86dd,
  PppInGre: 0x880b,
  MplsUnicast: 0x8847,
  MplsMulticast: 0x8848,
  PppSession: 0x8864,
  ServiceVlan: 0x88a8,
  Prp: 0x88fb,
  Hsr: 0x892f,
} as const;

export function isVlan(etherType: number): boolean {
  return etherType === EtherType.Vlan || etherType === EtherType.ServiceVlan;
}
