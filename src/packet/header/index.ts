/**
 * One file per protocol: its header read from bytes (`parseX`, undefined where it is not whole) and
 * written as a layer of `buildPacket` (`x()`). Imports addresses, checksums and the layer contract.
 */
export { type ArpHeader, ArpOperation, arp, parseArp } from "./arp.js";
export { type EthernetHeader, ethernet, parseEthernet } from "./ethernet.js";
export { type GeneveHeader, geneve, parseGeneve } from "./geneve.js";
export { type GreHeader, gre, parseGre } from "./gre.js";
export { type IcmpHeader, IcmpType, icmp, icmpEcho, parseIcmp } from "./icmp.js";
export { type Icmpv6Header, Icmpv6Type, icmpv6, icmpv6Echo, parseIcmpv6 } from "./icmpv6.js";
export { type Ipv4Header, ipv4, parseIpv4Header } from "./ipv4.js";
export { type Ipv4Option, ipv4Options, parseIpv4Options } from "./ipv4-options.js";
export { type Ipv6Header, ipv6, parseIpv6Header } from "./ipv6.js";
export {
  destinationOptions,
  fragment,
  hopByHop,
  type Ipv6Chain,
  type Ipv6Extension,
  type Ipv6Fragment,
  routing,
  walkIpv6Extensions,
} from "./ipv6-extension.js";
export {
  type NeighborDiscovery,
  type NeighborOption,
  neighborDiscovery,
  parseNeighborDiscovery,
} from "./neighbor-discovery.js";
export { parseSctp, type SctpHeader, sctp } from "./sctp.js";
export { parseTcp, TcpFlag, type TcpHeader, tcp } from "./tcp.js";
export type { TcpOption } from "./tcp-options.js";
export { parseUdp, type UdpHeader, udp } from "./udp.js";
export { parseVlan, type VlanHeader, vlan } from "./vlan.js";
export { parseVxlan, type VxlanHeader, vxlan } from "./vxlan.js";
