import { KernelError, MissingToolError, NotSupportedError } from "../errors.js";
import type { LinuxKernel } from "../linux/index.js";
import { Errno } from "../uapi/index.js";

/**
 * Opens the Linux kernel and does something with it. What this machine or user has not throws
 * MissingToolError, which exits with 3: another system, no koffi, no privilege.
 */
export async function onLinux<T>(work: (kernel: LinuxKernel) => Promise<T>): Promise<T> {
  // Loaded here alone: nothing else needs an FFI.
  const { openLinuxKernel } = await import("../linux/index.js");
  let kernel: LinuxKernel;
  try {
    kernel = openLinuxKernel();
  } catch (error) {
    if (!(error instanceof NotSupportedError) || error instanceof MissingToolError) throw error;
    throw new MissingToolError(error.feature, error.message, { cause: error });
  }
  try {
    return await work(kernel);
  } catch (error) {
    throw isUnprivileged(error)
      ? new MissingToolError(
          "privilege",
          `${error.message}: --on linux needs root, or CAP_BPF with CAP_NET_ADMIN and CAP_SYS_ADMIN`,
          { cause: error },
        )
      : error;
  } finally {
    await kernel.close();
  }
}

/** A map that is read-only or frozen refuses its elements with EPERM too. */
function isUnprivileged(error: unknown): error is KernelError {
  if (!(error instanceof KernelError) || error.errno !== Errno.EPERM) return false;
  return !/^BPF_MAP_(LOOKUP|UPDATE|DELETE|FREEZE)/.test(error.call);
}
