import { NotSupportedError } from "../../errors.js";

/** System calls that the C library has no function for. */
export type SyscallName = "bpf" | "perf_event_open";

/**
 * Their numbers by process.arch: arch/x86/entry/syscalls/*.tbl, arch/arm/tools/syscall.tbl,
 * arch/s390/kernel/syscalls/syscall.tbl, arch/powerpc/kernel/syscalls/syscall.tbl and
 * include/uapi/asm-generic/unistd.h (arm64, riscv64, loong64).
 */
const NUMBERS: Partial<Record<string, Readonly<Record<SyscallName, number>>>> = {
  x64: { bpf: 321, perf_event_open: 298 },
  ia32: { bpf: 357, perf_event_open: 336 },
  arm: { bpf: 386, perf_event_open: 364 },
  arm64: { bpf: 280, perf_event_open: 241 },
  riscv64: { bpf: 280, perf_event_open: 241 },
  loong64: { bpf: 280, perf_event_open: 241 },
  s390x: { bpf: 351, perf_event_open: 331 },
  ppc64: { bpf: 361, perf_event_open: 319 },
};

/** A system call's number on this machine; throws NotSupportedError where it is not known. */
export function syscallNumber(name: SyscallName, architecture: string = process.arch): number {
  const numbers = NUMBERS[architecture];
  if (numbers !== undefined) return numbers[name];
  throw new NotSupportedError(
    `${name}(2) on ${architecture}`,
    `the number of ${name}(2) on ${architecture} is not known: ${Object.keys(NUMBERS).join(", ")} are`,
  );
}
