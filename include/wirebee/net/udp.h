/* UDP: RFC 768 (include/uapi/linux/udp.h). */
#ifndef WIREBEE_NET_UDP_H
#define WIREBEE_NET_UDP_H

#include <wirebee/types.h>

#if !defined(_UAPI_LINUX_UDP_H) && !defined(_LINUX_UDP_H)
#define _UAPI_LINUX_UDP_H
#define _LINUX_UDP_H
#ifndef __VMLINUX_H__
struct udphdr {
	__be16 source;
	__be16 dest;
	__be16 len;
	__sum16 check;
};
#endif
#endif

#endif
