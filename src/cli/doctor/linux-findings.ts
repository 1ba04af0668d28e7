import { WirebeeError } from "../../errors.js";
import type { LinuxFacts } from "../../linux/index.js";
import type { Finding } from "./finding.js";

const LINUX = "Linux (--on linux)";

type Fact = Exclude<keyof LinuxFacts, "release">;

/** What each fact is called, and good for. */
const FACTS: readonly (readonly [fact: Fact, name: string, use: string])[] = [
  ["root", "root", "yes"],
  ["capBpf", "CAP_BPF", "programs and maps may be made"],
  ["capNetAdmin", "CAP_NET_ADMIN", "packet programs may be loaded"],
  ["programLoad", "bpf(2)", "the kernel takes a program"],
  ["jit", "JIT", "programs run as machine code"],
  ["vmlinuxBtf", "kernel BTF", "/sys/kernel/btf/vmlinux"],
  ["bpffs", "bpffs", "/sys/fs/bpf"],
];

/** What Linux lets this user do; one line where there is no Linux. */
export async function linuxFindings(): Promise<Finding[]> {
  const finding = { group: LINUX, isBasic: false };
  let facts: LinuxFacts;
  try {
    // Loaded here alone: its FFI may be what is missing.
    const { probeLinux } = await import("../../linux/index.js");
    facts = probeLinux();
  } catch (error) {
    if (!(error instanceof WirebeeError)) throw error;
    return [{ ...finding, name: "kernel", isFine: false, detail: error.message }];
  }
  if (facts.release === undefined) {
    const detail = `this is ${process.platform}: programs run in the user-space kernel`;
    return [{ ...finding, name: "kernel", isFine: false, detail }];
  }
  return [
    { ...finding, name: "kernel", isFine: true, detail: facts.release },
    ...FACTS.map(([fact, name, use]): Finding => {
      const found = facts[fact];
      return { ...finding, name, isFine: found.isMet, detail: found.isMet ? use : found.reason };
    }),
  ];
}
