import { EtherType, isVlanType, SMALLEST_ETHER_TYPE } from "./ether-type.js";
import { type ArpHeader, parseArp } from "./header/arp.js";
import { ETHERNET_HEADER, type EthernetHeader, parseEthernet } from "./header/ethernet.js";
import { GENEVE_PORT, type GeneveHeader, parseGeneve } from "./header/geneve.js";
import { type GreHeader, parseGre } from "./header/gre.js";
import { type IcmpHeader, parseIcmp } from "./header/icmp.js";
import { type Icmpv6Header, parseIcmpv6 } from "./header/icmpv6.js";
import { type Ipv4Header, parseIpv4Header } from "./header/ipv4.js";
import { IPV6_HEADER, type Ipv6Header, parseIpv6Header } from "./header/ipv6.js";
import { type Ipv6Chain, walkIpv6Extensions } from "./header/ipv6-extension.js";
import { parseSctp, SCTP_HEADER, type SctpHeader } from "./header/sctp.js";
import { parseTcp, type TcpHeader } from "./header/tcp.js";
import { parseUdp, UDP_HEADER, type UdpHeader } from "./header/udp.js";
import { parseVlan, VLAN_HEADER, type VlanHeader } from "./header/vlan.js";
import { parseVxlan, VXLAN_HEADER, VXLAN_PORT, type VxlanHeader } from "./header/vxlan.js";
import { IpProtocol } from "./ip-protocol.js";

/** Header types by the name that a dissected layer has. */
export interface HeaderByName {
  ethernet: EthernetHeader;
  vlan: VlanHeader;
  arp: ArpHeader;
  ipv4: Ipv4Header;
  ipv6: Ipv6Header;
  /** The extension headers of an IPv6 packet that has any. */
  "ipv6-extensions": Ipv6Chain;
  icmp: IcmpHeader;
  icmpv6: Icmpv6Header;
  tcp: TcpHeader;
  udp: UdpHeader;
  sctp: SctpHeader;
  gre: GreHeader;
  vxlan: VxlanHeader;
  geneve: GeneveHeader;
}

export type LayerName = keyof HeaderByName;

/** A header that was found, and where. */
export type DissectedLayer = {
  [N in LayerName]: {
    name: N;
    header: HeaderByName[N];
    /** Index of the first byte of the header, and of the first behind it. */
    at: number;
    payloadAt: number;
    /** Index behind the last byte that belongs to it by its own and its carriers' lengths. */
    end: number;
  };
}[LayerName];

/** What `dissect` found. */
export interface Dissection {
  /** Outermost first; of a tunnelled packet, the inner headers too. */
  layers: DissectedLayer[];
  /** Where the last header's payload is. */
  payloadAt: number;
  payloadEnd: number;
  /** The header that should have followed, had it not been cut or damaged. */
  broken?: LayerName;
}

/** Tunnels within tunnels beyond this are left as payload. */
const DEEPEST = 32;

/**
 * The headers of an Ethernet frame as far as they can be read. Never throws: of a damaged packet, what
 * stands before the damage is given and `broken` names what is not whole.
 */
export function dissect(frame: Uint8Array): Dissection {
  const walk = new Walk(frame);
  walk.ethernet(0, frame.length);
  return walk.result;
}

/** The outermost header of that name, or undefined where the dissected packet has none. */
export function findLayer<N extends LayerName>(
  dissection: Dissection,
  name: N,
): Extract<DissectedLayer, { name: N }> | undefined {
  return dissection.layers.find(
    (layer): layer is Extract<DissectedLayer, { name: N }> => layer.name === name,
  );
}

