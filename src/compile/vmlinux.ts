import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Btf, printHeader } from "../btf/index.js";
import { NotSupportedError } from "../errors.js";
import type { CompileError } from "./diagnostic.js";

const KERNEL_TYPES = "/sys/kernel/btf/vmlinux";

/** The vmlinux.h for want of which a source did not compile, as it includes it: "bpf/vmlinux.h". */
export function wantedVmlinux(error: CompileError): string | undefined {
  for (const { message } of error.diagnostics) {
    const [, name] = /^'((?:[^/']+\/)*vmlinux\.h)' file not found$/.exec(message) ?? [];
    // One that is to lie above a certain folder can lie nowhere else.
    if (name !== undefined && !name.split("/").includes("..")) return name;
  }
  return undefined;
}

/**
 * Writes the running kernel's types as a header of that name under `folder`, unless an earlier call has;
 * returns the folder that it is to be looked for in. Throws NotSupportedError where the kernel has none to show.
 */
export function writeVmlinux(folder: string, name: string, kernelTypes = KERNEL_TYPES): string {
  let types: Uint8Array;
  try {
    types = readFileSync(kernelTypes);
  } catch (error) {
    throw new NotSupportedError(
      name,
      `the source includes ${name}, which is made from ${kernelTypes}, and this machine's kernel has none: ` +
        "put one beside the source, or name its folder",
      { cause: error },
    );
  }
  const digest = createHash("sha256").update(types).digest("hex");
  const place = join(folder, `vmlinux-${digest}`);
  const path = join(place, name);
  if (existsSync(path)) return place;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = join(place, randomUUID());
  writeFileSync(temporary, printHeader(Btf.parse(types)));
  renameSync(temporary, path);
  return place;
}
