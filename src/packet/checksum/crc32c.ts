const POLYNOMIAL = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/**
 * The CRC32c of `bytes[start..end)` as SCTP has it (RFC 9260 appendix A), with the four bytes at
 * `zeroAt` taken as zero. In SCTP's header it stands low byte first.
 */
export function crc32c(bytes: Uint8Array, start: number, end: number, zeroAt = -1): number {
  let crc = 0xffffffff;
  for (let at = start; at < end; at++) {
    const byte = at >= zeroAt && at < zeroAt + 4 && zeroAt >= 0 ? 0 : bytes[at];
    crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff];
  }
  return ~crc >>> 0;
}
