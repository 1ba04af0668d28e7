import type { KernelConfig } from "../object/index.js";

/** Ticks in a second. */
export const HZ = 1000;
/** The version of Linux whose behaviour is imitated: 6.18.0. */
const VERSION = (6 << 16) | (18 << 8);

/**
 * The user-space kernel's answer to `.kconfig` externs: what is true of it, and before that the lines of
 * `text`.
 */
export function kernelConfig(cpus: number, text = ""): KernelConfig {
  const own = [
    "CONFIG_64BIT=y",
    `CONFIG_HZ=${HZ}`,
    `CONFIG_NR_CPUS=${cpus}`,
    "CONFIG_BPF=y",
    "CONFIG_BPF_SYSCALL=y",
    "CONFIG_NET=y",
    "CONFIG_INET=y",
    "CONFIG_IPV6=y",
  ];
  return { version: VERSION, text: `${text}\n${own.join("\n")}\n` };
}
