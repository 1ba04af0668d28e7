/* Integer types as the kernel's user-space headers name them (include/uapi/linux/types.h). */
#ifndef WIREBEE_TYPES_H
#define WIREBEE_TYPES_H

/* C11 lets a typedef be repeated, so that the system's headers may come before or after. */
typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u16 __le16;
typedef __u32 __be32;
typedef __u32 __le32;
typedef __u64 __be64;
typedef __u64 __le64;
typedef __u16 __sum16;
typedef __u32 __wsum;

#ifndef __aligned_u64
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#define __aligned_be64 __be64 __attribute__((aligned(8)))
#define __aligned_le64 __le64 __attribute__((aligned(8)))
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif

/* vmlinux.h has a typedef and an enumeration for these, and C23 has keywords. */
#if !defined(__cplusplus) && !defined(__VMLINUX_H__) && __STDC_VERSION__ < 202311L && !defined(bool)
#define bool _Bool
#define true 1
#define false 0
#endif

#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
#ifndef container_of
#define container_of(pointer, type, member)                                                        \
	({                                                                                         \
		void *____member = (void *)(pointer);                                              \
		(type *)(____member - offsetof(type, member));                                     \
	})
#endif

/* <linux/stddef.h> has another __always_inline, which only hints. */
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))

#endif
