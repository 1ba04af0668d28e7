// SPDX-License-Identifier: Apache-2.0
#include <wirebee/xdp.h>

struct traffic {
	__u64 packets;
	__u64 bytes;
};

/* Packets and bytes by EtherType, in host byte order: what is behind VLAN tags. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct traffic);
} traffic SEC(".maps");

static __always_inline struct traffic *traffic_of(__u32 ethertype)
{
	struct traffic *known = bpf_map_lookup_elem(&traffic, &ethertype);
	struct traffic none = {};

	if (known)
		return known;
	/* Where another CPU was quicker, its element stays. */
	bpf_map_update_elem(&traffic, &ethertype, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&traffic, &ethertype);
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	struct cursor cursor = CURSOR(ctx);
	__u64 bytes = cursor.end - cursor.at;
	struct traffic *known;
	__be16 ethertype;

	if (!parse_ethernet(&cursor, &ethertype))
		return XDP_DROP;
	known = traffic_of(bpf_ntohs(ethertype));
	if (known) {
		__sync_fetch_and_add(&known->packets, 1);
		__sync_fetch_and_add(&known->bytes, bytes);
	}
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
