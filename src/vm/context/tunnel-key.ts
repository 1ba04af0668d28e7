/** IP_TUNNEL_OPTS_MAX: bytes of options that a tunnel's metadata holds. */
export const TUNNEL_OPTIONS_MAX = 255;

/** Tunnel metadata of a packet (struct ip_tunnel_info): where a tunnel device takes it, or took it from. */
export interface TunnelKey {
  /** VNI or key. */
  readonly id: number;
  readonly isIpv6: boolean;
  /** 4 or 16 bytes, network byte order. */
  readonly remote: Uint8Array;
  readonly local: Uint8Array;
  readonly tos: number;
  readonly ttl: number;
  /** IPv6 flow label. */
  readonly label: number;
  /** IP_TUNNEL_* flags. */
  readonly flags: number;
  readonly options: Uint8Array | undefined;
  /** Whether a program set it for sending; otherwise a tunnel device received the packet. */
  readonly isTransmit: boolean;
}
