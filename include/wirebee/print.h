/* Printing: a constant format and up to twelve arguments, each an integer or a pointer. */
#ifndef WIREBEE_PRINT_H
#define WIREBEE_PRINT_H

#include <wirebee/macros.h>

/* Arguments as the elements of an array of u64. */
#define __wirebee_u64s(...) ___bpf_apply(__wirebee_u64s, ___bpf_narg(__VA_ARGS__))(__VA_ARGS__)
#define __wirebee_u64s0(...)
#define __wirebee_u64s1(a) (__u64)(a)
#define __wirebee_u64s2(a, ...) (__u64)(a), __wirebee_u64s1(__VA_ARGS__)
#define __wirebee_u64s3(a, ...) (__u64)(a), __wirebee_u64s2(__VA_ARGS__)
#define __wirebee_u64s4(a, ...) (__u64)(a), __wirebee_u64s3(__VA_ARGS__)
#define __wirebee_u64s5(a, ...) (__u64)(a), __wirebee_u64s4(__VA_ARGS__)
#define __wirebee_u64s6(a, ...) (__u64)(a), __wirebee_u64s5(__VA_ARGS__)
#define __wirebee_u64s7(a, ...) (__u64)(a), __wirebee_u64s6(__VA_ARGS__)
#define __wirebee_u64s8(a, ...) (__u64)(a), __wirebee_u64s7(__VA_ARGS__)
#define __wirebee_u64s9(a, ...) (__u64)(a), __wirebee_u64s8(__VA_ARGS__)
#define __wirebee_u64s10(a, ...) (__u64)(a), __wirebee_u64s9(__VA_ARGS__)
#define __wirebee_u64s11(a, ...) (__u64)(a), __wirebee_u64s10(__VA_ARGS__)
#define __wirebee_u64s12(a, ...) (__u64)(a), __wirebee_u64s11(__VA_ARGS__)

#ifndef bpf_printk
/* bpf_trace_printk takes three arguments at most; bpf_trace_vprintk, more, since Linux 5.16. */
#define bpf_printk(fmt, ...)                                                                       \
	___bpf_nth(_, ##__VA_ARGS__, __wirebee_vprintk, __wirebee_vprintk, __wirebee_vprintk,      \
		   __wirebee_vprintk, __wirebee_vprintk, __wirebee_vprintk, __wirebee_vprintk,     \
		   __wirebee_vprintk, __wirebee_vprintk, __wirebee_printk, __wirebee_printk,       \
		   __wirebee_printk, __wirebee_printk)                                             \
	(fmt, ##__VA_ARGS__)
#endif

#ifdef BPF_NO_GLOBAL_DATA
#define __wirebee_format char
#else
#define __wirebee_format static const char
#endif

#define __wirebee_printk(fmt, ...)                                                                 \
	({                                                                                         \
		__wirebee_format ____fmt[] = fmt;                                                  \
		bpf_trace_printk(____fmt, sizeof(____fmt), ##__VA_ARGS__);                         \
	})
#define __wirebee_vprintk(fmt, ...)                                                                \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		__u64 ____args[] = { __wirebee_u64s(__VA_ARGS__) };                                \
		bpf_trace_vprintk(____fmt, sizeof(____fmt), ____args, sizeof(____args));           \
	})

#ifndef BPF_SNPRINTF
#define BPF_SNPRINTF(out, out_size, fmt, ...)                                                      \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		__u64 ____args[] = { __wirebee_u64s(__VA_ARGS__) };                                \
		bpf_snprintf(out, out_size, ____fmt, ____args, sizeof(____args));                  \
	})
#endif
#ifndef BPF_SEQ_PRINTF
#define BPF_SEQ_PRINTF(seq, fmt, ...)                                                              \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		__u64 ____args[] = { __wirebee_u64s(__VA_ARGS__) };                                \
		bpf_seq_printf(seq, ____fmt, sizeof(____fmt), ____args, sizeof(____args));         \
	})
#endif

#endif
