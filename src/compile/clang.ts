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
const found = new Map<string, Clang | undefined>();

function probe(path: string): Clang | undefined {
  if (found.has(path)) return found.get(path);
  const { stdout, status } = spawnSync(path, ["--version"], { encoding: "utf8" });
  const version = status === 0 ? /clang version (\d+(?:\.\d+)*)/.exec(stdout)?.[1] : undefined;
  const clang = version === undefined ? undefined : { path, version, major: Number.parseInt(version, 10) };
  found.set(path, clang);
  return clang;
}

function howToInstall(): string {
  switch (process.platform) {
    case "darwin":
      return "brew install llvm";
    case "win32":
      return "winget install LLVM.LLVM";
    default:
      return "apt-get install clang (Debian, Ubuntu), dnf install clang (Fedora) or apk add clang (Alpine)";
  }
}

/**
 * The clang to compile with: the one named, else WIREBEE_CLANG, else `clang` and then clang-19 to
 * clang-14 on the PATH. Throws MissingToolError where there is none from 14 on.
 */
export function findClang(named = process.env.WIREBEE_CLANG): Clang {
  const versioned = Array.from({ length: NEWEST - OLDEST + 1 }, (_, i) => `clang-${NEWEST - i}`);
  const candidates = named === undefined || named === "" ? ["clang", ...versioned] : [named];
  let old: Clang | undefined;
  for (const path of candidates) {
    const clang = probe(path);
    if (clang === undefined) continue;
    if (clang.major >= OLDEST) return clang;
    old = clang;
  }
  if (old !== undefined) {
    throw new MissingToolError(
      "clang",
      `${old.path} is version ${old.version}: ${OLDEST} or later is needed`,
    );
  }
  const which = candidates.length === 1 ? `${candidates[0]} is no clang` : "there is no clang";
  throw new MissingToolError("clang", `${which}, which compiling C needs: ${howToInstall()}`);
}
