/* How programs and maps are declared; the names are those that libbpf's users know. */
#ifndef WIREBEE_MACROS_H
#define WIREBEE_MACROS_H

#include <wirebee/bpf.h>
#include <wirebee/helpers.h>

#define SEC(name) __attribute__((section(name), used))

#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
#define __ulong(name, val)                                                                         \
	enum { __wirebee_concat(__unique_value_, __COUNTER__) = val } name
#define __wirebee_concat(a, b) __wirebee_concat2(a, b)
#define __wirebee_concat2(a, b) a##b

#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#define __hidden __attribute__((visibility("hidden")))
#define __kconfig __attribute__((section(".kconfig")))
#define __ksym __attribute__((section(".ksyms")))
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))

#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif

#define barrier() asm volatile("" ::: "memory")
#define barrier_var(var) asm volatile("" : "+r"(var))

enum libbpf_pin_type {
	LIBBPF_PIN_NONE,
	LIBBPF_PIN_BY_NAME,
};

enum libbpf_tristate {
	TRI_NO = 0,
	TRI_YES = 1,
	TRI_MODULE = 2,
};

/* Prints a line; the format is a constant, up to twelve arguments. */
#define bpf_printk(fmt, ...)                                                                       \
	({                                                                                         \
		static const char ____fmt[] = fmt;                                                 \
		__u64 ____args[] = { __wirebee_args(__VA_ARGS__) };                                \
		bpf_trace_vprintk(____fmt, sizeof(____fmt), ____args, sizeof(____args));           \
	})
#define __wirebee_args(...) __wirebee_pick(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)(__VA_ARGS__)
#define __wirebee_pick(_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, n, ...) __wirebee_a##n
#define __wirebee_a0(...)
#define __wirebee_a1(a) (unsigned long)(a)
#define __wirebee_a2(a, ...) (unsigned long)(a), __wirebee_a1(__VA_ARGS__)
#define __wirebee_a3(a, ...) (unsigned long)(a), __wirebee_a2(__VA_ARGS__)
#define __wirebee_a4(a, ...) (unsigned long)(a), __wirebee_a3(__VA_ARGS__)
#define __wirebee_a5(a, ...) (unsigned long)(a), __wirebee_a4(__VA_ARGS__)
#define __wirebee_a6(a, ...) (unsigned long)(a), __wirebee_a5(__VA_ARGS__)
#define __wirebee_a7(a, ...) (unsigned long)(a), __wirebee_a6(__VA_ARGS__)
#define __wirebee_a8(a, ...) (unsigned long)(a), __wirebee_a7(__VA_ARGS__)
#define __wirebee_a9(a, ...) (unsigned long)(a), __wirebee_a8(__VA_ARGS__)
#define __wirebee_a10(a, ...) (unsigned long)(a), __wirebee_a9(__VA_ARGS__)
#define __wirebee_a11(a, ...) (unsigned long)(a), __wirebee_a10(__VA_ARGS__)
#define __wirebee_a12(a, ...) (unsigned long)(a), __wirebee_a11(__VA_ARGS__)

static __always_inline void bpf_tail_call_static(void *ctx, const void *map, const __u32 slot)
{
	bpf_tail_call(ctx, (void *)map, slot);
}

#endif
