// SPDX-License-Identifier: Apache-2.0
/* The destination port of a UDP packet says what to do with it: one port for each thing that a run shows. */
#include <wirebee/xdp.h>

struct sample {
	__u32 port;
	__be32 source;
	__u8 mac[6];
	__u16 length;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} reports SEC(".maps");

const struct sample *sample_type __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u32);
} tx_ports SEC(".maps");

struct prefix {
	__u32 length;
	__be32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16);
	__type(key, struct prefix);
	__type(value, __u64);
} networks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u16);
	__type(value, __u64);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} per_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, __u32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

__u64 last_time = 0;
__u32 last_random = 0;
volatile __u32 limit = 5;
char greeting[16] = "hello";

SEC("xdp")
int verdicts(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct udphdr *udp = (void *)(ip + 1);
	struct sample sample = {};
	struct prefix prefix = { .length = 32 };
	__u64 *count, one = 1;
	__u32 zero = 0, port;
	__u16 key;

	if ((void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP)
		return XDP_PASS;
	port = bpf_ntohs(udp->dest);
	key = port;
	count = bpf_map_lookup_elem(&ports, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&ports, &key, &one, BPF_ANY);
	count = bpf_map_lookup_elem(&per_cpu, &zero);
	if (count)
		*count += 1;

	switch (port) {
	case 1:
		return XDP_ABORTED;
	case 2:
		return XDP_DROP;
	case 4:
		eth->h_source[0] ^= 4;
		return XDP_TX;
	case 5:
		return bpf_redirect(7, 0);
	case 6:
		return bpf_redirect_map(&tx_ports, 2, XDP_ABORTED);
	case 7:
		return 17;
	case 8:
		return bpf_xdp_adjust_head(ctx, -20) ? XDP_ABORTED : XDP_PASS;
	case 9:
		return bpf_xdp_adjust_meta(ctx, -8) ? XDP_ABORTED : XDP_PASS;
	case 10:
		sample.port = port;
		sample.source = ip->saddr;
		sample.length = end - data;
		__builtin_memcpy(sample.mac, eth->h_source, sizeof(sample.mac));
		bpf_ringbuf_output(&samples, &sample, sizeof(sample), 0);
		bpf_perf_event_output(ctx, &reports, BPF_F_CURRENT_CPU | (8ULL << 32), &sample, sizeof(sample));
		return XDP_PASS;
	case 11: {
		static const char format[] = "port %d of %d\n";

		bpf_trace_printk(format, sizeof(format), port, limit);
		return XDP_PASS;
	}
	case 12:
		last_random = bpf_get_prandom_u32();
		last_time = bpf_ktime_get_ns();
		return XDP_PASS;
	case 13:
		prefix.address = ip->saddr;
		count = bpf_map_lookup_elem(&networks, &prefix);
		return count ? XDP_DROP : XDP_PASS;
	case 14:
		key = 2;
		bpf_map_delete_elem(&ports, &key);
		return XDP_PASS;
	case 15:
		bpf_map_push_elem(&queue, &port, BPF_ANY);
		return XDP_PASS;
	case 16:
		bpf_tail_call(ctx, &next, 1);
		return XDP_ABORTED;
	}
	return port > limit ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int tail(struct xdp_md *ctx)
{
	return XDP_TX;
}

char _license[] SEC("license") = "GPL";
