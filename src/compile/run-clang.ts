import { spawnSync } from "node:child_process";
import { MissingToolError } from "../errors.js";
import type { Clang } from "./clang.js";
import { CompileError } from "./diagnostic.js";
import type { SourceFile } from "./source-file.js";

/** Bytes of output that clang may print: a preprocessed vmlinux.h is some 4 MB. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs clang on a source, in the source's folder and without a shell. Throws CompileError where it
 * refuses the source, and MissingToolError where it cannot be run at all.
 */
export function runClang(clang: Clang, source: SourceFile, args: readonly string[]) {
  const { stdout, stderr, status, signal, error } = spawnSync(clang.path, [...args, source.path], {
    cwd: source.folder,
    encoding: "utf8",
    maxBuffer: MAX_OUTPUT,
  });
  if (error !== undefined) {
    throw new MissingToolError("clang", `${clang.path} cannot be run: ${error.message}`, { cause: error });
  }
  const output = source.named(stderr);
  if (status !== 0) {
    const why = signal === null ? "" : `${clang.path} was ended by ${signal}\n`;
    throw new CompileError(source.name, why + output);
  }
  return { stdout, output };
}
