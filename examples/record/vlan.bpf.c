// SPDX-License-Identifier: Apache-2.0
/*
 * A VLAN for one network of a machine, in place of a VLAN device: not every kernel has those. What leaves
 * for 203.0.113.0/24 gets the tag of VLAN 100; whatever tag comes in is taken off.
 */
#include <wirebee/xdp.h>

#define NETWORK 0xcb007100
#define NETMASK 0xffffff00
#define VLAN 100

static __always_inline bool is_for_network(struct __sk_buff *skb)
{
	struct cursor cursor = CURSOR(skb);
	__be32 destination = 0;
	__be16 ethertype;

	if (!parse_ethernet(&cursor, &ethertype))
		return false;
	if (ethertype == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = parse_ipv4(&cursor);

		if (ip)
			destination = ip->daddr;
	} else if (ethertype == bpf_htons(ETH_P_ARP)) {
		struct arphdr *arp = PARSE(struct arphdr, &cursor);
		struct wirebee_arp_ipv4 *addresses = arp ? PARSE(struct wirebee_arp_ipv4, &cursor) : NULL;

		if (addresses)
			destination = addresses->target_ip;
	}
	return (bpf_ntohl(destination) & NETMASK) == NETWORK;
}

SEC("tc/egress")
int tag(struct __sk_buff *skb)
{
	if (is_for_network(skb) && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), VLAN) < 0)
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

SEC("tc/ingress")
int untag(struct __sk_buff *skb)
{
	if (skb->vlan_present && bpf_skb_vlan_pop(skb) < 0)
		return TC_ACT_SHOT;
	return TC_ACT_OK;
}

char _license[] SEC("license") = "GPL";
