/* A program's registers, as kprobes see them (asm/ptrace.h of the architecture compiled for). */
#ifndef WIREBEE_REGISTERS_H
#define WIREBEE_REGISTERS_H

#include <wirebee/types.h>

#if !defined(__VMLINUX_H__) && !defined(_LINUX_PTRACE_H)
#define _LINUX_PTRACE_H
#ifdef __TARGET_ARCH_x86
struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long rbp;
	unsigned long rbx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long rax;
	unsigned long rcx;
	unsigned long rdx;
	unsigned long rsi;
	unsigned long rdi;
	unsigned long orig_rax;
	unsigned long rip;
	unsigned long cs;
	unsigned long eflags;
	unsigned long rsp;
	unsigned long ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};
#endif
#endif

#endif
