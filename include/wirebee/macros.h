/* How programs and maps are declared; the names are those that libbpf's users know. */
#ifndef WIREBEE_MACROS_H
#define WIREBEE_MACROS_H

#include <wirebee/types.h>
#include <wirebee/helpers.h>

/* Where libbpf's bpf_helpers.h came first it has these, each as its version does it. */
#ifndef SEC
#define SEC(name) __attribute__((section(name), used))
#endif
#ifndef __uint
#define __uint(name, val) int(*name)[val]
#define __type(name, val) __typeof__(val) *name
#define __array(name, val) __typeof__(val) *name[]
#endif
#ifndef __ulong
/* An enumerator holds 64 bits, which an array's size does not; clang keeps it in the BTF. */
#define __ulong(name, val)                                                                         \
	enum { ___bpf_apply(__unique_value_, __COUNTER__) = val } name
#endif

#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif
#ifndef __weak
#define __weak __attribute__((weak))
#endif
#ifndef __hidden
#define __hidden __attribute__((visibility("hidden")))
#endif
#ifndef __kconfig
#define __kconfig __attribute__((section(".kconfig")))
#endif
#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

/* Pointers to the kernel's objects in map values, and what a global subprogram's arguments are. */
#ifndef __kptr
#define __kptr __attribute__((btf_type_tag("kptr")))
#endif
#ifndef __kptr_untrusted
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#endif
#ifndef __percpu_kptr
#define __percpu_kptr __attribute__((btf_type_tag("percpu_kptr")))
#endif
#ifndef __arg_ctx
#define __arg_ctx __attribute__((btf_decl_tag("arg:ctx")))
#define __arg_nonnull __attribute__((btf_decl_tag("arg:nonnull")))
#define __arg_nullable __attribute__((btf_decl_tag("arg:nullable")))
#define __arg_trusted __attribute__((btf_decl_tag("arg:trusted")))
#define __arg_arena __attribute__((btf_decl_tag("arg:arena")))
#endif

#ifndef bpf_ksym_exists
/* The address of a weak symbol; of any other, the compiler knows that it is not 0. */
#define bpf_ksym_exists(symbol)                                                                    \
	({                                                                                         \
		_Static_assert(!__builtin_constant_p(!!(symbol)), #symbol " is not __weak");       \
		!!(symbol);                                                                        \
	})
#endif

#ifndef KERNEL_VERSION
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))
#endif

/* Nothing is moved across this; a variable's value is forgotten, so that its use stays where it is. */
#ifndef barrier
#define barrier() asm volatile("" ::: "memory")
#endif
#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif
#ifndef __bpf_unreachable
#define __bpf_unreachable() __builtin_trap()
#endif

/* Counting arguments, up to twelve, and names put together. */
#ifndef ___bpf_concat
#define ___bpf_concat(a, b) a##b
#endif
#ifndef ___bpf_apply
#define ___bpf_apply(a, b) ___bpf_concat(a, b)
#endif
#ifndef ___bpf_nth
#define ___bpf_nth(_, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, n, ...) n
#endif
#ifndef ___bpf_narg
#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#endif

#ifdef WIREBEE_DECLARES_HELPERS
enum libbpf_pin_type {
	LIBBPF_PIN_NONE,
	LIBBPF_PIN_BY_NAME,
};

enum libbpf_tristate {
	TRI_NO = 0,
	TRI_YES = 1,
	TRI_MODULE = 2,
};

/*
 * A tail call to a constant slot. In assembly, so that the map and the slot are set at the call
 * itself: only then can the kernel's JIT turn it into a direct jump (kernel/bpf/verifier.c, map_key_state).
 */
static __always_inline void bpf_tail_call_static(void *ctx, const void *map, const __u32 slot)
{
	asm volatile("r1 = %[ctx]\n"
		     "r2 = %[map]\n"
		     "r3 = %[slot]\n"
		     "call 12"
		     :
		     : [ctx] "r"(ctx), [map] "r"(map), [slot] "i"(slot)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
}
#endif

#include <wirebee/loop.h>
#include <wirebee/print.h>

#endif
