/* Integer types as the kernel's user-space headers name them. */
#ifndef WIREBEE_TYPES_H
#define WIREBEE_TYPES_H

#if !defined(_LINUX_TYPES_H) && !defined(__VMLINUX_H__)
#define _LINUX_TYPES_H
#define _ASM_GENERIC_INT_LL64_H
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
#endif

#ifndef NULL
#define NULL ((void *)0)
#endif
#ifndef __cplusplus
#if __STDC_VERSION__ < 202311L && !defined(bool)
#define bool _Bool
#define true 1
#define false 0
#endif
#endif

#endif
