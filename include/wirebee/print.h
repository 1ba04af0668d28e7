/* Printing: a constant format and up to twelve arguments, each an integer or a pointer. */
#ifndef WIREBEE_PRINT_H
#define WIREBEE_PRINT_H

#include <wirebee/macros.h>

/*
 * Arguments as the elements of an array of u64. Each is assigned by itself: what an initialiser makes of
 * constant ones lies in .rodata, where addresses of strings are not filled in.
 */
#define __wirebee_u64s(name, ...)                                                                  \
	__u64 name[___bpf_narg(__VA_ARGS__)];                                                      \
	___bpf_apply(__wirebee_fill, ___bpf_narg(__VA_ARGS__))(name, ##__VA_ARGS__)
#define __wirebee_fill0(to)
#define __wirebee_fill1(to, a) *(to) = (__u64)(a)
#define __wirebee_fill2(to, a, ...) *(to) = (__u64)(a), __wirebee_fill1((to) + 1, __VA_ARGS__)
#define __wirebee_fill3(to, a, ...) *(to) = (__u64)(a), __wirebee_fill2((to) + 1, __VA_ARGS__)
#define __wirebee_fill4(to, a, ...) *(to) = (__u64)(a), __wirebee_fill3((to) + 1, __VA_ARGS__)
#define __wirebee_fill5(to, a, ...) *(to) = (__u64)(a), __wirebee_fill4((to) + 1, __VA_ARGS__)
#define __wirebee_fill6(to, a, ...) *(to) = (__u64)(a), __wirebee_fill5((to) + 1, __VA_ARGS__)
#define __wirebee_fill7(to, a, ...) *(to) = (__u64)(a), __wirebee_fill6((to) + 1, __VA_ARGS__)
#define __wirebee_fill8(to, a, ...) *(to) = (__u64)(a), __wirebee_fill7((to) + 1, __VA_ARGS__)
#define __wirebee_fill9(to, a, ...) *(to) = (__u64)(a), __wirebee_fill8((to) + 1, __VA_ARGS__)
#define __wirebee_fill10(to, a, ...) *(to) = (__u64)(a), __wirebee_fill9((to) + 1, __VA_ARGS__)
#define __wirebee_fill11(to, a, ...) *(to) = (__u64)(a), __wirebee_fill10((to) + 1, __VA_ARGS__)
#define __wirebee_fill12(to, a, ...) *(to) = (__u64)(a), __wirebee_fill11((to) + 1, __VA_ARGS__)

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
		__wirebee_u64s(____args, ##__VA_ARGS__);                                           \
		bpf_trace_vprintk(____fmt, sizeof(____fmt), ____args, sizeof(____args));           \
	})

#ifndef BPF_SNPRINTF
#define BPF_SNPRINTF(out, out_size, fmt, ...)                                                      \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		__wirebee_u64s(____args, ##__VA_ARGS__);                                           \
		bpf_snprintf(out, out_size, ____fmt, ____args, sizeof(____args));                  \
	})
#endif
#ifndef BPF_SEQ_PRINTF
#define BPF_SEQ_PRINTF(seq, fmt, ...)                                                              \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		__wirebee_u64s(____args, ##__VA_ARGS__);                                           \
		bpf_seq_printf(seq, ____fmt, sizeof(____fmt), ____args, sizeof(____args));         \
	})
#endif

#endif
