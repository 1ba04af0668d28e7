import { EtherType } from "./ether-type.js";
import type { SkBuff } from "./sk-buff.js";
import { SkbField } from "./skb-field.js";

const IpProtocol = {
  HopByHop: 0,
  Ipip: 4,
  Tcp: 6,
  Udp: 17,
  Dccp: 33,
  Ipv6: 41,
  Routing: 43,
  Fragment: 44,
  Gre: 47,
  Esp: 50,
  Ah: 51,
  DestinationOptions: 60,
  Sctp: 132,
  UdpLite: 136,
  Mpls: 137,
} as const;

/** EtherTypes for PPP's protocol numbers. */
const BEHIND_PPP = new Map<number, number>([
  [0x21, EtherType.Ipv4],
  [0x57, EtherType.Ipv6],
  [0x281, EtherType.MplsUnicast],
  [0x283, EtherType.MplsMulticast],
]);
const GreFlag = { Checksum: 0x8000, Routing: 0x4000, Key: 0x2000, Sequence: 0x1000, Ack: 0x80 } as const;
/** Headers behind one another that are looked at (MAX_FLOW_DISSECT_HDRS). */
const MAX_HEADERS = 15;

/** Where the ports, or a security association's index, stand in a header (include/linux/in.h, proto_ports_offset). */
const PORTS_AT = new Map<number, number>([
  [IpProtocol.Tcp, 0],
  [IpProtocol.Udp, 0],
  [IpProtocol.Dccp, 0],
  [IpProtocol.Esp, 0],
  [IpProtocol.Sctp, 0],
  [IpProtocol.UdpLite, 0],
  [IpProtocol.Ah, 4],
]);

/** What tells a packet's flow from others (struct flow_keys). */
export interface FlowKeys {
  /** The innermost EtherType and IP protocol. */
  protocol: number;
  ipProtocol: number;
  flowLabel: number;
  /** Of the outermost VLAN tag: its number, priority and EtherType, and the EtherType behind it. */
  vlan: readonly number[];
  greKey: number;
  ports: readonly [source: number, destination: number];
  /** The innermost addresses, 4 or 16 bytes; none of what is no IP. */
  source: Uint8Array;
  destination: Uint8Array;
}

/** How to go on: with the header of an EtherType, with that of an IP protocol, or not at all. */
type Next = "protocol" | "ip protocol" | "stop";

/**
 * Looks through a packet's headers as net/core/flow_dissector.c, __skb_flow_dissect does for skb_get_hash:
 * through VLAN tags, PPPoE, HSR, batman-adv and tunnels, up to an IPv6 flow label. TIPC's key is left
 * out: as in kernels built without TIPC, its packets are one flow.
 */
class Dissection {
  readonly keys: FlowKeys;
  readonly #packet: SkBuff;
  readonly #view: DataView;
  #at: number;
  #tags = 0;
  /** Whether an IPv6 fragment header was there: what is behind it may be anything. */
  #isFragment = false;

  constructor(view: DataView, packet: SkBuff) {
    this.#view = view;
    this.#packet = packet;
    this.#at = packet.networkOffset;
    const isTagged = packet.get(SkbField.VlanPresent) !== 0;
    this.keys = {
      protocol: isTagged ? view.getUint16(packet.context + SkbField.VlanProto, false) : packet.protocol,
      ipProtocol: 0,
      flowLabel: 0,
      vlan: [],
      greKey: 0,
      ports: [0, 0],
      source: new Uint8Array(0),
      destination: new Uint8Array(0),
    };
  }

  run(): FlowKeys {
    let next: Next = "protocol";
    for (let headers = 0; next !== "stop" && headers <= MAX_HEADERS; headers++) {
      if (next === "protocol") next = this.#protocol();
      if (next === "ip protocol") next = this.#ipProtocol();
    }
    return this.keys;
  }

