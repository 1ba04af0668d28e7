/* Internet checksums, whole and incremental (RFC 1071, RFC 1624). */
#ifndef WIREBEE_CHECKSUM_H
#define WIREBEE_CHECKSUM_H

#include <wirebee/endian.h>
#include <wirebee/net/ipv4.h>

/* The checksum of what a sum has added up: its ones' complement in 16 bits. */
static __always_inline __sum16 csum_fold(__u64 sum)
{
#pragma unroll
	for (int i = 0; i < 4; i++)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* The checksum after something in what it covers became something else: RFC 1624, equation 3. */
static __always_inline __sum16 csum_replace16(__sum16 check, __be16 before, __be16 after)
{
	return csum_fold((__u64)(__u16)~check + (__u16)~before + after);
}

static __always_inline __sum16 csum_replace32(__sum16 check, __be32 before, __be32 after)
{
	return csum_fold((__u64)(__u16)~check + (__u32)~before + after);
}

/* An IPv6 address: four words. */
static __always_inline __sum16 csum_replace128(__sum16 check, const __be32 before[4], const __be32 after[4])
{
	__u64 sum = (__u16)~check;

#pragma unroll
	for (int i = 0; i < 4; i++)
		sum += (__u64)(__u32)~before[i] + after[i];
	return csum_fold(sum);
}

/* In UDP over IPv4 a checksum of 0 says that there is none, so 0xffff stands for 0: RFC 768. */
static __always_inline __sum16 csum_udp(__sum16 check)
{
	return check ? check : 0xffff;
}

/* The checksum of an IPv4 header without options, whatever its own field says. */
static __always_inline __sum16 csum_ipv4(const struct iphdr *ip)
{
	typedef __u16 __attribute__((may_alias)) word;
	const word *words = (const word *)ip;
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += i == 5 ? 0 : words[i];
	return csum_fold(sum);
}

/* One hop less to live: RFC 1812, section 5.3.1. The TTL is 2 or more. */
static __always_inline void ipv4_decrease_ttl(struct iphdr *ip)
{
	__be16 before = bpf_htons(ip->ttl << 8 | ip->protocol);

	ip->ttl--;
	ip->check = csum_replace16(ip->check, before, bpf_htons(ip->ttl << 8 | ip->protocol));
}

#endif
