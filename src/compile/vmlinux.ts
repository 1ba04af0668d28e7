import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Btf, printHeader } from "../btf/index.js";
import { NotSupportedError } from "../errors.js";
import type { CompileError } from "./diagnostic.js";

const KERNEL_TYPES = "/sys/kernel/btf/vmlinux";
const NAME = "vmlinux.h";

/** Whether a source did not compile for want of a vmlinux.h. */
export function wantsVmlinux(error: CompileError): boolean {
  return error.diagnostics.some(({ message }) => /^'(?:.*\/)?vmlinux\.h' file not found$/.test(message));
}

/**
 * Writes the running kernel's types as vmlinux.h under `folder`, unless an earlier call has; returns the
 * folder that it lies in. Throws NotSupportedError where the kernel has none to show.
 */
export function writeVmlinux(folder: string, kernelTypes = KERNEL_TYPES): string {
  let types: Uint8Array;
  try {
    types = readFileSync(kernelTypes);
  } catch (error) {
    throw new NotSupportedError(
      NAME,
      `the source includes ${NAME}, which is made from ${kernelTypes}, and this machine's kernel has none: ` +
        "put one beside the source, or name its folder",
      { cause: error },
    );
  }
  const digest = createHash("sha256").update(types).digest("hex");
  const place = join(folder, `vmlinux-${digest}`);
  const path = join(place, NAME);
  if (existsSync(path)) return place;
  mkdirSync(place, { recursive: true });
  const temporary = join(place, randomUUID());
  writeFileSync(temporary, printHeader(Btf.parse(types)));
  renameSync(temporary, path);
  return place;
}
