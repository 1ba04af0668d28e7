import { EtherType } from "../../ether-type.js";

/** EtherTypes, beyond those that this room reads, that have names in filters; IEEE 802, RFC 9542. */
export const FilterEtherType = {
  XeroxNs: 0x0600,
  MopDl: 0x6001,
  MopRc: 0x6002,
  DecNet: 0x6003,
  Lat: 0x6004,
  Sca: 0x6007,
  AppleTalk: 0x809b,
  AppleTalkArp: 0x80f3,
  Ipx: 0x8137,
  Loopback: 0x9000,
} as const;

/** Service access points of IEEE 802.2, which stand where an EtherType of 1,500 and less is asked for. */
export const LlcSap = {
  Ip: 0x06,
  SpanningTree: 0x42,
  Snap: 0xaa,
  Ipx: 0xe0,
  NetBeui: 0xf0,
  IsoNetwork: 0xfe,
} as const;

/** Names after `ether proto`. */
const linkProtocols: ReadonlyMap<string, number> = new Map<string, number>([
  ["aarp", FilterEtherType.AppleTalkArp],
  ["arp", EtherType.Arp],
  ["atalk", FilterEtherType.AppleTalk],
  ["decnet", FilterEtherType.DecNet],
  ["ip", EtherType.Ipv4],
  ["ip6", EtherType.Ipv6],
  ["lat", FilterEtherType.Lat],
  ["loopback", FilterEtherType.Loopback],
  ["mopdl", FilterEtherType.MopDl],
  ["moprc", FilterEtherType.MopRc],
  ["rarp", EtherType.ReverseArp],
  ["sca", FilterEtherType.Sca],
  ["iso", LlcSap.IsoNetwork],
  ["stp", LlcSap.SpanningTree],
  ["ipx", LlcSap.Ipx],
  ["netbeui", LlcSap.NetBeui],
]);

/** Network layer protocol identifiers (ISO/IEC TR 9577) of the protocols after `iso proto`. */
export const IsoProtocol = { Clnp: 0x81, EsIs: 0x82, IsIs: 0x83 } as const;

const isoProtocols: ReadonlyMap<string, number> = new Map<string, number>([
  ["clnp", IsoProtocol.Clnp],
  ["esis", IsoProtocol.EsIs],
  ["isis", IsoProtocol.IsIs],
]);

/** The EtherType, or 802.2 service access point, of a name after `ether proto`. */
export function linkProtocolNumber(name: string): number | undefined {
  return linkProtocols.get(name);
}

/** The identifier of a name after `iso proto`. */
export function isoProtocolNumber(name: string): number | undefined {
  return isoProtocols.get(name);
}
