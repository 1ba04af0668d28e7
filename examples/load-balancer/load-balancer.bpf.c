// SPDX-License-Identifier: Apache-2.0
/*
 * A load balancer for TCP and UDP that sends each packet back out of the device it came in by: clients
 * talk to a virtual address, whose packets get a backend's address; backends have the balancer as
 * their gateway, so that replies come by here and get the virtual address back. See README.md.
 */
#include <wirebee/xdp.h>

#define MAX_SERVICES 64
#define MAX_BACKENDS 256
#define MAX_TABLE_SIZE 4093
#define MAX_CONNECTIONS 65536

/* Slots of a service's Maglev table: a prime, about a hundred times its backends. Set before loading. */
const volatile __u32 table_size = 251;

/* A virtual address, IPv4 mapped (::ffff:192.0.2.1); the port in host byte order. */
struct service_key {
	struct in6_addr address;
	__u16 port;
	__u16 protocol;
};

struct service {
	/* Its slots in `maglev` begin at id * table_size; it counts in service_counters[id]. */
	__u32 id;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SERVICES);
	__type(key, struct service_key);
	__type(value, struct service);
} services SEC(".maps");

struct backend {
	struct in6_addr address;
	/* In host byte order; 0 for the service's own. */
	__u16 port;
	/* Its own, or that of the router on the way to it. */
	__u8 mac[ETH_ALEN];
};

/* By number, from 1 on: 0 stands for no backend. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_BACKENDS);
	__type(key, __u32);
	__type(value, struct backend);
} backends SEC(".maps");

/* Each service's table, one behind the other: which backend each hash of a connection has. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SERVICES * MAX_TABLE_SIZE);
	__type(key, __u32);
	__type(value, __u32);
} maglev SEC(".maps");

/* A direction of a connection, as its packets come in. */
struct flow {
	struct in6_addr source;
	struct in6_addr destination;
	__u16 source_port;
	__u16 destination_port;
	__u32 protocol;
};

enum direction {
	TO_BACKEND,
	TO_CLIENT,
};

/* What becomes of a flow's packets: another destination towards the backend, another source back. */
struct connection {
	struct in6_addr address;
	__u16 port;
	__u8 mac[ETH_ALEN];
	__u32 service;
	__u32 backend;
	enum direction direction;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONNECTIONS);
	__type(key, struct flow);
	__type(value, struct connection);
} connections SEC(".maps");

struct counter {
	__u64 connections;
	__u64 packets_to_backend;
	__u64 bytes_to_backend;
	__u64 packets_to_client;
	__u64 bytes_to_client;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_SERVICES);
	__type(key, __u32);
	__type(value, struct counter);
} service_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MAX_BACKENDS);
	__type(key, __u32);
	__type(value, struct counter);
} backend_counters SEC(".maps");

/* Packets that were dropped, and why. */
enum drop {
	NO_BACKEND,
	HOPS_EXCEEDED,
	DROPS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DROPS);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

/* Where a packet's headers are. Which of ip and ip6 it has, `is_ip6` says. */
struct headers {
	bool is_ip6;
	struct ethhdr *ethernet;
	struct iphdr *ip;
	struct ipv6hdr *ip6;
	/* Of TCP, UDP, or of the packet that an ICMP error is about. */
	struct wirebee_ports *ports;
	__sum16 *check;
};

static __always_inline void map_address(struct in6_addr *mapped, __be32 address)
{
	mapped->s6_addr32[0] = 0;
	mapped->s6_addr32[1] = 0;
	mapped->s6_addr32[2] = bpf_htonl(0xffff);
	mapped->s6_addr32[3] = address;
}

static __always_inline int drop(enum drop why)
{
	__u32 key = why;
	__u64 *count = bpf_map_lookup_elem(&drops, &key);

	if (count)
		(*count)++;
	return XDP_DROP;
}

/*
 * The network header, and addresses and protocol of the flow. False for fragments, whose ports cannot
 * be seen, and behind extension headers, one of which (routing) would change the pseudo-header.
 */
