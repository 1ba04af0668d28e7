/* SCTP: RFC 9260. */
#ifndef WIREBEE_NET_SCTP_H
#define WIREBEE_NET_SCTP_H

#include <wirebee/types.h>

/* Its checksum is a CRC32c of the packet, in little-endian order (RFC 9260 appendix A). */
struct wirebee_sctp {
	__be16 source;
	__be16 dest;
	__be32 verification_tag;
	__le32 checksum;
};

#endif
