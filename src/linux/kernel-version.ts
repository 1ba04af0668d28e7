import { readFileSync } from "node:fs";
import { release, version } from "node:os";

/** A release of Linux. */
export interface KernelVersion {
  /** "6.18.44-amd64". */
  readonly release: string;
  /** LINUX_VERSION_CODE: major << 16 | minor << 8 | patch, which ends at 255. */
  readonly code: number;
}

const UBUNTU = "/proc/version_signature";

/**
 * The running kernel's version. The release names of Debian and Ubuntu leave the last number out
 * ("6.1.0-13-amd64" is 6.1.55): Debian has it in the version text, Ubuntu in a file of its own.
 */
export function kernelVersion(
  names = { release: release(), version: version(), signature: ubuntuSignature() },
): KernelVersion {
  const ubuntu = / (\d+\.\d+\.\d+)\s*$/.exec(names.signature)?.[1];
  const debian = /Debian (\d+\.\d+\.\d+)/.exec(names.version)?.[1];
  const text = ubuntu ?? debian ?? names.release;
  const [major = 0, minor = 0, patch = 0] = text
    .split(/[^\d.]/)[0]
    .split(".")
    .map(Number);
  return { release: names.release, code: (major << 16) | (minor << 8) | Math.min(patch, 255) };
}

function ubuntuSignature(): string {
  try {
    return readFileSync(UBUNTU, "utf8");
  } catch {
    // Every other distribution.
    return "";
  }
}
