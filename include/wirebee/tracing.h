/*
 * Arguments of programs on functions of the kernel's, as far as they come beside packet programs: fentry
 * and fexit on an XDP program (BPF_PROG), kprobes (BPF_KPROBE); the names are those of bpf_tracing.h.
 */
#ifndef WIREBEE_TRACING_H
#define WIREBEE_TRACING_H

#include <wirebee/macros.h>

#ifndef __BPF_TRACING_H__
#define __BPF_TRACING_H__

/* Each argument of an fentry, fexit or tp_btf program is a u64 of its context; `arguments` types them. */
#define __wirebee_context(...) ___bpf_apply(__wirebee_context, ___bpf_narg(__VA_ARGS__))(__VA_ARGS__)
#define __wirebee_context0() ctx
#define __wirebee_context1(a) __wirebee_context0(), (void *)ctx[0]
#define __wirebee_context2(a, ...) __wirebee_context1(__VA_ARGS__), (void *)ctx[1]
#define __wirebee_context3(a, ...) __wirebee_context2(__VA_ARGS__), (void *)ctx[2]
#define __wirebee_context4(a, ...) __wirebee_context3(__VA_ARGS__), (void *)ctx[3]
#define __wirebee_context5(a, ...) __wirebee_context4(__VA_ARGS__), (void *)ctx[4]
#define __wirebee_context6(a, ...) __wirebee_context5(__VA_ARGS__), (void *)ctx[5]
#define __wirebee_context7(a, ...) __wirebee_context6(__VA_ARGS__), (void *)ctx[6]
#define __wirebee_context8(a, ...) __wirebee_context7(__VA_ARGS__), (void *)ctx[7]
#define __wirebee_context9(a, ...) __wirebee_context8(__VA_ARGS__), (void *)ctx[8]
#define __wirebee_context10(a, ...) __wirebee_context9(__VA_ARGS__), (void *)ctx[9]
#define __wirebee_context11(a, ...) __wirebee_context10(__VA_ARGS__), (void *)ctx[10]
#define __wirebee_context12(a, ...) __wirebee_context11(__VA_ARGS__), (void *)ctx[11]

/* The program `name` takes a context of the given type, and calls its body with the parenthesised `values`. */
#define __wirebee_wrap(name, context, values, ...)                                                 \
	name(context);                                                                             \
	static __always_inline __typeof__(name(0)) ____##name(context, ##__VA_ARGS__);             \
	__typeof__(name(0)) name(context)                                                          \
	{                                                                                          \
		_Pragma("GCC diagnostic push")                                                     \
		_Pragma("GCC diagnostic ignored \"-Wint-conversion\"")                             \
		return ____##name values;                                                          \
		_Pragma("GCC diagnostic pop")                                                      \
	}                                                                                          \
	static __always_inline __typeof__(name(0)) ____##name(context, ##__VA_ARGS__)

#define BPF_PROG(name, ...)                                                                        \
	__wirebee_wrap(name, unsigned long long *ctx __attribute__((unused)),                      \
		       (__wirebee_context(__VA_ARGS__)), ##__VA_ARGS__)

/* The registers that hold a function's arguments and result, by the architecture compiled for. */
#if defined(__TARGET_ARCH_x86) && (defined(__VMLINUX_H__) || defined(__KERNEL__))
#define __wirebee_registers(context, r) (((const struct pt_regs *)(context))->r)
#define PT_REGS_PARM1(x) __wirebee_registers(x, di)
#define PT_REGS_PARM2(x) __wirebee_registers(x, si)
#define PT_REGS_PARM3(x) __wirebee_registers(x, dx)
#define PT_REGS_PARM4(x) __wirebee_registers(x, cx)
#define PT_REGS_PARM5(x) __wirebee_registers(x, r8)
#define PT_REGS_RC(x) __wirebee_registers(x, ax)
#define PT_REGS_SP(x) __wirebee_registers(x, sp)
#define PT_REGS_IP(x) __wirebee_registers(x, ip)
#elif defined(__TARGET_ARCH_x86)
/* <linux/ptrace.h> has other names for them than the kernel itself. */
#define __wirebee_registers(context, r) (((const struct pt_regs *)(context))->r)
#define PT_REGS_PARM1(x) __wirebee_registers(x, rdi)
#define PT_REGS_PARM2(x) __wirebee_registers(x, rsi)
#define PT_REGS_PARM3(x) __wirebee_registers(x, rdx)
#define PT_REGS_PARM4(x) __wirebee_registers(x, rcx)
#define PT_REGS_PARM5(x) __wirebee_registers(x, r8)
#define PT_REGS_RC(x) __wirebee_registers(x, rax)
#define PT_REGS_SP(x) __wirebee_registers(x, rsp)
#define PT_REGS_IP(x) __wirebee_registers(x, rip)
#elif defined(__TARGET_ARCH_arm64)
#define __wirebee_registers(context, r) (((const struct user_pt_regs *)(context))->r)
#define PT_REGS_PARM1(x) __wirebee_registers(x, regs[0])
#define PT_REGS_PARM2(x) __wirebee_registers(x, regs[1])
#define PT_REGS_PARM3(x) __wirebee_registers(x, regs[2])
#define PT_REGS_PARM4(x) __wirebee_registers(x, regs[3])
#define PT_REGS_PARM5(x) __wirebee_registers(x, regs[4])
#define PT_REGS_RC(x) __wirebee_registers(x, regs[0])
#define PT_REGS_SP(x) __wirebee_registers(x, sp)
#define PT_REGS_IP(x) __wirebee_registers(x, pc)
#endif

#ifdef PT_REGS_PARM1
#define __wirebee_kprobe(...) ___bpf_apply(__wirebee_kprobe, ___bpf_narg(__VA_ARGS__))(__VA_ARGS__)
#define __wirebee_kprobe0() ctx
#define __wirebee_kprobe1(a) __wirebee_kprobe0(), (void *)PT_REGS_PARM1(ctx)
#define __wirebee_kprobe2(a, ...) __wirebee_kprobe1(__VA_ARGS__), (void *)PT_REGS_PARM2(ctx)
#define __wirebee_kprobe3(a, ...) __wirebee_kprobe2(__VA_ARGS__), (void *)PT_REGS_PARM3(ctx)
#define __wirebee_kprobe4(a, ...) __wirebee_kprobe3(__VA_ARGS__), (void *)PT_REGS_PARM4(ctx)
#define __wirebee_kprobe5(a, ...) __wirebee_kprobe4(__VA_ARGS__), (void *)PT_REGS_PARM5(ctx)

struct pt_regs;

#define BPF_KPROBE(name, ...)                                                                      \
	__wirebee_wrap(name, struct pt_regs *ctx __attribute__((unused)),                          \
		       (__wirebee_kprobe(__VA_ARGS__)), ##__VA_ARGS__)

#define __wirebee_result(...) ___bpf_apply(__wirebee_result, ___bpf_narg(__VA_ARGS__))(__VA_ARGS__)
#define __wirebee_result0() ctx
#define __wirebee_result1(a) ctx, (void *)PT_REGS_RC(ctx)
#define BPF_KRETPROBE(name, ...)                                                                   \
	__wirebee_wrap(name, struct pt_regs *ctx __attribute__((unused)),                          \
		       (__wirebee_result(__VA_ARGS__)), ##__VA_ARGS__)
#endif

#endif

#endif
