/* Headers that carry other packets: GRE (RFC 2784), VXLAN (RFC 7348), Geneve (RFC 8926), MPLS (RFC 3032). */
#ifndef WIREBEE_NET_TUNNEL_H
#define WIREBEE_NET_TUNNEL_H

#include <wirebee/types.h>

/* Flags in network byte order as the field is; checksum, key and sequence number follow where set. */
struct wirebee_gre {
	__be16 flags;
	__be16 protocol;
};
#define WIREBEE_GRE_CHECKSUM 0x8000
#define WIREBEE_GRE_KEY 0x2000
#define WIREBEE_GRE_SEQUENCE 0x1000
#define WIREBEE_GRE_VERSION 0x0007

#define WIREBEE_VXLAN_PORT 4789
#define WIREBEE_VXLAN_HAS_VNI 0x08
struct wirebee_vxlan {
	__u8 flags;
	__u8 reserved[3];
	/* The upper 24 bits. */
	__be32 vni;
};

#define WIREBEE_GENEVE_PORT 6081
struct wirebee_geneve {
	/* Two bits of version, and six of the options' length in units of 4 bytes. */
	__u8 version_and_length;
	__u8 flags;
	__be16 protocol;
	/* The upper 24 bits. */
	__be32 vni;
};

/* 20 bits of label, 3 of traffic class, 1 for the bottom of the stack, 8 of TTL. */
struct wirebee_mpls {
	__be32 entry;
};
#define WIREBEE_MPLS_BOTTOM 0x00000100

#endif