  #holds(length: number): boolean {
    return this.#packet.holds(this.#at, length);
  }

  #u8(offset: number): number {
    return this.#view.getUint8(this.#packet.at(this.#at + offset));
  }

  #u16(offset: number): number {
    return this.#view.getUint16(this.#packet.at(this.#at + offset), false);
  }

  #u32(offset: number): number {
    return this.#view.getUint32(this.#packet.at(this.#at + offset), false);
  }

  #bytes(offset: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => this.#u8(offset + index));
  }

  #protocol(): Next {
    switch (this.keys.protocol) {
      case EtherType.Ipv4:
        return this.#ipv4();
      case EtherType.Ipv6:
        return this.#ipv6();
      case EtherType.Vlan:
      case EtherType.ServiceVlan:
        return this.#vlan();
      case EtherType.PppSession:
        return this.#pppoe();
      case EtherType.Hsr:
      case EtherType.Prp:
        return this.#holds(6) ? this.#behind(this.#u16(4), 6) : "stop";
      case EtherType.Batman:
        return this.#batman();
      default:
        return "stop";
    }
  }

  #behind(protocol: number, length: number): Next {
    this.keys.protocol = protocol;
    this.#at += length;
    return "protocol";
  }

  #ipv4(): Next {
    const length = this.#holds(20) ? (this.#u8(0) & 0xf) * 4 : 0;
    if (length < 20) return "stop";
    this.keys.ipProtocol = this.#u8(9);
    this.keys.source = this.#bytes(12, 4);
    this.keys.destination = this.#bytes(16, 4);
    // More fragments, or not the first one.
    const isFragment = (this.#u16(6) & 0x3fff) !== 0;
    this.#at += length;
    return isFragment ? "stop" : "ip protocol";
  }

  #ipv6(): Next {
    if (!this.#holds(40)) return "stop";
    this.keys.ipProtocol = this.#u8(6);
    this.keys.source = this.#bytes(8, 16);
    this.keys.destination = this.#bytes(24, 16);
    const label = this.#u32(0) & 0xfffff;
    this.#at += 40;
    if (label === 0) return "ip protocol";
    this.keys.flowLabel = label;
    return "stop";
  }

  #vlan(): Next {
    const { protocol } = this.keys;
    // The outermost tag may be beside the packet, not in it.
    const isBeside = this.#tags === 0 && this.#packet.get(SkbField.VlanPresent) !== 0;
    if (!isBeside && !this.#holds(4)) return "stop";
    const tci = isBeside ? this.#packet.get(SkbField.VlanTci) : this.#u16(0);
    const type = isBeside ? this.#packet.protocol : this.#u16(2);
    if (this.#tags++ === 0) this.keys.vlan = [tci & 0xfff, tci >> 13, protocol, type];
    return this.#behind(type, isBeside ? 0 : 4);
  }

  #pppoe(): Next {
    // Version and type 1, code 0: RFC 2516. A PPP type of one byte is none, as RFC 2516 forbids it.
    if (!this.#holds(8) || this.#u16(0) !== 0x1100) return "stop";
    const type = BEHIND_PPP.get(this.#u16(6));
    return type === undefined ? "stop" : this.#behind(type, 8);
  }

  /** batman-adv's unicast packet: version 15, with an Ethernet header in it. */
  #batman(): Next {
    const isUnicast = this.#holds(24) && this.#u8(0) === 0x40 && this.#u8(1) === 15;
    return isUnicast ? this.#behind(this.#u16(22), 24) : "stop";
  }

  #ipProtocol(): Next {
    const next = this.#behindIp();
    // Each IP header's own ports: of a tunnel's there are none.
    if (!this.#isFragment) this.keys.ports = this.#ports();
    return next;
  }

  #behindIp(): Next {
    switch (this.keys.ipProtocol) {
      case IpProtocol.Gre:
        return this.#gre();
      case IpProtocol.HopByHop:
      case IpProtocol.Routing:
      case IpProtocol.DestinationOptions:
        if (this.keys.protocol !== EtherType.Ipv6 || !this.#holds(2)) return "stop";
        this.keys.ipProtocol = this.#u8(0);
        this.#at += (this.#u8(1) + 1) * 8;
        return "ip protocol";
      case IpProtocol.Fragment:
        if (this.keys.protocol !== EtherType.Ipv6 || !this.#holds(8)) return "stop";
        this.keys.ipProtocol = this.#u8(0);
        this.#isFragment = true;
        return "stop";
      case IpProtocol.Ipip:
        return this.#behind(EtherType.Ipv4, 0);
      case IpProtocol.Ipv6:
        return this.#behind(EtherType.Ipv6, 0);
      case IpProtocol.Mpls:
        return this.#behind(EtherType.MplsUnicast, 0);
      default:
        return "stop";
    }
  }

  #ports(): readonly [number, number] {
    const at = PORTS_AT.get(this.keys.ipProtocol);
    return at === undefined || !this.#holds(at + 4) ? [0, 0] : [this.#u16(at), this.#u16(at + 2)];
  }

  /** GRE without routing: of version 0, and PPTP's of version 1 (RFC 2784, RFC 2890, RFC 2637). */
  #gre(): Next {
    if (!this.#holds(4)) return "stop";
    const flags = this.#u16(0);
    const version = flags & 7;
    if ((flags & GreFlag.Routing) !== 0 || version > 1) return "stop";
    this.keys.protocol = this.#u16(2);
    const isPptp = this.keys.protocol === EtherType.PppInGre && (flags & GreFlag.Key) !== 0;
    if (version === 1 && !isPptp) return "stop";

    let length = (flags & GreFlag.Checksum) === 0 ? 4 : 8;
    if ((flags & GreFlag.Key) !== 0) {
      if (!this.#holds(length + 4)) return "stop";
      // In PPTP's key the first half is a length.
      this.keys.greKey = version === 0 ? this.#u32(length) : this.#u16(length + 2);
      length += 4;
    }
    if ((flags & GreFlag.Sequence) !== 0) length += 4;
    return version === 0 ? this.#greVersion0(length) : this.#pptp(length, flags);
  }

  #greVersion0(length: number): Next {
    if (this.keys.protocol !== EtherType.TransparentBridging) return this.#behind(this.keys.protocol, length);
    return this.#holds(length + 14) ? this.#behind(this.#u16(length + 12), length + 14) : "stop";
  }

  #pptp(withoutAck: number, flags: number): Next {
    const length = withoutAck + ((flags & GreFlag.Ack) === 0 ? 0 : 4);
    if (!this.#holds(length + 4)) return "stop";
    const type = BEHIND_PPP.get(this.#u16(length + 2));
    const isIp = type === EtherType.Ipv4 || type === EtherType.Ipv6;
    return this.#behind(isIp ? type : this.keys.protocol, length + 4);
  }
}

/** The keys of a packet's flow. */
export function flowKeys(view: DataView, packet: SkBuff): FlowKeys {
  return new Dissection(view, packet).run();
}
