import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, realpathSync, rmSync } from "node:fs";
import { type FileHandle, open, rename, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SyntaxProblem } from "../errors.js";
import type { CaptureSink } from "../packet/index.js";
import { FileError, fileError } from "./file-error.js";
import type { Io, Output } from "./io.js";

/** Where a capture is written; it is whole when it is committed, and not there before. */
export interface OutputFile {
  readonly name: string;
  readonly sink: CaptureSink;
  /** Makes what was written the file of that name. */
  commit(): Promise<void>;
  /** Leaves what was there before as it was. */
  discard(): Promise<void>;
}

/** Opens what -w names: a file, or "-" for standard output. Throws FileError where it cannot be written. */
export async function openOutput(path: string, io: Io): Promise<OutputFile> {
  if (path === "-") return standardOutput(io.stdout);
  // A link stays one: what it leads to is replaced.
  const target = existsSync(path) ? realpathSync(path) : path;
  const old = await stat(target).catch(() => undefined);
  if (old?.isDirectory() === true) throw new FileError(path, "EISDIR", "write");
  // Devices and pipes are written to as they are: renaming over /dev/null would take it away.
  if (old !== undefined && !old.isFile()) return plainFile(path, target);
  return replacedFile(path, target, old?.mode);
}

function standardOutput(stdout: Output): OutputFile {
  if (stdout.isTerminal) {
    throw new SyntaxProblem("-w -: a capture is not written to a terminal: redirect standard output");
  }
  return {
    name: "standard output",
    sink(chunk) {
      return stdout.write(chunk) ? undefined : stdout.drain();
    },
    commit: () => stdout.drain(),
    discard: async () => {},
  };
}

async function plainFile(path: string, target: string): Promise<OutputFile> {
  const handle = await opened(path, target, "w");
  return {
    name: path,
    sink: (chunk) => writeAll(handle, chunk, path),
    commit: () => handle.close(),
    discard: () => handle.close(),
  };
}

/** Written beside the target and renamed at the end, so that the target is the old file or the whole new one. */
async function replacedFile(path: string, target: string, mode: number | undefined): Promise<OutputFile> {
  if (mode !== undefined) checkWritable(path, target);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString("hex")}`);
  const handle = await opened(path, temporary, "wx", mode);
  const remove = () => rmSync(temporary, { force: true });
  // A second Ctrl-C ends the process without another word.
  process.once("exit", remove);
  const close = async () => {
    process.off("exit", remove);
    await handle.close();
  };
  return {
    name: path,
    sink: (chunk) => writeAll(handle, chunk, path),
    async commit() {
      await close();
      try {
        await rename(temporary, target);
      } catch (error) {
        remove();
        throw fileError(error, path, "write");
      }
    },
    async discard() {
      await close();
      remove();
    },
  };
}

/** Renaming needs leave to write the folder alone: a file that is write-protected is left alone. */
function checkWritable(path: string, target: string): void {
  try {
    accessSync(target, constants.W_OK);
  } catch (error) {
    throw fileError(error, path, "write");
  }
}

async function opened(path: string, actual: string, flags: string, mode?: number): Promise<FileHandle> {
  try {
    const handle = await open(actual, flags, mode);
    // The mask of the process may have taken bits away that the old file had.
    if (mode !== undefined) await handle.chmod(mode & 0o7777);
    return handle;
  } catch (error) {
    throw fileError(error, path, "write");
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array, path: string): Promise<void> {
  try {
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await handle.write(chunk, at);
      at += bytesWritten;
    }
  } catch (error) {
    throw fileError(error, path, "write");
  }
}
