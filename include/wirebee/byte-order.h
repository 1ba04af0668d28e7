/* Byte order under the names of <asm/byteorder.h>, <linux/swab.h>, <arpa/inet.h> and <endian.h>. */
#ifndef WIREBEE_BYTE_ORDER_H
#define WIREBEE_BYTE_ORDER_H

#include <wirebee/endian.h>

#define __swab16(x) ((__u16)__builtin_bswap16((__u16)(x)))
#define __swab32(x) ((__u32)__builtin_bswap32((__u32)(x)))
#define __swab64(x) ((__u64)__builtin_bswap64((__u64)(x)))
#define __constant_swab16(x) __swab16(x)
#define __constant_swab32(x) __swab32(x)
#define __constant_swab64(x) __swab64(x)
#define ___constant_swab16(x) __swab16(x)
#define ___constant_swab32(x) __swab32(x)
#define ___constant_swab64(x) __swab64(x)

#define __cpu_to_be16(x) bpf_htons(x)
#define __cpu_to_be32(x) bpf_htonl(x)
#define __cpu_to_be64(x) bpf_cpu_to_be64(x)
#define __be16_to_cpu(x) bpf_ntohs(x)
#define __be32_to_cpu(x) bpf_ntohl(x)
#define __be64_to_cpu(x) bpf_be64_to_cpu(x)
#define __constant_cpu_to_be16(x) bpf_htons(x)
#define __constant_cpu_to_be32(x) bpf_htonl(x)
#define __constant_cpu_to_be64(x) bpf_cpu_to_be64(x)
#define __constant_be16_to_cpu(x) bpf_ntohs(x)
#define __constant_be32_to_cpu(x) bpf_ntohl(x)
#define __constant_be64_to_cpu(x) bpf_be64_to_cpu(x)
#define __constant_htons(x) bpf_htons(x)
#define __constant_htonl(x) bpf_htonl(x)
#define __constant_ntohs(x) bpf_ntohs(x)
#define __constant_ntohl(x) bpf_ntohl(x)

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __LITTLE_ENDIAN_BITFIELD
#define __cpu_to_le16(x) ((__le16)(__u16)(x))
#define __cpu_to_le32(x) ((__le32)(__u32)(x))
#define __cpu_to_le64(x) ((__le64)(__u64)(x))
#else
#define __BIG_ENDIAN_BITFIELD
#define __cpu_to_le16(x) ((__le16)__swab16(x))
#define __cpu_to_le32(x) ((__le32)__swab32(x))
#define __cpu_to_le64(x) ((__le64)__swab64(x))
#endif
#define __le16_to_cpu(x) ((__u16)__cpu_to_le16(x))
#define __le32_to_cpu(x) ((__u32)__cpu_to_le32(x))
#define __le64_to_cpu(x) ((__u64)__cpu_to_le64(x))

#ifndef htobe16
#define htobe16(x) bpf_htons(x)
#define htobe32(x) bpf_htonl(x)
#define htobe64(x) bpf_cpu_to_be64(x)
#define be16toh(x) bpf_ntohs(x)
#define be32toh(x) bpf_ntohl(x)
#define be64toh(x) bpf_be64_to_cpu(x)
#define htole16(x) __cpu_to_le16(x)
#define htole32(x) __cpu_to_le32(x)
#define htole64(x) __cpu_to_le64(x)
#define le16toh(x) __le16_to_cpu(x)
#define le32toh(x) __le32_to_cpu(x)
#define le64toh(x) __le64_to_cpu(x)
#endif

#ifndef htons
#define htons(x) bpf_htons(x)
#define htonl(x) bpf_htonl(x)
#define ntohs(x) bpf_ntohs(x)
#define ntohl(x) bpf_ntohl(x)
#endif

#endif
