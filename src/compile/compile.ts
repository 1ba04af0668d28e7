import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ObjectCache } from "./cache.js";
import { type Clang, findClang } from "./clang.js";
import { CompileError, type Diagnostic, parseDiagnostics } from "./diagnostic.js";

export interface CompileOptions {
  /** The clang to use; found by itself otherwise. */
  readonly clang?: string;
  /** Folders for #include, before all others. */
  readonly includes?: readonly string[];
  /** Macros: { LIMIT: "10" } is -DLIMIT=10. */
  readonly defines?: Readonly<Record<string, string>>;
  /** Version of the instruction set; v3 by default: Linux has it since 5.1, and it has 32-bit jumps. */
  readonly cpu?: "v1" | "v2" | "v3" | "v4";
  /** Big-endian code, for machines that are. */
  readonly byteOrder?: "little" | "big";
  /** Where compiled objects are kept; false compiles anew. */
  readonly cache?: string | false;
}

export interface CompileResult {
  readonly object: Uint8Array;
  /** Warnings and notes; an object from the cache has none. */
  readonly diagnostics: readonly Diagnostic[];
  readonly clang: Clang;
  readonly isCached: boolean;
}

/** The package's own headers: include/ stands beside dist/ and src/. */
const INCLUDE = fileURLToPath(new URL("../../include", import.meta.url));

/** Headers of the C library that a cross-compiler does not find by itself on Debian. */
const MULTIARCH = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((triple) => `/usr/include/${triple}`);
const TARGET_ARCH: Partial<Record<string, string>> = {
  x64: "x86",
  arm64: "arm64",
  riscv64: "riscv",
  s390x: "s390",
};

function flags(source: string, options: CompileOptions): string[] {
  const isBig = options.byteOrder === "big";
  const folder = dirname(resolve(source));
  return [
    "-target",
    isBig ? "bpfeb" : "bpfel",
    `-mcpu=${options.cpu ?? "v3"}`,
    "-O2",
    "-g",
    "-Wall",
    "-fno-stack-protector",
    // Objects are the same wherever the sources lie.
    `-ffile-prefix-map=${folder}=.`,
    `-ffile-prefix-map=${INCLUDE}=include`,
    "-fdebug-compilation-dir=.",
    `-D__TARGET_ARCH_${TARGET_ARCH[process.arch] ?? process.arch}`,
    ...(options.includes ?? []).flatMap((include) => ["-I", include]),
    ...Object.entries(options.defines ?? {}).map(([name, value]) => `-D${name}=${value}`),
    "-I",
    INCLUDE,
    ...MULTIARCH.filter((path) => existsSync(path)).flatMap((path) => ["-idirafter", path]),
    // What the system's headers lack, ours have: sources written for libbpf compile without it.
    "-idirafter",
    join(INCLUDE, "compat"),
  ];
}

/**
 * Compiles a C source to a BPF object with clang: BTF and line information always on. The same source,
 * headers, flags and compiler give the object from the cache. Throws CompileError with clang's
 * diagnostics, or MissingToolError where there is no clang.
 */
export function compile(source: string, options: CompileOptions = {}): CompileResult {
  const clang = findClang(options.clang);
  const folder = dirname(resolve(source));
  const args = flags(source, options);
  const cache = options.cache === false ? undefined : new ObjectCache(options.cache);
  const key = cache === undefined ? "" : cacheKey(clang, source, folder, args);
  const kept = cache?.get(key);
  if (kept !== undefined) return { object: kept, diagnostics: [], clang, isCached: true };

  const output = mkdtempSync(join(tmpdir(), "wirebee-cc-"));
  try {
    const object = join(output, "object.o");
    const { status, stderr, error } = spawnSync(clang.path, [...args, "-c", resolve(source), "-o", object], {
      cwd: folder,
      encoding: "utf8",
    });
    if (error !== undefined) throw error;
    const text = stderr.replaceAll(`${folder}/`, "");
    const diagnostics = parseDiagnostics(text);
    if (status !== 0) throw new CompileError(source, text, diagnostics);
    const bytes = new Uint8Array(readFileSync(object));
    // An object that was compiled with warnings is compiled anew, so that they are seen again.
    if (diagnostics.length === 0) cache?.put(key, bytes);
    return { object: bytes, diagnostics, clang, isCached: false };
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

/** What an object depends on: compiler, flags, and the source with all that it includes. */
function cacheKey(clang: Clang, source: string, folder: string, args: readonly string[]): string {
  const { stdout, status, stderr } = spawnSync(clang.path, [...args, "-E", "-dD", resolve(source)], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    const text = stderr.replaceAll(`${folder}/`, "");
    throw new CompileError(source, text, parseDiagnostics(text));
  }
  return ObjectCache.key([clang.version, args.join("\0"), stdout]);
}
