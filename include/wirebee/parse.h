/*
 * Walking through a packet's headers. Each function takes the place where a header should be,
 * returns it only if it lies within the packet, and moves the place behind it.
 */
#ifndef WIREBEE_PARSE_H
#define WIREBEE_PARSE_H

#include <wirebee/endian.h>
#include <wirebee/macros.h>
#include <wirebee/net.h>

struct cursor {
	void *at;
	void *end;
};

#define CURSOR(ctx)                                                                                \
	{                                                                                          \
		.at = (void *)(long)(ctx)->data, .end = (void *)(long)(ctx)->data_end              \
	}

#define PARSE(type, cursor)                                                                        \
	({                                                                                         \
		type *____header = (cursor)->at;                                                   \
		if ((void *)(____header + 1) > (cursor)->end)                                      \
			____header = NULL;                                                         \
		else                                                                               \
			(cursor)->at = ____header + 1;                                             \
		____header;                                                                        \
	})

#define PARSE_MAX_VLANS 2

/* The Ethernet header and up to two VLAN tags; *protocol is what follows, network byte order. */
static __always_inline struct ethhdr *parse_ethernet(struct cursor *cursor, __be16 *protocol)
{
	struct ethhdr *ethernet = PARSE(struct ethhdr, cursor);

	if (!ethernet)
		return NULL;
	*protocol = ethernet->h_proto;
#pragma unroll
	for (int i = 0; i < PARSE_MAX_VLANS; i++) {
		struct wirebee_vlan *vlan;

		if (*protocol != bpf_htons(ETH_P_8021Q) && *protocol != bpf_htons(ETH_P_8021AD))
			break;
		vlan = PARSE(struct wirebee_vlan, cursor);
		if (!vlan)
			return NULL;
		*protocol = vlan->protocol;
	}
	return ethernet;
}

/* An IPv4 header with its options. */
static __always_inline struct iphdr *parse_ipv4(struct cursor *cursor)
{
	struct iphdr *ip = PARSE(struct iphdr, cursor);
	__u32 length;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return NULL;
	length = ip->ihl * 4;
	if ((void *)ip + length > cursor->end)
		return NULL;
	cursor->at = (void *)ip + length;
	return ip;
}

/* Whether an IPv4 packet is a fragment other than the first: it has no transport header. */
static __always_inline bool ipv4_is_later_fragment(const struct iphdr *ip)
{
	return (ip->frag_off & bpf_htons(0x1fff)) != 0;
}

struct wirebee_ipv6_extension {
	__u8 nexthdr;
	__u8 length;
	__u8 data[6];
};

#define PARSE_MAX_EXTENSIONS 4

/*
 * An IPv6 header and its extension headers; *protocol is what follows them. For a fragment other
 * than the first it is IPPROTO_FRAGMENT: there is no transport header.
 */
static __always_inline struct ipv6hdr *parse_ipv6(struct cursor *cursor, __u8 *protocol)
{
	struct ipv6hdr *ip = PARSE(struct ipv6hdr, cursor);

	if (!ip || ip->version != 6)
		return NULL;
	*protocol = ip->nexthdr;
#pragma unroll
	for (int i = 0; i < PARSE_MAX_EXTENSIONS; i++) {
		struct wirebee_ipv6_extension *extension;

		if (*protocol != IPPROTO_HOPOPTS && *protocol != IPPROTO_ROUTING &&
		    *protocol != IPPROTO_DSTOPTS && *protocol != IPPROTO_FRAGMENT)
			break;
		extension = PARSE(struct wirebee_ipv6_extension, cursor);
		if (!extension)
			return NULL;
		if (*protocol == IPPROTO_FRAGMENT) {
			if (((extension->data[0] << 8 | extension->data[1]) & 0xfff8) != 0)
				return ip;
		} else {
			void *next = (void *)(extension + 1) + extension->length * 8;

			if (next > cursor->end)
				return NULL;
			cursor->at = next;
		}
		*protocol = extension->nexthdr;
	}
	return ip;
}

#endif
