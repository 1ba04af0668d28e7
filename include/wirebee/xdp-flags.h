/* How XDP programs are attached (include/uapi/linux/if_link.h). */
#ifndef WIREBEE_XDP_FLAGS_H
#define WIREBEE_XDP_FLAGS_H

#if !defined(_UAPI_LINUX_IF_LINK_H) && !defined(_LINUX_IF_LINK_H)
#define XDP_FLAGS_UPDATE_IF_NOEXIST	(1U << 0)
#define XDP_FLAGS_SKB_MODE		(1U << 1)
#define XDP_FLAGS_DRV_MODE		(1U << 2)
#define XDP_FLAGS_HW_MODE		(1U << 3)
#define XDP_FLAGS_REPLACE		(1U << 4)
#endif

#endif
