import { spawnSync } from "node:child_process";
import { MissingToolError } from "../errors.js";

/** A clang that was found. */
export interface Clang {
  readonly path: string;
  /** "19.1.7". */
  readonly version: string;
  readonly major: number;
}

const OLDEST = 14;
const NEWEST = 19;

/** A clang, or why it will not do; undefined where there is none of that name. */
type Finding = Clang | string | undefined;
const found = new Map<string, Finding>();

function probe(path: string): Finding {
  const key = `${path}\0${process.env.PATH}`;
  if (!found.has(key)) found.set(key, examine(path));
  return found.get(key);
}

function examine(path: string): Finding {
  const { stdout, status } = spawnSync(path, ["--version"], { encoding: "utf8" });
  const version = status === 0 ? /clang version (\d+(?:\.\d+)*)/.exec(stdout)?.[1] : undefined;
  if (version === undefined) return undefined;
  const major = Number.parseInt(version, 10);
  if (major < OLDEST) return `${path} is version ${version}: ${OLDEST} or later is needed`;
  // Apple's, for one, makes code for its own machines alone.
  const targets = spawnSync(path, ["-print-targets"], { encoding: "utf8" }).stdout ?? "";
  return /^\s*bpfel\b/m.test(targets) ? { path, version, major } : `${path} cannot make BPF code`;
}

function howToInstall(): string {
  switch (process.platform) {
    case "darwin":
      return "brew install llvm, and put its bin folder on the PATH";
    case "win32":
      return "winget install LLVM.LLVM";
    default:
      return "apt-get install clang (Debian, Ubuntu), dnf install clang (Fedora) or apk add clang (Alpine)";
  }
}

/**
 * The clang to compile with: the one named, else WIREBEE_CLANG, else `clang` and then clang-19 to
 * clang-14 on the PATH. Throws MissingToolError where none of them is version 14 or later with BPF.
 */
export function findClang(named = process.env.WIREBEE_CLANG): Clang {
  const versioned = Array.from({ length: NEWEST - OLDEST + 1 }, (_, i) => `clang-${NEWEST - i}`);
  const candidates = named === undefined || named === "" ? ["clang", ...versioned] : [named];
  let why: string | undefined;
  for (const path of candidates) {
    const finding = probe(path);
    if (typeof finding === "object") return finding;
    why ??= finding;
  }
  why ??= candidates.length === 1 ? `${candidates[0]} is no clang` : "there is no clang";
  throw new MissingToolError("clang", `${why}; compiling C needs one: ${howToInstall()}`);
}
