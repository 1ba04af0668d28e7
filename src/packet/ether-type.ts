/** EtherTypes that this room reads or writes; IEEE 802 numbers, IANA. */
export const EtherType = {
  Ipv4: 0x0800,
  Arp: 0x0806,
  /** An Ethernet frame within GRE or Geneve. */
  TransparentEthernet: 0x6558,
  ReverseArp: 0x8035,
  Vlan: 0x8100,
  Ipv6: 0x86dd,
  Mpls: 0x8847,
  PppoeDiscovery: 0x8863,
  PppoeSession: 0x8864,
  Eapol: 0x888e,
  QinQ: 0x88a8,
  LocalExperimental: 0x88b5,
  Lldp: 0x88cc,
  /** Service tags before 802.1ad was written. */
  QinQ9100: 0x9100,
} as const;

/** Below this, an Ethernet header's last field is a length (IEEE 802.3), not a type. */
export const SMALLEST_ETHER_TYPE = 0x0600;

/** Does this EtherType announce a VLAN tag? */
export function isVlanType(etherType: number): boolean {
  return etherType === EtherType.Vlan || etherType === EtherType.QinQ || etherType === EtherType.QinQ9100;
}