static __always_inline bool parse_network(struct cursor *cursor, struct headers *headers, struct flow *flow)
{
	if (headers->is_ip6) {
		struct ipv6hdr *ip6 = PARSE(struct ipv6hdr, cursor);

		if (!ip6 || ip6->version != 6)
			return false;
		headers->ip6 = ip6;
		flow->source = ip6->saddr;
		flow->destination = ip6->daddr;
		flow->protocol = ip6->nexthdr;
	} else {
		struct iphdr *ip = parse_ipv4(cursor);

		if (!ip || ipv4_is_fragment(ip))
			return false;
		headers->ip = ip;
		map_address(&flow->source, ip->saddr);
		map_address(&flow->destination, ip->daddr);
		flow->protocol = ip->protocol;
	}
	return true;
}

static __always_inline void set_ports(struct headers *headers, struct wirebee_ports *ports, struct flow *flow)
{
	headers->ports = ports;
	flow->source_port = bpf_ntohs(ports->source);
	flow->destination_port = bpf_ntohs(ports->dest);
}

/* One hop less; false where there is none left. */
static __always_inline bool decrease_hops(const struct headers *headers)
{
	if (headers->is_ip6) {
		if (headers->ip6->hop_limit <= 1)
			return false;
		headers->ip6->hop_limit--;
	} else {
		if (headers->ip->ttl <= 1)
			return false;
		ipv4_decrease_ttl(headers->ip);
	}
	return true;
}

/* Another source or destination address; the new checksum of what has it in its pseudo-header. */
static __always_inline __sum16 replace_address(const struct headers *headers, bool is_source,
					       const struct in6_addr *address, __sum16 check)
{
	if (headers->is_ip6) {
		struct ipv6hdr *ip6 = headers->ip6;
		struct in6_addr *field = is_source ? &ip6->saddr : &ip6->daddr;

		check = csum_replace128(check, field->s6_addr32, address->s6_addr32);
		*field = *address;
		return check;
	} else {
		struct iphdr *ip = headers->ip;
		__be32 *field = is_source ? &ip->saddr : &ip->daddr;
		__be32 before = *field, after = address->s6_addr32[3];

		*field = after;
		ip->check = csum_replace32(ip->check, before, after);
		return csum_replace32(check, before, after);
	}
}

static __always_inline __sum16 replace_port(struct headers *headers, bool is_source, __be16 after,
					    __sum16 check)
{
	__be16 *field = is_source ? &headers->ports->source : &headers->ports->dest;
	__be16 before = *field;

	*field = after;
	return csum_replace16(check, before, after);
}

/* Out of the device it came in by: this machine's address is the one that the packet came to. */
static __always_inline int send(const struct headers *headers, const struct connection *connection)
{
	__builtin_memcpy(headers->ethernet->h_source, headers->ethernet->h_dest, ETH_ALEN);
	__builtin_memcpy(headers->ethernet->h_dest, connection->mac, ETH_ALEN);
	return XDP_TX;
}

static __always_inline void count(void *map, __u32 key, enum direction direction, __u32 bytes, bool is_new)
{
	struct counter *counter = bpf_map_lookup_elem(map, &key);

	if (!counter)
		return;
	counter->connections += is_new;
	if (direction == TO_BACKEND) {
		counter->packets_to_backend++;
		counter->bytes_to_backend += bytes;
	} else {
		counter->packets_to_client++;
		counter->bytes_to_client += bytes;
	}
}

static __always_inline __u32 mix(__u32 hash, __u32 word)
{
	hash = (hash ^ word) * 0x9e3779b1;
	return hash ^ hash >> 15;
}

/* A hash of a connection that each balancer with the same table agrees on. */
static __always_inline __u32 hash_flow(const struct flow *flow)
{
	__u32 hash = mix(flow->protocol, (__u32)flow->source_port << 16 | flow->destination_port);

#pragma unroll
	for (int i = 0; i < 4; i++) {
		hash = mix(hash, flow->source.s6_addr32[i]);
		hash = mix(hash, flow->destination.s6_addr32[i]);
	}
	return mix(hash, hash >> 16);
}

static __always_inline bool is_ipv4(const struct in6_addr *address)
{
	return !address->s6_addr32[0] && !address->s6_addr32[1] && address->s6_addr32[2] == bpf_htonl(0xffff);
}

