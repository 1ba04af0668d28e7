// SPDX-License-Identifier: Apache-2.0
/*
 * A stateless firewall for one device: addresses, ports, a limit for each source, and a policy for the
 * rest. The same decision as an XDP program (before the kernel spends anything on the packet) and as a
 * TC program (where XDP cannot be, and for what leaves). See README.md.
 */
#include <wirebee/xdp.h>

enum action {
	BLOCK,
	ALLOW,
};

/* Rules that are built in; those of the maps take numbers from RULE_FIRST on. */
enum {
	RULE_POLICY,
	RULE_MALFORMED,
	RULE_NOT_IP,
	RULE_NEIGHBOUR,
	RULE_FRAGMENT,
	RULE_LIMIT,
	RULE_FIRST = 16,
	RULES = 1024,
};

struct rule {
	enum action action;
	/* Which counter it counts in. */
	__u32 id;
};

/* Set these before or while the program runs. */
volatile enum action policy = ALLOW;
/* Later fragments have no ports to look at, but are of no use where their first one was blocked. */
volatile enum action fragments = ALLOW;
/* Packets a second that a source may send for long, and at once; no limit where limit_pps is 0. */
volatile __u32 limit_pps = 0;
volatile __u32 limit_burst = 64;
/* Events that found no room in the ring buffer. */
volatile __u64 lost_events = 0;

struct source_v4 {
	__u32 prefixlen;
	__be32 addr;
};

struct source_v6 {
	__u32 prefixlen;
	struct in6_addr addr;
};

/* Block list and allow list in one: the longest prefix that has the source decides. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct source_v4);
	__type(value, struct rule);
} sources_v4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct source_v6);
	__type(value, struct rule);
} sources_v6 SEC(".maps");

/* The destination port in host byte order; ICMP's type; 0 for protocols that have neither. */
struct service {
	__u16 port;
	__u16 protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct service);
	__type(value, struct rule);
} services SEC(".maps");

