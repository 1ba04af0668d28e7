/* IPv4: RFC 791 (include/uapi/linux/ip.h). */
#ifndef WIREBEE_NET_IPV4_H
#define WIREBEE_NET_IPV4_H

#include <wirebee/types.h>

#if !defined(_UAPI_LINUX_IP_H) && !defined(_LINUX_IP_H)
#define _UAPI_LINUX_IP_H
#define _LINUX_IP_H

#define IPVERSION	4
#define MAXTTL		255
#define IPDEFTTL	64

#define IPTOS_TOS_MASK	0x1E
#define IPTOS_PREC_MASK	0xE0

/* Options: a byte of type, and a byte of length but for the first two. */
#define IPOPT_COPY		0x80
#define IPOPT_CONTROL		0x00
#define IPOPT_MEASUREMENT	0x40
#define IPOPT_END	(0 |IPOPT_CONTROL)
#define IPOPT_NOOP	(1 |IPOPT_CONTROL)
#define IPOPT_SEC	(2 |IPOPT_CONTROL|IPOPT_COPY)
#define IPOPT_LSRR	(3 |IPOPT_CONTROL|IPOPT_COPY)
#define IPOPT_TIMESTAMP	(4 |IPOPT_MEASUREMENT)
#define IPOPT_CIPSO	(6 |IPOPT_CONTROL|IPOPT_COPY)
#define IPOPT_RR	(7 |IPOPT_CONTROL)
#define IPOPT_SID	(8 |IPOPT_CONTROL|IPOPT_COPY)
#define IPOPT_SSRR	(9 |IPOPT_CONTROL|IPOPT_COPY)
#define IPOPT_RA	(20|IPOPT_CONTROL|IPOPT_COPY)

#ifndef __VMLINUX_H__
struct iphdr {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u8 ihl : 4, version : 4;
#else
	__u8 version : 4, ihl : 4;
#endif
	__u8 tos;
	__be16 tot_len;
	__be16 id;
	__be16 frag_off;
	__u8 ttl;
	__u8 protocol;
	__sum16 check;
	__be32 saddr;
	__be32 daddr;
};
#endif
#endif

/* iphdr's frag_off, in host byte order; the kernel keeps these out of its user-space headers. */
#ifndef IP_OFFSET
#define IP_CE 0x8000
#define IP_DF 0x4000
#define IP_MF 0x2000
#define IP_OFFSET 0x1fff
#endif

#endif