static __always_inline bool is_same(const struct in6_addr *one, const struct in6_addr *other)
{
	return one->s6_addr32[0] == other->s6_addr32[0] && one->s6_addr32[1] == other->s6_addr32[1] &&
	       one->s6_addr32[2] == other->s6_addr32[2] && one->s6_addr32[3] == other->s6_addr32[3];
}

/* Chooses a backend and notes what becomes of both directions; false where there is none. */
static __always_inline bool connect(const struct headers *headers, const struct flow *flow,
				    const struct service *service, struct connection *connection)
{
	__u32 slot = service->id * table_size + hash_flow(flow) % table_size;
	struct connection back = { .direction = TO_CLIENT };
	struct flow reply = { .protocol = flow->protocol };
	struct backend *backend;
	__u32 *number;

	number = bpf_map_lookup_elem(&maglev, &slot);
	if (!number || !*number)
		return false;
	backend = bpf_map_lookup_elem(&backends, number);
	/* One of the other family needs another header, not another address. */
	if (!backend || is_ipv4(&backend->address) == headers->is_ip6)
		return false;

	connection->direction = TO_BACKEND;
	connection->service = service->id;
	connection->backend = *number;
	connection->address = backend->address;
	connection->port = backend->port ? backend->port : flow->destination_port;
	__builtin_memcpy(connection->mac, backend->mac, ETH_ALEN);
	bpf_map_update_elem(&connections, flow, connection, BPF_ANY);

	reply.source = connection->address;
	reply.source_port = connection->port;
	reply.destination = flow->source;
	reply.destination_port = flow->source_port;
	back.service = connection->service;
	back.backend = connection->backend;
	back.address = flow->destination;
	back.port = flow->destination_port;
	/* Replies go where the packet came from: the client, or the router on the way to it. */
	__builtin_memcpy(back.mac, headers->ethernet->h_source, ETH_ALEN);
	bpf_map_update_elem(&connections, &reply, &back, BPF_ANY);
	return true;
}

/*
 * An ICMP error that one side sent about a packet of the other: the packet that it quotes gets the
 * addresses that its sender knows it by, so that path MTU discovery works through the balancer. The
 * quoted packet's own transport checksum stays: it may be cut off, and nobody checks it.
 */
static __always_inline int forward_error(struct cursor *cursor, struct headers *outer,
					 const struct flow *outer_flow, __sum16 *icmp_check)
{
	struct headers inner = { .is_ip6 = outer->is_ip6 };
	struct flow quoted = {}, flow = {};
	struct connection *connection;
	struct wirebee_ports *ports;
	bool is_source, is_from_peer;
	__sum16 check = *icmp_check;

	if (!parse_network(cursor, &inner, &quoted))
		return XDP_PASS;
	ports = PARSE(struct wirebee_ports, cursor);
	if (!ports || (quoted.protocol != IPPROTO_TCP && quoted.protocol != IPPROTO_UDP))
		return XDP_PASS;
	set_ports(&inner, ports, &quoted);
	/* The error goes the way that replies to the quoted packet go. */
	flow.source = quoted.destination;
	flow.source_port = quoted.destination_port;
	flow.destination = quoted.source;
	flow.destination_port = quoted.source_port;
	flow.protocol = quoted.protocol;
	connection = bpf_map_lookup_elem(&connections, &flow);
	if (!connection)
		return XDP_PASS;
	if (!decrease_hops(outer))
		return drop(HOPS_EXCEEDED);

	is_source = connection->direction == TO_BACKEND;
	/* A router on the way keeps its own address. */
	is_from_peer = is_same(&outer_flow->source, &flow.source);
	if (inner.is_ip6) {
		check = replace_address(&inner, is_source, &connection->address, check);
		if (is_source || is_from_peer)
			check = replace_address(outer, !is_source, &connection->address, check);
	} else {
		/*
		 * ICMP's checksum has no pseudo-header, and the quoted header's own checksum makes up for
		 * the address that it covers.
		 */
		replace_address(&inner, is_source, &connection->address, 0);
		if (is_source || is_from_peer)
			replace_address(outer, !is_source, &connection->address, 0);
	}
	*icmp_check = replace_port(&inner, is_source, bpf_htons(connection->port), check);
	return send(outer, connection);
}

