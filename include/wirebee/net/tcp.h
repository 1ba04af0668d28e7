/* TCP: RFC 9293 (include/uapi/linux/tcp.h). */
#ifndef WIREBEE_NET_TCP_H
#define WIREBEE_NET_TCP_H

#include <wirebee/endian.h>

#if !defined(_UAPI_LINUX_TCP_H) && !defined(_LINUX_TCP_H)
#define _UAPI_LINUX_TCP_H
#define _LINUX_TCP_H

#ifndef __VMLINUX_H__
struct tcphdr {
	__be16 source;
	__be16 dest;
	__be32 seq;
	__be32 ack_seq;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	__u16 ae : 1, res1 : 3, doff : 4, fin : 1, syn : 1, rst : 1, psh : 1, ack : 1, urg : 1, ece : 1,
		cwr : 1;
#else
	__u16 doff : 4, res1 : 3, ae : 1, cwr : 1, ece : 1, urg : 1, ack : 1, psh : 1, rst : 1, syn : 1,
		fin : 1;
#endif
	__be16 window;
	__sum16 check;
	__be16 urg_ptr;
};

/* The fourth word of the header, where data offset and flags stand, in network byte order. */
union tcp_word_hdr {
	struct tcphdr hdr;
	__be32 words[5];
};

enum {
	TCP_FLAG_AE = bpf_htonl(0x01000000),
	TCP_FLAG_CWR = bpf_htonl(0x00800000),
	TCP_FLAG_ECE = bpf_htonl(0x00400000),
	TCP_FLAG_URG = bpf_htonl(0x00200000),
	TCP_FLAG_ACK = bpf_htonl(0x00100000),
	TCP_FLAG_PSH = bpf_htonl(0x00080000),
	TCP_FLAG_RST = bpf_htonl(0x00040000),
	TCP_FLAG_SYN = bpf_htonl(0x00020000),
	TCP_FLAG_FIN = bpf_htonl(0x00010000),
	TCP_RESERVED_BITS = bpf_htonl(0x0E000000),
	TCP_DATA_OFFSET = bpf_htonl(0xF0000000),
};
#endif
#define tcp_flag_word(tp) (((union tcp_word_hdr *)(tp))->words[3])

#define TCP_MSS_DEFAULT		 536U
#endif

/* Options: a byte of type, and a byte of length but for the first two (net/tcp.h of the kernel's own). */
#ifndef TCPOPT_MSS
#define TCPOPT_NOP 1
#define TCPOPT_EOL 0
#define TCPOPT_MSS 2
#define TCPOPT_WINDOW 3
#define TCPOPT_SACK_PERM 4
#define TCPOPT_SACK 5
#define TCPOPT_TIMESTAMP 8
#endif

#endif
