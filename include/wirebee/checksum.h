/* Internet checksums, whole and incremental (RFC 1071, RFC 1624). */
#ifndef WIREBEE_CHECKSUM_H
#define WIREBEE_CHECKSUM_H

#include <wirebee/macros.h>

static __always_inline __sum16 csum_fold(__u64 sum)
{
#pragma unroll
	for (int i = 0; i < 4; i++)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* The checksum of a header in which `before` became `after`: two bytes each. */
static __always_inline __sum16 csum_replace16(__sum16 check, __be16 before, __be16 after)
{
	return csum_fold((__u64)(__u16)~check + (__u16)~before + after);
}

/* As above, four bytes each. */
static __always_inline __sum16 csum_replace32(__sum16 check, __be32 before, __be32 after)
{
	return csum_fold((__u64)(__u16)~check + (__u32)~before + after);
}

#endif
