import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

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
  /** False leaves this machine's own headers out, so that the object is the same wherever it is compiled. */
  readonly systemHeaders?: boolean;
  /** Where compiled objects are kept; false compiles anew. */
  readonly cache?: string | false;
}

/** The package's own headers: include/ stands beside dist/ and src/. */
const INCLUDE = fileURLToPath(new URL("../../include", import.meta.url));

/** What Node calls an architecture, what the kernel's sources do, and where Debian has its headers. */
const ARCHITECTURES: Partial<Record<string, readonly [kernel: string, debian: string]>> = {
  x64: ["x86", "x86_64-linux-gnu"],
  arm64: ["arm64", "aarch64-linux-gnu"],
  riscv64: ["riscv", "riscv64-linux-gnu"],
  s390x: ["s390", "s390x-linux-gnu"],
  ppc64: ["powerpc", "powerpc64le-linux-gnu"],
  loong64: ["loongarch", "loongarch64-linux-gnu"],
};

/** Flags that decide what the object is. */
export function objectFlags(options: CompileOptions): string[] {
  const [kernelName] = ARCHITECTURES[process.arch] ?? [process.arch];
  return [
    "-target",
    options.byteOrder === "big" ? "bpfeb" : "bpfel",
    `-mcpu=${options.cpu ?? "v3"}`,
    "-O2",
    "-g",
    "-Wall",
    "-fno-stack-protector",
    // Programs look at packets through pointers of all types, as the kernel does, which builds with it.
    "-fno-strict-aliasing",
    `-D__TARGET_ARCH_${kernelName}`,
    ...Object.entries(options.defines ?? {}).map(([name, value]) => `-D${name}=${value}`),
  ];
}

/** Flags that say where things lie; objects are the same wherever the sources do. */
export function placeFlags(folder: string, options: CompileOptions): string[] {
  const [, debianName] = ARCHITECTURES[process.arch] ?? ["", ""];
  const hasSystem = options.systemHeaders !== false;
  // A cross-compiler does not find the C library's machine headers by itself on Debian.
  const machine = `/usr/include/${debianName}`;
  return [
    `-ffile-prefix-map=${folder.endsWith(sep) ? folder : folder + sep}=`,
    `-ffile-prefix-map=${INCLUDE}=include`,
    "-fdebug-compilation-dir=.",
    ...(options.includes ?? []).flatMap((include) => ["-I", include]),
    "-I",
    INCLUDE,
    ...(hasSystem ? [] : ["-nostdlibinc"]),
    ...(hasSystem && debianName !== "" && existsSync(machine) ? ["-idirafter", machine] : []),
    // What the system's headers lack, ours have: sources written for libbpf compile without it.
    "-idirafter",
    join(INCLUDE, "compat"),
  ];
}
