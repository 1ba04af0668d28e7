import { onesComplementSum } from "./internet-checksum.js";

/** What a transport checksum covers of the IP header under it. */
export interface PseudoHeader {
  /** 4 or 16 bytes, network order. */
  source: Uint8Array;
  destination: Uint8Array;
}

/**
 * The partial sum of a pseudo-header, RFC 9293 §3.1 (IPv4) or RFC 8200 §8.1 (IPv6). `length` is that of
 * the transport header and its payload, in bytes.
 */
export function pseudoHeaderSum(header: PseudoHeader, protocol: number, length: number): number {
  const { source, destination } = header;
  const addresses = onesComplementSum(
    destination,
    0,
    destination.length,
    onesComplementSum(source, 0, source.length),
  );
  return addresses + protocol + (length >>> 16) + (length & 0xffff);
}
