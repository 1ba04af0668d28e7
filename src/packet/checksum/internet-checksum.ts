/**
 * The ones' complement sum of RFC 1071 over `bytes[start..end)` as 16-bit words in network order, an
 * odd last byte padded with zero, on top of `sum`. Not folded: exact for up to 2^37 bytes, so partial
 * sums of even length may be added as they are.
 */
export function onesComplementSum(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  let high = 0;
  let low = 0;
  let at = start;
  for (; at + 1 < end; at += 2) {
    high += bytes[at];
    low += bytes[at + 1];
  }
  if (at < end) high += bytes[at];
  return sum + high * 256 + low;
}

/** A sum folded into 16 bits, carries added at the low end. */
export function foldSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/** The internet checksum (RFC 1071) of `bytes[start..end)` on top of the partial sum `sum`. */
export function internetChecksum(bytes: Uint8Array, start = 0, end = bytes.length, sum = 0): number {
  return ~foldSum(onesComplementSum(bytes, start, end, sum)) & 0xffff;
}

/**
 * A checksum after one 16-bit word that it covers changed from `before` to `after`: RFC 1624, equation
 * 3, HC' = ~(~HC + ~m + m').
 */
export function updateChecksum(checksum: number, before: number, after: number): number {
  return ~foldSum((~checksum & 0xffff) + (~before & 0xffff) + (after & 0xffff)) & 0xffff;
}

/** As `updateChecksum`, for a 32-bit field such as an IPv4 address. */
export function updateChecksum32(checksum: number, before: number, after: number): number {
  return updateChecksum(updateChecksum(checksum, before >>> 16, after >>> 16), before, after);
}
