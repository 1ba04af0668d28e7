// SPDX-License-Identifier: Apache-2.0
/* What a disassembly has to name: functions, maps, global variables, helper functions. */
#include <wirebee/xdp.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

volatile __u32 limit = 5;
volatile __u64 seen[2];

static __noinline int sum(struct xdp_md *ctx)
{
	__u32 total = 0;

	for (__u32 i = 0; i < ctx->rx_queue_index && i < 8; i++)
		total += i * limit;
	return total;
}

SEC("xdp")
int plain(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 total = 0;

	if (data + 4 > end)
		return XDP_DROP;
	for (int i = 0; i < 4; i++)
		total = total * 31 + data[i];
	return total % 7 == 3 ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int caller(struct __sk_buff *skb)
{
	return skb->len > limit ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("xdp")
int names(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		*count += sum(ctx);
	seen[1]++;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