class Walk {
  readonly result: Dissection;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.result = { layers: [], payloadAt: 0, payloadEnd: bytes.length };
  }

  ethernet(at: number, end: number): void {
    const header = parseEthernet(this.#bytes, at, end);
    const next = at + ETHERNET_HEADER;
    if (this.#found("ethernet", header, at, next, end)) this.#etherType(header.etherType, next, end);
  }

  #found<N extends LayerName>(
    name: N,
    header: HeaderByName[N] | undefined,
    at: number,
    payloadAt: number,
    end: number,
  ): header is HeaderByName[N] {
    if (header === undefined) {
      this.result.broken = name;
      this.result.payloadAt = at;
      this.result.payloadEnd = end;
      return false;
    }
    this.result.layers.push({ name, header, at, payloadAt, end } as DissectedLayer);
    this.result.payloadAt = Math.min(payloadAt, end);
    this.result.payloadEnd = end;
    return this.result.layers.length < DEEPEST;
  }

  #etherType(type: number, at: number, end: number): void {
    const bytes = this.#bytes;
    if (type < SMALLEST_ETHER_TYPE) return;
    if (isVlanType(type)) {
      const header = parseVlan(bytes, at, end);
      const next = at + VLAN_HEADER;
      if (this.#found("vlan", header, at, next, end)) this.#etherType(header.etherType, next, end);
      return;
    }
    switch (type) {
      case EtherType.Arp:
      case EtherType.ReverseArp:
        this.#found("arp", parseArp(bytes, at, end), at, end, end);
        break;
      case EtherType.Ipv4:
        this.#ipv4(at, end);
        break;
      case EtherType.Ipv6:
        this.#ipv6(at, end);
        break;
      case EtherType.TransparentEthernet:
        this.ethernet(at, end);
        break;
    }
  }

  #ipv4(at: number, limit: number): void {
    const header = parseIpv4Header(this.#bytes, at, limit);
    if (header === undefined) {
      this.#found("ipv4", header, at, at, limit);
      return;
    }
    // A total length of 0 is what segmentation offload leaves (tcpdump, print-ip.c): all there is.
    const claimed = header.totalLength === 0 ? limit - at : header.totalLength;
    const end = Math.min(limit, at + Math.max(claimed, header.headerLength));
    const next = at + header.headerLength;
    if (!this.#found("ipv4", header, at, next, end)) return;
    if (header.fragmentOffset === 0) this.#ipProtocol(header.protocol, next, end);
  }

  #ipv6(at: number, limit: number): void {
    const header = parseIpv6Header(this.#bytes, at, limit);
    const start = at + IPV6_HEADER;
    // RFC 2675: with a jumbo payload the field is 0; then, all there is.
    const claimed = header === undefined || header.payloadLength === 0 ? limit - start : header.payloadLength;
    const end = Math.min(limit, start + claimed);
    if (!this.#found("ipv6", header, at, start, header === undefined ? limit : end)) return;
    const chain = walkIpv6Extensions(this.#bytes, header.nextHeader, start, end);
    if (chain.isCut) {
      this.#found("ipv6-extensions", undefined, start, start, end);
      return;
    }
    if (chain.extensions.length > 0 && !this.#found("ipv6-extensions", chain, start, chain.at, end)) return;
    if ((chain.fragment?.fragmentOffset ?? 0) === 0) this.#ipProtocol(chain.protocol, chain.at, end);
  }

  #ipProtocol(protocol: number, at: number, end: number): void {
    const bytes = this.#bytes;
    switch (protocol) {
      case IpProtocol.Icmp:
        this.#found("icmp", parseIcmp(bytes, at, end), at, at + 8, end);
        break;
      case IpProtocol.Icmpv6:
        this.#found("icmpv6", parseIcmpv6(bytes, at, end), at, at + 8, end);
        break;
      case IpProtocol.Tcp: {
        const header = parseTcp(bytes, at, end);
        this.#found("tcp", header, at, at + (header?.headerLength ?? 0), end);
        break;
      }
      case IpProtocol.Udp:
        this.#udp(at, end);
        break;
      case IpProtocol.Sctp:
        this.#found("sctp", parseSctp(bytes, at, end), at, at + SCTP_HEADER, end);
        break;
      case IpProtocol.Gre: {
        const header = parseGre(bytes, at, end);
        const next = at + (header?.headerLength ?? 0);
        if (this.#found("gre", header, at, next, end)) this.#etherType(header.etherType, next, end);
        break;
      }
      case IpProtocol.Ipv4:
        this.#ipv4(at, end);
        break;
      case IpProtocol.Ipv6:
        this.#ipv6(at, end);
        break;
    }
  }

  #udp(at: number, limit: number): void {
    const bytes = this.#bytes;
    const header = parseUdp(bytes, at, limit);
    const next = at + UDP_HEADER;
    const claimed = header === undefined || header.length < UDP_HEADER ? limit - at : header.length;
    const end = Math.min(limit, at + claimed);
    if (!this.#found("udp", header, at, next, end)) return;
    if (header.destinationPort === VXLAN_PORT) {
      const inner = next + VXLAN_HEADER;
      if (this.#found("vxlan", parseVxlan(bytes, next, end), next, inner, end)) this.ethernet(inner, end);
    } else if (header.destinationPort === GENEVE_PORT) {
      const geneve = parseGeneve(bytes, next, end);
      const inner = next + (geneve?.headerLength ?? 0);
      if (this.#found("geneve", geneve, next, inner, end)) this.#etherType(geneve.etherType, inner, end);
    }
  }
}
