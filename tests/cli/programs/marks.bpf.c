// SPDX-License-Identifier: Apache-2.0
/* A TC program that answers by marks, tags and copies, by the destination port of a UDP packet. */
#include <wirebee/xdp.h>

SEC("tc")
int marks(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > end || skb->protocol != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP)
		return TC_ACT_UNSPEC;
	switch (bpf_ntohs(udp->dest)) {
	case 1:
		skb->mark = 0x2a;
		skb->priority = 6;
		return TC_ACT_OK;
	case 2:
		return TC_ACT_SHOT;
	case 3:
		return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 100) ? TC_ACT_SHOT : TC_ACT_OK;
	case 4:
		bpf_clone_redirect(skb, 1, 0);
		return TC_ACT_STOLEN;
	case 5:
		return bpf_redirect(7, BPF_F_INGRESS);
	case 6:
		return 99;
	case 7:
		skb->tc_classid = skb->ifindex << 16 | skb->ingress_ifindex;
		return TC_ACT_PIPE;
	}
	return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
