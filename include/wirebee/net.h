/* Headers of packets, as the kernel's user-space headers lay them out; fields in network byte order. */
#ifndef WIREBEE_NET_H
#define WIREBEE_NET_H

#include <wirebee/types.h>

#ifndef __VMLINUX_H__

#ifndef _UAPI_LINUX_IF_ETHER_H
#ifndef _LINUX_IF_ETHER_H
#define _UAPI_LINUX_IF_ETHER_H
#define _LINUX_IF_ETHER_H
#define ETH_ALEN 6
#define ETH_HLEN 14
#define ETH_P_IP 0x0800
#define ETH_P_ARP 0x0806
#define ETH_P_8021Q 0x8100
#define ETH_P_IPV6 0x86dd
#define ETH_P_8021AD 0x88a8
struct ethhdr {
	unsigned char h_dest[ETH_ALEN];
	unsigned char h_source[ETH_ALEN];
	__be16 h_proto;
} __attribute__((packed));
#endif
#endif

#ifndef _UAPI_LINUX_IP_H
#ifndef _LINUX_IP_H
#define _UAPI_LINUX_IP_H
#define _LINUX_IP_H
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

#ifndef _UAPI_LINUX_IN6_H
#ifndef _LINUX_IN6_H
#define _UAPI_LINUX_IN6_H
#define _LINUX_IN6_H
struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be16 u6_addr16[8];
		__be32 u6_addr32[4];
	} in6_u;
};
#define s6_addr in6_u.u6_addr8
#define s6_addr16 in6_u.u6_addr16
#define s6_addr32 in6_u.u6_addr32
#define IPPROTO_HOPOPTS 0
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_ICMPV6 58
#define IPPROTO_NONE 59
#define IPPROTO_DSTOPTS 60
#endif
#endif

#ifndef _UAPI_IPV6_H
#ifndef _IPV6_H
#define _UAPI_IPV6_H
#define _IPV6_H
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
#endif
#endif

#ifndef _UAPI_LINUX_IN_H
#ifndef _LINUX_IN_H
#define _UAPI_LINUX_IN_H
#define _LINUX_IN_H
#define IPPROTO_ICMP 1
#define IPPROTO_IPIP 4
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41
#define IPPROTO_GRE 47
#define IPPROTO_SCTP 132
#endif
#endif

#ifndef _UAPI_LINUX_TCP_H
#ifndef _LINUX_TCP_H
#define _UAPI_LINUX_TCP_H
#define _LINUX_TCP_H
struct tcphdr {
	__be16 source;
	__be16 dest;
	__be32 seq;
	__be32 ack_seq;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u16 res1 : 4, doff : 4, fin : 1, syn : 1, rst : 1, psh : 1, ack : 1, urg : 1, ece : 1, cwr : 1;
#else
	__u16 doff : 4, res1 : 4, cwr : 1, ece : 1, urg : 1, ack : 1, psh : 1, rst : 1, syn : 1, fin : 1;
#endif
	__be16 window;
	__sum16 check;
	__be16 urg_ptr;
};
#endif
#endif

#ifndef _UAPI_LINUX_UDP_H
#ifndef _LINUX_UDP_H
#define _UAPI_LINUX_UDP_H
#define _LINUX_UDP_H
struct udphdr {
	__be16 source;
	__be16 dest;
	__be16 len;
	__sum16 check;
};
#endif
#endif

#ifndef _UAPI_LINUX_ICMP_H
#ifndef _LINUX_ICMP_H
#define _UAPI_LINUX_ICMP_H
#define _LINUX_ICMP_H
#define ICMP_ECHOREPLY 0
#define ICMP_ECHO 8
struct icmphdr {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	union {
		struct {
			__be16 id;
			__be16 sequence;
		} echo;
		__be32 gateway;
		struct {
			__be16 __unused;
			__be16 mtu;
		} frag;
		__u8 reserved[4];
	} un;
};
#endif
#endif

#endif

/* A VLAN tag as it stands behind an EtherType of 0x8100 or 0x88a8. */
struct wirebee_vlan {
	__be16 tci;
	__be16 protocol;
};

#endif
