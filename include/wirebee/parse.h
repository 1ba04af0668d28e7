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

/* The assumption spares each caller's test for NULL a second comparison, of the pointer itself. */
#define PARSE(type, cursor)                                                                        \
	({                                                                                         \
		type *____header = (cursor)->at;                                                   \
		if ((void *)(____header + 1) > (cursor)->end) {                                    \
			____header = NULL;                                                         \
		} else {                                                                           \
			__builtin_assume(____header != NULL);                                      \
			(cursor)->at = ____header + 1;                                             \
		}                                                                                  \
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

/* Whether an IPv4 packet is one of several fragments. */
static __always_inline bool ipv4_is_fragment(const struct iphdr *ip)
{
	return (ip->frag_off & bpf_htons(IP_OFFSET | IP_MF)) != 0;
}

/* Whether an IPv4 packet is a fragment other than the first: it has no transport header. */
static __always_inline bool ipv4_is_later_fragment(const struct iphdr *ip)
{
	return (ip->frag_off & bpf_htons(IP_OFFSET)) != 0;
}

#define PARSE_MAX_EXTENSIONS 4

/* One comparison in place of five: the verifier follows each outcome of each. */
static __always_inline bool ipv6_is_extension(__u8 protocol)
{
	const __u64 extensions = 1ULL << IPPROTO_HOPOPTS | 1ULL << IPPROTO_ROUTING | 1ULL << IPPROTO_FRAGMENT |
				 1ULL << IPPROTO_AH | 1ULL << IPPROTO_DSTOPTS;

	return protocol < 64 && extensions >> protocol & 1;
}

/*
 * An IPv6 header and up to PARSE_MAX_EXTENSIONS extension headers; *protocol is what follows them,
 * which is another extension header where there are more. For a fragment other than the first it is
 * IPPROTO_FRAGMENT: there is no transport header. *fragment is the fragment header, if there is one.
 */
static __always_inline struct ipv6hdr *parse_ipv6_fragment(struct cursor *cursor, __u8 *protocol,
							   struct wirebee_ipv6_fragment **fragment)
{
	struct ipv6hdr *ip = PARSE(struct ipv6hdr, cursor);

	*fragment = NULL;
	if (!ip || ip->version != 6)
		return NULL;
	*protocol = ip->nexthdr;
#pragma unroll
	for (int i = 0; i < PARSE_MAX_EXTENSIONS; i++) {
		struct wirebee_ipv6_extension *extension;
		void *next;

		if (!ipv6_is_extension(*protocol))
			break;
		extension = PARSE(struct wirebee_ipv6_extension, cursor);
		if (!extension)
			return NULL;
		next = extension + 1;
		if (*protocol == IPPROTO_FRAGMENT) {
			*fragment = (void *)extension;
			if ((*fragment)->frag_off & bpf_htons(0xfff8))
				return ip;
		} else if (*protocol == IPPROTO_AH) {
			/* RFC 4302: units of 4 bytes, less two. The 8 bytes read are the first two. */
			next += extension->length * 4;
		} else {
			next += extension->length * 8;
		}
		if (next > cursor->end)
			return NULL;
		cursor->at = next;
		*protocol = extension->nexthdr;
	}
	return ip;
}

static __always_inline struct ipv6hdr *parse_ipv6(struct cursor *cursor, __u8 *protocol)
{
	struct wirebee_ipv6_fragment *fragment;

	return parse_ipv6_fragment(cursor, protocol, &fragment);
}

/* A TCP header with its options. */
static __always_inline struct tcphdr *parse_tcp(struct cursor *cursor)
{
	struct tcphdr *tcp = PARSE(struct tcphdr, cursor);
	__u32 length;

	if (!tcp || tcp->doff < 5)
		return NULL;
	length = tcp->doff * 4;
	if ((void *)tcp + length > cursor->end)
		return NULL;
	cursor->at = (void *)tcp + length;
	return tcp;
}

/* What TCP, UDP and SCTP begin with. */
struct wirebee_ports {
	__be16 source;
	__be16 dest;
};

#endif
