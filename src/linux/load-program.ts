import { KernelError, VerifierError } from "../errors.js";
import { Errno, ProgramType } from "../uapi/index.js";
import { kernelVersion } from "./kernel-version.js";
import { fieldText } from "./map-info.js";
import { Attributes } from "./sys/attributes.js";
import { BpfCommand } from "./sys/bpf-command.js";
import { blamedSlot, refusalReason } from "./verifier-log.js";

/** Flags of program loading: BPF_F_* of include/uapi/linux/bpf.h. */
export const ProgFlag = { Sleepable: 1 << 4, XdpHasFrags: 1 << 5 } as const;

/** What BPF_PROG_LOAD takes. */
export interface ProgramLoad {
  readonly name: string;
  readonly type: number;
  readonly expectedAttachType: number;
  /** In the machine's byte order, references filled in. */
  readonly code: Uint8Array;
  readonly license: string;
  readonly flags: number;
  readonly debug?: ProgramDebugInfo | undefined;
  /** The kernel's function, type or variable, or another program's function, that it attaches to. */
  readonly target?: AttachTarget | undefined;
  /** File descriptors of the BTF of modules whose functions it calls, by index; 0 is unused. */
  readonly moduleFds?: readonly number[] | undefined;
}

/** func_info and line_info: what the kernel's log and stack traces name functions and lines by. */
export interface ProgramDebugInfo {
  readonly btfFd: number;
  readonly functions: Uint8Array;
  readonly lines: Uint8Array;
}

export interface AttachTarget {
  /** A type id in vmlinux's BTF, or in that of `fd`. */
  readonly btfId: number;
  /** A program, or a module's BTF; 0 for vmlinux. */
  readonly fd: number;
}

/** A loaded program's file descriptor, and the verifier's log where one was asked for. */
export interface LoadedFd {
  readonly fd: number;
  readonly log: string;
}

/** Bytes of struct bpf_func_info and struct bpf_line_info. */
export const FUNC_INFO_SIZE = 8;
export const LINE_INFO_SIZE = 16;
/** union bpf_attr up to log_true_size; what older kernels do not know of it is zero, as they want it. */
const SIZE = 144;
const LOG_TRUE_SIZE = 140;
const FIRST_LOG = 1 << 20;
/** UINT_MAX >> 2, the most that the kernel takes (kernel/bpf/log.c, bpf_verifier_log_attr_valid). */
const LARGEST_LOG = 0x3fffffff;
/** How often a load is made again that a signal interrupted (libbpf, sys_bpf_prog_load). */
const ATTEMPTS = 5;
/** A log with the state at each branch, and no more. */
const REFUSAL_LEVEL = 1;

/**
 * BPF_PROG_LOAD. A program that the verifier refuses is tried again for its log. Throws VerifierError,
 * or KernelError where it is not the verifier that refuses.
 */
export function loadProgram(load: ProgramLoad, logLevel = 0): LoadedFd {
  const first = attempt(load, logLevel);
  if (first.result >= 0) return { fd: first.result, log: first.log };
  if (logLevel > 0) throw refusal(load, -first.result, first.log);
  // Privilege and memory are not the verifier's affair.
  const errno = -first.result;
  if (errno === Errno.EPERM || errno === Errno.ENOMEM) throw refusal(load, errno, "");
  const again = attempt(load, REFUSAL_LEVEL);
  if (again.result >= 0) return { fd: again.result, log: "" };
  throw refusal(load, errno, again.log);
}

/** One level of logging, with a log as large as it needs: each time costs a verification. */
function attempt(load: ProgramLoad, level: number): { result: number; log: string } {
  for (let size = level === 0 ? 0 : FIRST_LOG; ; ) {
    const log = new Uint8Array(size);
    const attributes = attributesOf(load, level, log);
    let result = 0;
    for (let i = 0; i < ATTEMPTS; i++) {
      result = attributes.try(BpfCommand.ProgLoad);
      if (result !== -Errno.EAGAIN) break;
    }
    const isCutOff = result === -Errno.ENOSPC && level > 0 && size < LARGEST_LOG;
    if (!isCutOff) return { result, log: fieldText(log) };
    // Linux 6.4 says how large the whole is.
    size = Math.min(Math.max(attributes.readU32(LOG_TRUE_SIZE), size * 4), LARGEST_LOG);
  }
}

function attributesOf(load: ProgramLoad, level: number, log: Uint8Array): Attributes {
  const { target, debug } = load;
  const attributes = new Attributes(SIZE)
    .u32(0, load.type)
    .u32(4, load.code.length / 8)
    .pointer(8, load.code)
    .text(16, load.license)
    .u32(24, level)
    .u32(28, log.length)
    .pointer(32, log)
    // Kprobes must have been made for this version, until Linux 5.0.
    .u32(40, load.type === ProgramType.Kprobe ? kernelVersion().code : 0)
    .u32(44, load.flags)
    .name(48, load.name)
    .u32(68, load.expectedAttachType);
  if (debug !== undefined) {
    attributes
      .u32(72, debug.btfFd)
      .u32(76, FUNC_INFO_SIZE)
      .pointer(80, debug.functions)
      .u32(88, debug.functions.length / FUNC_INFO_SIZE)
      .u32(92, LINE_INFO_SIZE)
      .pointer(96, debug.lines)
      .u32(104, debug.lines.length / LINE_INFO_SIZE);
  }
  if (target !== undefined) attributes.u32(108, target.btfId).u32(112, target.fd);
  if (load.moduleFds !== undefined) attributes.pointer(120, fdArray(load.moduleFds));
  return attributes;
}

function fdArray(fds: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(fds).buffer);
}

function refusal(load: ProgramLoad, errno: number, log: string): Error {
  const error = new KernelError("BPF_PROG_LOAD", errno, `program ${load.name}`);
  const reason = refusalReason(log);
  if (reason === undefined) return error;
  const slot = blamedSlot(log);
  const facts = slot === undefined ? { log } : { log, slot };
  return new VerifierError(load.name, reason, facts, { cause: error });
}
