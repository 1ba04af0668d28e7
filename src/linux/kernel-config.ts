import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { KernelConfig } from "../object/index.js";
import { kernelVersion } from "./kernel-version.js";

const IN_KERNEL = "/proc/config.gz";

/** The running kernel's version and configuration; the text is missing where it is nowhere to be read. */
export function readKernelConfig(): KernelConfig {
  const { code, release } = kernelVersion();
  const text = readText(release);
  return text === undefined ? { version: code } : { version: code, text };
}

/** Where distributions keep it, in libbpf's order; the running kernel's own last. */
function readText(release: string): string | undefined {
  const plain = readIfThere(`/boot/config-${release}`);
  if (plain !== undefined) return plain.toString("utf8");
  const packed = readIfThere(IN_KERNEL);
  return packed === undefined ? undefined : gunzipSync(packed).toString("utf8");
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