static __always_inline bool is_icmp_error(const struct icmphdr *icmp, __u8 protocol)
{
	if (protocol == IPPROTO_ICMPV6)
		return !(icmp->type & ICMPV6_INFOMSG_MASK);
	return icmp->type == ICMP_DEST_UNREACH || icmp->type == ICMP_TIME_EXCEEDED ||
	       icmp->type == ICMP_PARAMETERPROB;
}

/* A packet of TCP or UDP: to a service, or from a backend that it was sent to. */
static __always_inline int forward(struct headers *headers, const struct flow *flow, bool is_syn, __u32 bytes)
{
	struct connection *connection, fresh = {};
	bool is_source, is_known;
	__sum16 check;

	connection = bpf_map_lookup_elem(&connections, flow);
	is_known = connection != NULL;
	/* A new connection of a client that uses a port again may go elsewhere than the last one. */
	if (!is_known || (is_syn && connection->direction == TO_BACKEND)) {
		struct service_key key = {
			.address = flow->destination,
			.port = flow->destination_port,
			.protocol = flow->protocol,
		};
		struct service *service = bpf_map_lookup_elem(&services, &key);

		if (!service)
			return XDP_PASS;
		if (!connect(headers, flow, service, &fresh))
			return drop(NO_BACKEND);
		connection = &fresh;
	}
	if (!decrease_hops(headers))
		return drop(HOPS_EXCEEDED);

	is_source = connection->direction == TO_CLIENT;
	check = replace_address(headers, is_source, &connection->address, *headers->check);
	check = replace_port(headers, is_source, bpf_htons(connection->port), check);
	if (flow->protocol == IPPROTO_TCP)
		*headers->check = check;
	else if (*headers->check)
		*headers->check = csum_udp(check);
	count(&service_counters, connection->service, connection->direction, bytes, !is_known);
	count(&backend_counters, connection->backend, connection->direction, bytes, !is_known);
	return send(headers, connection);
}

static __always_inline int balance_network(struct cursor *cursor, struct headers *headers, __u32 bytes)
{
	struct flow flow = {};
	struct icmphdr *icmp;
	struct tcphdr *tcp;
	struct udphdr *udp;

	if (!parse_network(cursor, headers, &flow))
		return XDP_PASS;
	switch (flow.protocol) {
	case IPPROTO_TCP:
		tcp = PARSE(struct tcphdr, cursor);
		if (!tcp)
			return XDP_PASS;
		set_ports(headers, (void *)tcp, &flow);
		headers->check = &tcp->check;
		return forward(headers, &flow, tcp->syn && !tcp->ack, bytes);
	case IPPROTO_UDP:
		udp = PARSE(struct udphdr, cursor);
		if (!udp)
			return XDP_PASS;
		set_ports(headers, (void *)udp, &flow);
		headers->check = &udp->check;
		return forward(headers, &flow, false, bytes);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		icmp = PARSE(struct icmphdr, cursor);
		if (!icmp || !is_icmp_error(icmp, flow.protocol))
			return XDP_PASS;
		return forward_error(cursor, headers, &flow, &icmp->checksum);
	default:
		return XDP_PASS;
	}
}

SEC("xdp")
int balance(struct xdp_md *ctx)
{
	struct cursor cursor = CURSOR(ctx);
	__u32 bytes = cursor.end - cursor.at;
	struct headers headers = {};
	__be16 ethertype;

	headers.ethernet = parse_ethernet(&cursor, &ethertype);
	/* Groups are not for a balancer to answer. */
	if (!headers.ethernet || headers.ethernet->h_dest[0] & 1)
		return XDP_PASS;
	/* Compiled twice, for what each family is known to have: no test of it is left to the verifier. */
	if (ethertype == bpf_htons(ETH_P_IP))
		return balance_network(&cursor, &headers, bytes);
	if (ethertype == bpf_htons(ETH_P_IPV6)) {
		headers.is_ip6 = true;
		return balance_network(&cursor, &headers, bytes);
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
