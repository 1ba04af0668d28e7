import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ObjectCache } from "./cache.js";
import { type Clang, findClang } from "./clang.js";
import { objectKey } from "./dependencies.js";
import { CompileError, type Diagnostic, parseDiagnostics } from "./diagnostic.js";
import { type CompileOptions, objectFlags, placeFlags } from "./flags.js";
import { runClang } from "./run-clang.js";
import { SourceFile } from "./source-file.js";
import { wantedVmlinux, writeVmlinux } from "./vmlinux.js";

export interface CompileResult {
  readonly object: Uint8Array;
  /** Warnings and notes; an object from the cache has none. */
  readonly diagnostics: readonly Diagnostic[];
  readonly clang: Clang;
  readonly isCached: boolean;
}

/**
 * Compiles a C source to a BPF object with clang: BTF and line information always on. The same source,
 * headers, flags and compiler give the object from the cache. A vmlinux.h that is nowhere is made from
 * the running kernel's types. Throws SourceError for a source that cannot be read, CompileError with
 * clang's diagnostics, MissingToolError where there is no clang, and NotSupportedError where a
 * vmlinux.h is wanted and the kernel has no types.
 */
export function compile(source: string, options: CompileOptions = {}): CompileResult {
  const file = new SourceFile(source);
  const clang = findClang(options.clang);
  const folder = mkdtempSync(join(tmpdir(), "wirebee-cc-"));
  const cache = options.cache === false ? undefined : new ObjectCache(options.cache);
  try {
    const job = { file, clang, flags: objectFlags(options), cache, output: join(folder, "object.o") };
    const places = placeFlags(file.folder, options);
    try {
      return compileWith(job, places);
    } catch (error) {
      const header = error instanceof CompileError ? wantedVmlinux(error) : undefined;
      if (header === undefined) throw error;
      return compileWith(job, [...places, "-idirafter", writeVmlinux(cache?.folder ?? folder, header)]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Job {
  readonly file: SourceFile;
  readonly clang: Clang;
  readonly flags: readonly string[];
  readonly cache: ObjectCache | undefined;
  readonly output: string;
}

function compileWith({ file, clang, flags, cache, output }: Job, places: readonly string[]): CompileResult {
  const key = cache === undefined ? undefined : objectKey(clang, file, flags, places);
  const kept = key === undefined ? undefined : cache?.get(key);
  if (kept !== undefined) return { object: kept, diagnostics: [], clang, isCached: true };
  const ran = runClang(clang, file, [...flags, ...places, "-c", "-o", output]);
  const diagnostics = parseDiagnostics(ran.output);
  const object = new Uint8Array(readFileSync(output));
  // An object that was compiled with warnings is compiled anew, so that they are seen again.
  if (key !== undefined && diagnostics.length === 0) cache?.put(key, object);
  return { object, diagnostics, clang, isCached: false };
}
