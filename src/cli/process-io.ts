import { ExitCode } from "./exit-code.js";
import { errorCode, fileError } from "./file-error.js";
import type { Io, Output } from "./io.js";

const DEFAULT_COLUMNS = 80;

/** Standard output or error of this process. */
class StreamOutput implements Output {
  readonly #stream: NodeJS.WriteStream;
  readonly #name: string;
  #isClosed = false;
  #failure: { readonly cause: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: NodeJS.WriteStream, name: string) {
    this.#stream = stream;
    this.#name = name;
    stream.on("error", (error) => {
      // Whoever read has seen enough ("| head"): no reason to complain.
      if (errorCode(error) === "EPIPE") this.#isClosed = true;
      else this.#failure ??= { cause: fileError(error, this.#name, "write") };
      this.#wake?.();
    });
    stream.on("drain", () => this.#wake?.());
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  get columns(): number {
    // A terminal that was told no size has 0 columns.
    return this.#stream.columns || DEFAULT_COLUMNS;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  write(data: string | Uint8Array): boolean {
    if (this.#failure !== undefined) throw this.#failure.cause;
    if (this.#isClosed) return true;
    return this.#stream.write(data);
  }

  async drain(): Promise<void> {
    while (this.#stream.writableLength > 0 && !this.#isClosed && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // The last write's callback comes even where "drain" does not: below the high-water mark.
        this.#stream.write("", () => resolve());
      });
    }
    if (this.#failure !== undefined) throw this.#failure.cause;
  }
}

/** This process's streams, environment and signals. */
export function processIo(): Io {
  return {
    stdin: process.stdin,
    stdout: new StreamOutput(process.stdout, "standard output"),
    stderr: new StreamOutput(process.stderr, "standard error"),
    env: process.env,
    onInterrupt(callback) {
      let isFirst = true;
      const listener = () => {
        // A second one means at once.
        if (!isFirst) process.exit(ExitCode.Interrupted);
        isFirst = false;
        callback();
      };
      process.on("SIGINT", listener).on("SIGTERM", listener);
      return () => process.off("SIGINT", listener).off("SIGTERM", listener);
    },
  };
}
