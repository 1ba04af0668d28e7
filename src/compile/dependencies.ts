import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { ObjectCache } from "./cache.js";
import type { Clang } from "./clang.js";
import { runClang } from "./run-clang.js";
import type { SourceFile } from "./source-file.js";

/**
 * The key of what an object depends on: compiler, flags, and the source with all that it includes, byte
 * by byte: line information holds the very text of lines, comments included. Undefined where a file
 * that clang names cannot be read. Throws what `runClang` throws.
 */
export function objectKey(
  clang: Clang,
  source: SourceFile,
  flags: readonly string[],
  places: readonly string[],
): string | undefined {
  const { stdout } = runClang(clang, source, [...flags, ...places, "-M", "-MT", "object"]);
  const parts: (string | Uint8Array)[] = [clang.version, flags.join("\0")];
  for (const path of parseDependencies(stdout)) {
    // Where the source's folder lies does not matter, as it does not to the object.
    const name = relative(source.folder, path);
    parts.push(name.startsWith("..") ? path : name);
    try {
      parts.push(readFileSync(path));
    } catch {
      return undefined;
    }
  }
  return ObjectCache.key(parts);
}

/** The files in a rule of make's as clang writes it: spaces and "#" behind a backslash, "$" twice. */
export function parseDependencies(rule: string): string[] {
  const files = rule.slice(rule.indexOf(":") + 1).replaceAll("\\\n", " ");
  return [...files.matchAll(/(?:\\[ #]|\S)+/g)].map(([name]) =>
    name.replaceAll(/\\([ #])/g, "$1").replaceAll("$$", "$"),
  );
}
