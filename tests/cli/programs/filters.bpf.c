// SPDX-License-Identifier: Apache-2.0
/* Programs that answer how much of a packet to keep, and whether it may go on. */
#include <wirebee/xdp.h>

SEC("socket")
int keep(struct __sk_buff *skb)
{
	return skb->len > 100 ? 40 : 0;
}

SEC("cgroup_skb/egress")
int allow(struct __sk_buff *skb)
{
	return skb->len > 100;
}

SEC("kprobe/do_exit")
int not_for_packets(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
