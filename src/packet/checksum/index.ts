/** Checksums of packets: RFC 1071 and its incremental update, CRC32c, and checking a whole frame's. */
export { crc32c } from "./crc32c.js";
export {
  foldSum,
  internetChecksum,
  onesComplementSum,
  updateChecksum,
  updateChecksum32,
} from "./internet-checksum.js";
export { type PseudoHeader, pseudoHeaderSum } from "./pseudo-header.js";
export { type ChecksumReport, type ChecksumVerdict, verifyChecksums } from "./verify-checksums.js";
