import { readFileSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { WirebeeError } from "../errors.js";

const REASONS = new Map<string, string>([
  ["ENOENT", "there is no such file"],
  ["EISDIR", "it is a folder"],
  ["EACCES", "permission denied"],
]);

/** A source that cannot be read. */
export class SourceError extends WirebeeError {
  override name = "SourceError";
  readonly path: string;
  /** "ENOENT". */
  readonly code: string;

  constructor(path: string, code: string, options?: ErrorOptions) {
    super(`cannot read ${path}: ${REASONS.get(code) ?? code}`, options);
    this.path = path;
    this.code = code;
  }
}

/** The source that is compiled: as its caller names it, and as clang does. */
export class SourceFile {
  readonly name: string;
  /** Absolute, so that no name can be taken for an option. */
  readonly path: string;
  readonly folder: string;

  /** Throws SourceError where it cannot be read. */
  constructor(name: string) {
    this.name = name;
    this.path = resolve(name);
    this.folder = dirname(this.path);
    try {
      readFileSync(this.path);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "EIO";
      throw new SourceError(name, code, { cause: error });
    }
  }

  /** Clang's output with files called as the caller would: in the folder that the source was named in. */
  named(output: string): string {
    const start = this.folder.endsWith(sep) ? this.folder : this.folder + sep;
    const shown = dirname(this.name);
    const prefix = shown === "." && !this.name.startsWith(`.${sep}`) ? "" : join(shown, sep);
    return output
      .split("\n")
      .map((line) => {
        const from = line.startsWith("In file included from ") ? "In file included from ".length : 0;
        return line.startsWith(start, from)
          ? line.slice(0, from) + prefix + line.slice(from + start.length)
          : line;
      })
      .join("\n");
  }
}