/* When each source will have used up what it has sent so far: a token bucket in one number. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct in6_addr);
	__type(value, __u64);
} buckets SEC(".maps");

struct counter {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, RULES);
	__type(key, __u32);
	__type(value, struct counter);
} counters SEC(".maps");

/* A packet that was blocked. IPv4 addresses are mapped (::ffff:192.0.2.1); ports in host byte order. */
struct event {
	__u64 time_ns;
	__u32 ifindex;
	__u32 length;
	struct in6_addr source;
	struct in6_addr destination;
	__u16 rule;
	__u16 protocol;
	__u16 source_port;
	__u16 destination_port;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/* A ring buffer has no type of its own: this puts the event's into the object's BTF. */
const struct event *event_type __attribute__((unused));

/* What is known of a packet. */
struct packet {
	struct in6_addr source;
	struct in6_addr destination;
	__u32 ifindex;
	__u32 length;
	__u16 source_port;
	struct service service;
	__u8 hop_limit;
	bool is_fragment;
	bool is_later_fragment;
};

static __always_inline void map_address(struct in6_addr *mapped, __be32 address)
{
	mapped->s6_addr32[0] = 0;
	mapped->s6_addr32[1] = 0;
	mapped->s6_addr32[2] = bpf_htonl(0xffff);
	mapped->s6_addr32[3] = address;
}

static __always_inline struct rule verdict(enum action action, __u32 id)
{
	struct rule rule = { .action = action, .id = id };

	return rule;
}

/* Ports or type; false where the header is not there or makes no sense. */
static __always_inline bool parse_transport(struct cursor *cursor, struct packet *packet)
{
	struct wirebee_ports *ports;
	struct icmphdr *icmp;

	switch (packet->service.protocol) {
	case IPPROTO_TCP: {
		struct tcphdr *tcp = PARSE(struct tcphdr, cursor);

		if (!tcp || tcp->doff < 5)
			return false;
		packet->source_port = bpf_ntohs(tcp->source);
		packet->service.port = bpf_ntohs(tcp->dest);
		return true;
	}
	case IPPROTO_UDP: {
		struct udphdr *udp = PARSE(struct udphdr, cursor);

		if (!udp)
			return false;
		packet->source_port = bpf_ntohs(udp->source);
		packet->service.port = bpf_ntohs(udp->dest);
		return true;
	}
	case IPPROTO_SCTP:
		ports = PARSE(struct wirebee_ports, cursor);
		if (!ports)
			return false;
		packet->source_port = bpf_ntohs(ports->source);
		packet->service.port = bpf_ntohs(ports->dest);
		return true;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		/* Type, code and checksum stand alike in both. */
		icmp = PARSE(struct icmphdr, cursor);
		if (!icmp)
			return false;
		packet->service.port = icmp->type;
		return true;
	default:
		return true;
	}
}

static __always_inline bool parse_network(struct cursor *cursor, __be16 ethertype, struct packet *packet)
{
	struct wirebee_ipv6_fragment *fragment;
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	__u8 protocol;

	if (ethertype == bpf_htons(ETH_P_IP)) {
		ip = parse_ipv4(cursor);
		if (!ip)
			return false;
		map_address(&packet->source, ip->saddr);
		map_address(&packet->destination, ip->daddr);
		packet->service.protocol = ip->protocol;
		packet->hop_limit = ip->ttl;
		packet->is_fragment = ipv4_is_fragment(ip);
		packet->is_later_fragment = ipv4_is_later_fragment(ip);
		return true;
	}
	ip6 = parse_ipv6_fragment(cursor, &protocol, &fragment);
	if (!ip6)
		return false;
	packet->source = ip6->saddr;
	packet->destination = ip6->daddr;
	packet->service.protocol = protocol;
	packet->hop_limit = ip6->hop_limit;
	/* One with neither an offset nor more to come is a whole packet: RFC 6946. */
	packet->is_fragment = fragment && (fragment->frag_off & bpf_htons(0xfff9));
	packet->is_later_fragment = protocol == IPPROTO_FRAGMENT;
	/* More extension headers than are walked through: nobody sends them in good faith. */
	return packet->is_later_fragment || !ipv6_is_extension(protocol);
}

static __always_inline struct rule *rule_of_source(const struct packet *packet, __be16 ethertype)
{
	struct source_v4 v4 = { .prefixlen = 32, .addr = packet->source.s6_addr32[3] };
	struct source_v6 v6 = { .prefixlen = 128, .addr = packet->source };

	if (ethertype == bpf_htons(ETH_P_IP))
		return bpf_map_lookup_elem(&sources_v4, &v4);
	return bpf_map_lookup_elem(&sources_v6, &v6);
}

/* Neighbour discovery, without which there is no IPv6: RFC 4861 wants the hop limit it was sent with. */
static __always_inline bool is_neighbour_discovery(const struct packet *packet)
{
	return packet->service.protocol == IPPROTO_ICMPV6 && packet->hop_limit == 255 &&
	       packet->service.port >= NDISC_ROUTER_SOLICITATION && packet->service.port <= NDISC_REDIRECT;
}

#define NS_PER_SECOND 1000000000ULL

/*
 * Whether a source has used up what it may send. A token bucket written as the generic cell rate
 * algorithm (ITU-T I.371): of the tokens only the time at which the bucket would be full again is
 * kept, so that one compare-and-swap takes a token on whichever CPU.
 */
static __always_inline bool is_over_limit(const struct in6_addr *source)
{
	__u64 interval, window, now, full, next, *bucket;
	__u32 pps = limit_pps;

	if (!pps)
		return false;
	interval = NS_PER_SECOND / pps;
	window = interval * limit_burst;
	now = bpf_ktime_get_ns();
	bucket = bpf_map_lookup_elem(&buckets, source);
	if (!bucket) {
		next = now + interval;
		bpf_map_update_elem(&buckets, source, &next, BPF_ANY);
		return false;
	}
	full = *bucket;
	next = (full > now ? full : now) + interval;
	if (next > now + window)
		return true;
	/* Where another CPU was quicker, this packet goes free: the limit is for floods. */
	__sync_val_compare_and_swap(bucket, full, next);
	return false;
}

static __always_inline struct rule decide(struct cursor cursor, struct packet *packet)
{
	bool is_complete;
	struct rule *rule;
	__be16 ethertype;

	if (!parse_ethernet(&cursor, &ethertype))
		return verdict(BLOCK, RULE_MALFORMED);
	if (ethertype != bpf_htons(ETH_P_IP) && ethertype != bpf_htons(ETH_P_IPV6))
		return verdict(ALLOW, RULE_NOT_IP);
	if (!parse_network(&cursor, ethertype, packet))
		return verdict(BLOCK, RULE_MALFORMED);
	is_complete = packet->is_later_fragment || parse_transport(&cursor, packet);
	rule = rule_of_source(packet, ethertype);
	if (rule)
		return *rule;
	if (packet->is_fragment && fragments == BLOCK)
		return verdict(BLOCK, RULE_FRAGMENT);
	/* Also a first fragment that hides its ports in the next: RFC 1858, section 3. */
	if (!is_complete)
		return verdict(BLOCK, RULE_MALFORMED);
	if (is_neighbour_discovery(packet))
		return verdict(ALLOW, RULE_NEIGHBOUR);
	if (is_over_limit(&packet->source))
		return verdict(BLOCK, RULE_LIMIT);
	if (packet->is_later_fragment)
		return verdict(ALLOW, RULE_FRAGMENT);
	rule = bpf_map_lookup_elem(&services, &packet->service);
	return rule ? *rule : verdict(policy, RULE_POLICY);
}

static __always_inline void count(const struct packet *packet, __u32 rule)
{
	struct counter *counter = bpf_map_lookup_elem(&counters, &rule);

	if (!counter)
		return;
	counter->packets++;
	counter->bytes += packet->length;
}

static __always_inline void report(const struct packet *packet, __u32 rule)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost_events, 1);
		return;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->ifindex = packet->ifindex;
	event->rule = rule;
	event->source = packet->source;
	event->destination = packet->destination;
	event->length = packet->length;
	event->source_port = packet->source_port;
	event->destination_port = packet->service.port;
	event->protocol = packet->service.protocol;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline enum action filter(struct cursor cursor, struct packet *packet)
{
	struct rule rule = decide(cursor, packet);

	count(packet, rule.id);
	if (rule.action == BLOCK)
		report(packet, rule.id);
	return rule.action;
}

SEC("xdp")
int firewall(struct xdp_md *ctx)
{
	struct cursor cursor = CURSOR(ctx);
	struct packet packet = {
		.ifindex = ctx->ingress_ifindex,
		.length = cursor.end - cursor.at,
	};

	return filter(cursor, &packet) == BLOCK ? XDP_DROP : XDP_PASS;
}

/* Headers reach no further in packets that mean well. */
#define HEADERS 256

SEC("tc")
int firewall_tc(struct __sk_buff *skb)
{
	__u32 wanted = skb->len < HEADERS ? skb->len : HEADERS;
	struct packet packet = { .ifindex = skb->ifindex, .length = skb->len };
	struct cursor cursor;

	/* An sk_buff may have its bytes in pages, of which a program sees none. */
	if (skb->data_end - skb->data < wanted && bpf_skb_pull_data(skb, wanted) < 0)
		return TC_ACT_SHOT;
	cursor.at = (void *)(long)skb->data;
	cursor.end = (void *)(long)skb->data_end;
	return filter(cursor, &packet) == BLOCK ? TC_ACT_SHOT : TC_ACT_OK;
}

char _license[] SEC("license") = "Dual BSD/GPL";
