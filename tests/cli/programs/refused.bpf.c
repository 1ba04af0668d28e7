// SPDX-License-Identifier: Apache-2.0
/* A program that no kernel takes: it reads what it has not compared with the packet's end. */
#include <wirebee/xdp.h>

SEC("xdp")
int refused(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data;

	return data[13] == 0 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
