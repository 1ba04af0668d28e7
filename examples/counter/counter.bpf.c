// SPDX-License-Identifier: Apache-2.0
#include <wirebee/xdp.h>

struct traffic {
	__u64 packets;
	__u64 bytes;
};

/* Packets and bytes by EtherType, in host byte order. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct traffic);
} traffic SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	struct cursor cursor = CURSOR(ctx);
	struct traffic first = { .packets = 1, .bytes = ctx->data_end - ctx->data };
	struct traffic *known;
	__be16 protocol;
	__u32 key;

	if (!parse_ethernet(&cursor, &protocol))
		return XDP_DROP;
	key = bpf_ntohs(protocol);
	known = bpf_map_lookup_elem(&traffic, &key);
	if (known) {
		__sync_fetch_and_add(&known->packets, 1);
		__sync_fetch_and_add(&known->bytes, first.bytes);
	} else {
		bpf_map_update_elem(&traffic, &key, &first, BPF_ANY);
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
