import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { WirebeeError } from "../errors.js";
import { fileError } from "./file-error.js";

const MIB = 1024 * 1024;
/** A kernel image with its debug information has some 400 MB. */
const LARGEST_FILE = 1024 * MIB;
/** What no length is known of: pipes, and devices that never end. */
const LARGEST_STREAM = 64 * MIB;

/** A whole file (or pipe) in memory. Throws FileError, and WirebeeError for one that is too large. */
export function readInput(path: string): Uint8Array {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const stat = fstatSync(fd);
    const limit = stat.isFile() ? LARGEST_FILE : LARGEST_STREAM;
    let bytes = new Uint8Array(stat.isFile() ? Math.min(stat.size, limit) + 1 : MIB);
    let length = 0;
    for (;;) {
      const count = readSync(fd, bytes, length, bytes.length - length, null);
      if (count === 0) return bytes.subarray(0, length);
      length += count;
      if (length > limit) throw new WirebeeError(`cannot read ${path}: it is larger than ${limit / MIB} MiB`);
      if (length < bytes.length) continue;
      const larger = new Uint8Array(length * 2);
      larger.set(bytes);
      bytes = larger;
    }
  } catch (error) {
    throw fileError(error, path, "read");
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
