/* GRE's first two bytes, in network byte order (include/uapi/linux/if_tunnel.h; RFC 1701, RFC 2784). */
#ifndef WIREBEE_GRE_FLAGS_H
#define WIREBEE_GRE_FLAGS_H

#include <wirebee/byte-order.h>

#define GRE_CSUM	__cpu_to_be16(0x8000)
#define GRE_ROUTING	__cpu_to_be16(0x4000)
#define GRE_KEY		__cpu_to_be16(0x2000)
#define GRE_SEQ		__cpu_to_be16(0x1000)
#define GRE_STRICT	__cpu_to_be16(0x0800)
#define GRE_REC		__cpu_to_be16(0x0700)
#define GRE_ACK		__cpu_to_be16(0x0080)
#define GRE_FLAGS	__cpu_to_be16(0x0078)
#define GRE_VERSION	__cpu_to_be16(0x0007)

#endif
