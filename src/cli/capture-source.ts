import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type CaptureReader, openCapture } from "../packet/index.js";
import { FileError, fileError, namingFile } from "./file-error.js";
import type { Input, Io } from "./io.js";

const CHUNK = 256 * 1024;

/** The bytes of a capture, chunk by chunk, and how far reading has come. */
export interface CaptureInput extends AsyncIterable<Uint8Array> {
  /** As errors and headings name it. */
  readonly name: string;
  /** In bytes; undefined for pipes and standard input. */
  readonly size: number | undefined;
  /** Bytes read so far. */
  readonly consumed: number;
  /** Ends a stream that somebody waits for. */
  stop(): void;
  close(): Promise<void>;
}

/** Opens what -r names: a file, or "-" for standard input. Throws FileError. */
export async function openInput(path: string, io: Io): Promise<CaptureInput> {
  return path === "-" ? new StreamInput(io.stdin) : openFile(path);
}

async function openFile(path: string): Promise<CaptureInput> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY);
  } catch (error) {
    throw fileError(error, path, "read");
  }
  const stat = await handle.stat();
  if (stat.isDirectory()) {
    await handle.close();
    throw new FileError(path, "EISDIR", "read");
  }
  return new FileInput(path, handle, stat.isFile() ? stat.size : undefined);
}

class FileInput implements CaptureInput {
  readonly name: string;
  readonly size: number | undefined;
  readonly #handle: FileHandle;
  #isOpen = true;
  consumed = 0;

  constructor(path: string, handle: FileHandle, size: number | undefined) {
    this.name = path;
    this.size = size;
    this.#handle = handle;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = new Uint8Array(CHUNK);
      const count = await this.#read(chunk);
      if (count === 0) return;
      this.consumed += count;
      yield chunk.subarray(0, count);
    }
  }

  async #read(chunk: Uint8Array): Promise<number> {
    try {
      return (await this.#handle.read(chunk)).bytesRead;
    } catch (error) {
      throw fileError(error, this.name, "read");
    }
  }

  /** A file has its bytes at once. */
  stop(): void {}

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.#handle.close();
  }
}

class StreamInput implements CaptureInput {
  readonly name = "standard input";
  readonly size = undefined;
  readonly #stream: Input;
  readonly #stopped: Promise<undefined>;
  #stop: () => void = () => {};
  consumed = 0;

  constructor(stream: Input) {
    this.#stream = stream;
    this.#stopped = new Promise((resolve) => {
      this.#stop = () => resolve(undefined);
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = this.#stream[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = chunks.next();
        const result = await Promise.race([next, this.#stopped]);
        if (result === undefined) {
          // Nobody waits for it any more: that the stream is destroyed is no error.
          next.catch(() => {});
          return;
        }
        if (result.done === true) return;
        this.consumed += result.value.length;
        yield result.value;
      }
    } catch (error) {
      throw fileError(error, this.name, "read");
    } finally {
      this.#stream.destroy?.();
    }
  }

  stop(): void {
    this.#stop();
  }

  async close(): Promise<void> {}
}

/** Opens a capture; what is wrong with it is said with its name. */
export async function openReader(input: CaptureInput, wrapRawIp: boolean): Promise<CaptureReader> {
  try {
    return await openCapture(input, { wrapRawIp });
  } catch (error) {
    throw namingFile(error, input.name);
  }
}
