// SPDX-License-Identifier: Apache-2.0
/* A map that lives on under its name, where the program is attached in earnest. */
#include <wirebee/xdp.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} wirebee_pinned SEC(".maps");

SEC("xdp")
int pinned(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&wirebee_pinned, &zero);

	if (count)
		*count += 1;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
