/* VLAN tags: IEEE 802.1Q. */
#ifndef WIREBEE_NET_VLAN_H
#define WIREBEE_NET_VLAN_H

#include <wirebee/types.h>

#ifndef VLAN_VID_MASK
#define VLAN_PRIO_MASK 0xe000
#define VLAN_PRIO_SHIFT 13
#define VLAN_CFI_MASK 0x1000
#define VLAN_VID_MASK 0x0fff
#endif

/*
 * A tag as it stands behind an EtherType of 0x8100 or 0x88a8. Not called vlan_hdr, which programs
 * define themselves since no user-space header of the kernel's does.
 */
struct wirebee_vlan {
	__be16 tci;
	__be16 protocol;
};

#endif
