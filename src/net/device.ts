/** An address of a device. */
export interface DeviceAddress {
  /** 4 or 16 bytes, network byte order. */
  readonly address: Uint8Array;
  readonly prefixLength: number;
  /** Where it means something: Scope.Universe by default. IPv6 addresses tell it themselves. */
  readonly scope?: number;
  /** IPv4: not the first address of its subnet; never chosen as a source. */
  readonly isSecondary?: boolean;
  /** IPv6: chosen as a source only if there is nothing better. */
  readonly isDeprecated?: boolean;
  /** IPv6: not yet known to be the device's own; never chosen as a source. */
  readonly isTentative?: boolean;
}

/** A network device as routing knows it. */
export interface Device {
  readonly ifindex: number;
  readonly name: string;
  /** Bytes of a packet without its link-layer header. */
  readonly mtu: number;
  /** 6 bytes. */
  readonly address: Uint8Array;
  /** Whether packets that came in here may be forwarded: the sysctl net.ipv4.conf.DEV.forwarding. */
  readonly forwarding: boolean;
  /** net.ipv6.conf.DEV.forwarding; as for IPv4 unless told. */
  readonly ipv6Forwarding?: boolean;
  /** net.ipv6.conf.DEV.mtu in bytes; the device's unless told. */
  readonly ipv6Mtu?: number;
  /** True unless told. */
  readonly isUp?: boolean;
  /** Bytes of link-layer header; Ethernet's 14 unless told. */
  readonly hardHeaderLength?: number;
  /** Whether there is but one at the other end, or none: no address tells IPv4 neighbours apart then. */
  readonly isPointToPoint?: boolean;
  readonly addresses?: readonly DeviceAddress[];
}

/** How far an address or a route reaches: enum rt_scope_t. */
export const Scope = { Universe: 0, Site: 200, Link: 253, Host: 254, Nowhere: 255 } as const;
