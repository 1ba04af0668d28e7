import { readFileSync } from "node:fs";
import { program as encodeProgram, insn, swapCode } from "../asm/index.js";
import { WirebeeError } from "../errors.js";
import { AttachType, ProgramType } from "../uapi/index.js";
import { KernelBtf } from "./kernel-btf.js";
import { kernelVersion } from "./kernel-version.js";
import { loadProgram } from "./load-program.js";
import { BPF_FILE_SYSTEM, isBpfFileSystem } from "./pin.js";
import { programInfo } from "./program-info.js";
import { Descriptor } from "./sys/descriptor.js";
import { isLittleEndian } from "./sys/libc.js";

/** Whether something is there, and why not, or what to do, where it is not. */
export type Finding = { readonly isMet: true } | { readonly isMet: false; readonly reason: string };

/** What this machine's kernel lets this process do. */
export interface LinuxFacts {
  /** "6.18.44"; undefined on other systems. */
  readonly release: string | undefined;
  readonly root: Finding;
  readonly capBpf: Finding;
  readonly capNetAdmin: Finding;
  /** Whether it loads a program: one is. */
  readonly programLoad: Finding;
  /** Whether programs are compiled to machine code. */
  readonly jit: Finding;
  readonly vmlinuxBtf: Finding;
  readonly bpffs: Finding;
}

/** Bits of CapEff: include/uapi/linux/capability.h. CAP_SYS_ADMIN counts for CAP_BPF. */
const CAP_NET_ADMIN = 12;
const CAP_SYS_ADMIN = 21;
const CAP_BPF = 39;
const MET: Finding = { isMet: true };

/** Finds out what Linux lets this process do; never throws. */
export function probeLinux(): LinuxFacts {
  const isLinux = process.platform === "linux";
  const notLinux: Finding = { isMet: false, reason: `needs Linux; this is ${process.platform}` };
  const onLinux = (find: () => Finding): Finding => (isLinux ? find() : notLinux);
  const isRoot = process.geteuid?.() === 0;
  const load = isLinux ? probeLoad() : { programLoad: notLinux, jit: notLinux };
  return {
    release: isLinux ? kernelVersion().release : undefined,
    root: onLinux(() => (isRoot ? MET : { isMet: false, reason: "needs root" })),
    capBpf: onLinux(() => capability("CAP_BPF", CAP_BPF, CAP_SYS_ADMIN)),
    capNetAdmin: onLinux(() => capability("CAP_NET_ADMIN", CAP_NET_ADMIN)),
    ...load,
    vmlinuxBtf: onLinux(probeBtf),
    bpffs: onLinux(() =>
      isBpfFileSystem(BPF_FILE_SYSTEM)
        ? MET
        : { isMet: false, reason: `needs a BPF file system: mount -t bpf bpf ${BPF_FILE_SYSTEM}` },
    ),
  };
}

function capability(name: string, ...anyOf: number[]): Finding {
  const status = readFileSync("/proc/self/status", "utf8");
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
  const has = anyOf.some((bit) => ((effective >> BigInt(bit)) & 1n) === 1n);
  return has ? MET : { isMet: false, reason: `needs ${name}, which root has` };
}

/** Why an operation of ours failed; anything but an error of ours is a fault of ours. */
function reasonOf(error: unknown): string {
  if (error instanceof WirebeeError) return error.message;
  throw error;
}

function probeLoad(): { readonly programLoad: Finding; readonly jit: Finding } {
  const code = encodeProgram(insn.mov64Imm(0, 0), insn.exit());
  try {
    const { fd } = loadProgram({
      name: "probe",
      type: ProgramType.Xdp,
      expectedAttachType: AttachType.Xdp,
      code: isLittleEndian ? code : swapCode(code),
      license: "GPL",
      flags: 0,
    });
    using descriptor = new Descriptor(fd, "program probe");
    const isJited = programInfo(descriptor.fd).jitedLength > 0;
    const off = "programs are interpreted: sysctl net.core.bpf_jit_enable=1";
    return { programLoad: MET, jit: isJited ? MET : { isMet: false, reason: off } };
  } catch (error) {
    const reason = `needs to load programs: ${reasonOf(error)}`;
    return { programLoad: { isMet: false, reason }, jit: { isMet: false, reason } };
  }
}

function probeBtf(): Finding {
  using kernel = new KernelBtf();
  try {
    return kernel.vmlinux.length > 1 ? MET : { isMet: false, reason: "the kernel's BTF is empty" };
  } catch (error) {
    return { isMet: false, reason: `needs the kernel's BTF: ${reasonOf(error)}` };
  }
}
