/* IPv6: RFC 8200 (include/uapi/linux/ipv6.h). */
#ifndef WIREBEE_NET_IPV6_H
#define WIREBEE_NET_IPV6_H

#include <wirebee/net/in6.h>

#if !defined(_UAPI_IPV6_H) && !defined(_IPV6_H)
#define _UAPI_IPV6_H
#define _IPV6_H

#define IPV6_MIN_MTU	1280

#ifndef __VMLINUX_H__
struct ipv6hdr {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u8 priority : 4, version : 4;
#else
	__u8 version : 4, priority : 4;
#endif
	__u8 flow_lbl[3];
	__be16 payload_len;
	__u8 nexthdr;
	__u8 hop_limit;
	struct in6_addr saddr;
	struct in6_addr daddr;
};

struct ipv6_opt_hdr {
	__u8 nexthdr;
	__u8 hdrlen;
} __attribute__((packed));

struct ipv6_rt_hdr {
	__u8 nexthdr;
	__u8 hdrlen;
	__u8 type;
	__u8 segments_left;
};
#endif
#endif

#endif
