import { createHash, randomUUID } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Bytes of the digest that stands before each entry's content. */
const DIGEST = 32;
/** Objects that are kept; a few dozen kilobytes each. */
const MAX_ENTRIES = 512;
/** An entry's name: a digest in hexadecimal. */
const ENTRY = /^[0-9a-f]{64}$/;

function digest(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/** Compiled objects by what they were compiled from: $XDG_CACHE_HOME/wirebee or ~/.cache/wirebee. */
export class ObjectCache {
  readonly folder: string;

  constructor(folder?: string) {
    this.folder = folder ?? join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "wirebee");
  }

  /** The key of what an object depends on. */
  static key(parts: readonly (string | Uint8Array)[]): string {
    const hash = createHash("sha256");
    for (const part of parts)
      hash
        .update(String(Buffer.byteLength(part)))
        .update(":")
        .update(part);
    return hash.digest("hex");
  }

  /** What was put in under a key; undefined where nothing was, or it is damaged. */
  get(key: string): Uint8Array | undefined {
    const path = join(this.folder, key);
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch {
      // Not there, or not readable: the object is compiled.
      return undefined;
    }
    const content = bytes.subarray(DIGEST);
    if (!Buffer.from(bytes.subarray(0, DIGEST)).equals(digest(content))) return undefined;
    try {
      const now = new Date();
      utimesSync(path, now, now);
    } catch {
      // In a cache that may only be read, nothing is thrown out either.
    }
    return new Uint8Array(content);
  }

  /** Keeps an object; a cache that cannot be written is no error, only slower. */
  put(key: string, content: Uint8Array): void {
    const temporary = join(this.folder, `${key}.${randomUUID()}`);
    try {
      mkdirSync(this.folder, { recursive: true });
    } catch {
      return;
    }
    try {
      writeFileSync(temporary, Buffer.concat([digest(content), content]));
      renameSync(temporary, join(this.folder, key));
      this.#throwOutOldest();
    } catch {
      rmSync(temporary, { force: true });
    }
  }

  /** Leaves the entries that were used last. */
  #throwOutOldest(): void {
    const entries = readdirSync(this.folder).filter((name) => ENTRY.test(name));
    if (entries.length <= MAX_ENTRIES) return;
    const byAge = entries
      .map((name) => ({ path: join(this.folder, name), used: statSync(join(this.folder, name)).mtimeMs }))
      .sort((one, other) => one.used - other.used);
    for (const { path } of byAge.slice(0, entries.length - MAX_ENTRIES)) rmSync(path, { force: true });
  }
}
