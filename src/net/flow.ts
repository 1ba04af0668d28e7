/** What a look-up of a route goes by: struct flowi4 and struct flowi6. */
export interface Flow {
  /** 4 or 16 bytes, network byte order. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** The device that the packet came in by; the loopback device for one that is made here. */
  readonly iif: number;
  /** The device that it must leave by; 0 for any. */
  readonly oif: number;
  /** Type of service or traffic class. */
  readonly tos: number;
  readonly mark: number;
  readonly protocol: number;
  /** Host byte order. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** IPv6 flow label, 20 bits. */
  readonly flowLabel: number;
}

/** Which of several next hops a flow takes: the same for all of its packets. */
export function flowHash({ source, destination, flowLabel }: Flow): number {
  let hash = 0x811c9dc5 ^ flowLabel;
  for (const byte of [...source, ...destination]) hash = Math.imul(hash ^ byte, 0x01000193);
  // FNV leaves the highest bits, which decide, badly mixed.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
