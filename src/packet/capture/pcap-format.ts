/** Numbers of draft-ietf-opsawg-pcap. */

export const PCAP_MICROSECONDS = 0xa1b2c3d4;
export const PCAP_NANOSECONDS = 0xa1b23c4d;
/** Alexey Kuznetzov's format, of Red Hat's patched tcpdump of the 1990s: 8 more bytes per record. */
export const PCAP_KUZNETZOV = 0xa1b2cd34;

export const FILE_HEADER = 24;
export const RECORD_HEADER = 16;
export const KUZNETZOV_RECORD_HEADER = 24;
