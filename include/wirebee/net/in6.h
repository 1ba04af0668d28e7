/* IPv6 addresses and extension headers (include/uapi/linux/in6.h; RFC 8200). */
#ifndef WIREBEE_NET_IN6_H
#define WIREBEE_NET_IN6_H

#include <wirebee/types.h>

/* The C library's <netinet/in.h> has the same struct with other names inside, and the same macros. */
#if !defined(_UAPI_LINUX_IN6_H) && !defined(_LINUX_IN6_H) && !defined(_NETINET_IN_H)
#define _UAPI_LINUX_IN6_H
#define _LINUX_IN6_H

#ifndef __VMLINUX_H__
struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be16 u6_addr16[8];
		__be32 u6_addr32[4];
	} in6_u;
};
#endif
#define s6_addr			in6_u.u6_addr8
#define s6_addr16		in6_u.u6_addr16
#define s6_addr32		in6_u.u6_addr32

#define IPPROTO_HOPOPTS		0
#define IPPROTO_ROUTING		43
#define IPPROTO_FRAGMENT	44
#define IPPROTO_ICMPV6		58
#define IPPROTO_NONE		59
#define IPPROTO_DSTOPTS		60
#define IPPROTO_MH		135

#define IPV6_TLV_PAD1		0
#define IPV6_TLV_PADN		1
#define IPV6_TLV_ROUTERALERT	5
#define IPV6_TLV_JUMBO		194
#define IPV6_TLV_HAO		201
#endif

/* The fixed part of an extension header; `length` counts the units of 8 bytes behind it. */
struct wirebee_ipv6_extension {
	__u8 nexthdr;
	__u8 length;
	__u8 data[6];
};

/* A fragment header: 13 bits of offset in units of 8 bytes, and the lowest bit for more fragments. */
struct wirebee_ipv6_fragment {
	__u8 nexthdr;
	__u8 reserved;
	__be16 frag_off;
	__be32 identification;
};

#endif
