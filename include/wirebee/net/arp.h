/* ARP: RFC 826 (include/uapi/linux/if_arp.h). */
#ifndef WIREBEE_NET_ARP_H
#define WIREBEE_NET_ARP_H

#include <wirebee/types.h>

#if !defined(_UAPI_LINUX_IF_ARP_H) && !defined(_LINUX_IF_ARP_H)
#define _UAPI_LINUX_IF_ARP_H
#define _LINUX_IF_ARP_H

#define ARPHRD_ETHER	1
#define ARPHRD_LOOPBACK	772
#define ARPHRD_NONE	0xFFFE

#define ARPOP_REQUEST	1
#define ARPOP_REPLY	2
#define ARPOP_RREQUEST	3
#define ARPOP_RREPLY	4

#ifndef __VMLINUX_H__
struct arphdr {
	__be16 ar_hrd;
	__be16 ar_pro;
	unsigned char ar_hln;
	unsigned char ar_pln;
	__be16 ar_op;
};
#endif
#endif

/* What follows struct arphdr where it maps IPv4 to Ethernet. */
struct wirebee_arp_ipv4 {
	__u8 sender_mac[6];
	__be32 sender_ip;
	__u8 target_mac[6];
	__be32 target_ip;
} __attribute__((packed));

#endif
