/* IP protocol numbers and address families (include/uapi/linux/in.h, in6.h, socket.h). */
#ifndef WIREBEE_NET_IN_H
#define WIREBEE_NET_IN_H

#include <wirebee/types.h>

/*
 * The kernel's and the C library's headers both define macros beside their enumerators. As with the
 * kernel's own <linux/in.h>, <netinet/in.h> may come before this but not after.
 */
#if !defined(_UAPI_LINUX_IN_H) && !defined(_LINUX_IN_H) && !defined(IPPROTO_TCP)
#define _UAPI_LINUX_IN_H
#define _LINUX_IN_H

#ifndef __VMLINUX_H__
enum {
	IPPROTO_IP = 0,
	IPPROTO_ICMP = 1,
	IPPROTO_IGMP = 2,
	IPPROTO_IPIP = 4,
	IPPROTO_TCP = 6,
	IPPROTO_EGP = 8,
	IPPROTO_PUP = 12,
	IPPROTO_UDP = 17,
	IPPROTO_IDP = 22,
	IPPROTO_TP = 29,
	IPPROTO_DCCP = 33,
	IPPROTO_IPV6 = 41,
	IPPROTO_RSVP = 46,
	IPPROTO_GRE = 47,
	IPPROTO_ESP = 50,
	IPPROTO_AH = 51,
	IPPROTO_MTP = 92,
	IPPROTO_BEETPH = 94,
	IPPROTO_ENCAP = 98,
	IPPROTO_PIM = 103,
	IPPROTO_COMP = 108,
	IPPROTO_L2TP = 115,
	IPPROTO_SCTP = 132,
	IPPROTO_UDPLITE = 136,
	IPPROTO_MPLS = 137,
	IPPROTO_ETHERNET = 143,
	IPPROTO_RAW = 255,
	IPPROTO_MPTCP = 262,
};

struct in_addr {
	__be32 s_addr;
};
#endif

/* Source code asks for these by #ifdef. */
#define IPPROTO_IP IPPROTO_IP
#define IPPROTO_ICMP IPPROTO_ICMP
#define IPPROTO_IGMP IPPROTO_IGMP
#define IPPROTO_IPIP IPPROTO_IPIP
#define IPPROTO_TCP IPPROTO_TCP
#define IPPROTO_UDP IPPROTO_UDP
#define IPPROTO_IPV6 IPPROTO_IPV6
#define IPPROTO_GRE IPPROTO_GRE
#define IPPROTO_ESP IPPROTO_ESP
#define IPPROTO_AH IPPROTO_AH
#define IPPROTO_SCTP IPPROTO_SCTP
#define IPPROTO_UDPLITE IPPROTO_UDPLITE

/* In host byte order. */
#define INADDR_ANY		((unsigned long int) 0x00000000)
#define INADDR_BROADCAST	((unsigned long int) 0xffffffff)
#define INADDR_LOOPBACK		0x7f000001
#endif

#ifndef AF_INET
#define AF_UNSPEC	0
#define AF_INET		2
#define AF_INET6	10
#endif

#endif
