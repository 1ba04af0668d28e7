import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Bytes of the digest that stands before each entry's content. */
const DIGEST = 32;

function digest(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/** Compiled objects by what they were compiled from: $XDG_CACHE_HOME/wirebee or ~/.cache/wirebee. */
export class ObjectCache {
  readonly #folder: string;

  constructor(folder?: string) {
    this.#folder = folder ?? join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "wirebee");
  }

  /** The key of what an object depends on. */
  static key(parts: readonly (string | Uint8Array)[]): string {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(String(part.length)).update(":").update(part);
    return hash.digest("hex");
  }

  /** What was put in under a key; undefined where nothing was, or it is damaged. */
  get(key: string): Uint8Array | undefined {
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(join(this.#folder, key));
    } catch {
      // Not there, or not readable: the object is compiled.
      return undefined;
    }
    const content = bytes.subarray(DIGEST);
    return Buffer.from(bytes.subarray(0, DIGEST)).equals(digest(content))
      ? new Uint8Array(content)
      : undefined;
  }

  /** Keeps an object; a cache that cannot be written is no error, only slower. */
  put(key: string, content: Uint8Array): void {
    const temporary = join(this.#folder, `${key}.${randomUUID()}`);
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(temporary, Buffer.concat([digest(content), content]));
      renameSync(temporary, join(this.#folder, key));
    } catch {
      rmSync(temporary, { force: true });
    }
  }
}
