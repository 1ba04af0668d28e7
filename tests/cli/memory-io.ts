import type { Io, Output } from "../../src/cli/io.js";
import { main } from "../../src/cli/main.js";

/** An output that keeps what it is given. */
export class MemoryOutput implements Output {
  readonly isTerminal: boolean;
  readonly columns: number;
  isClosed = false;
  readonly #chunks: Uint8Array[] = [];
  /** Is told of each piece that is written. */
  onWrite: ((data: string | Uint8Array) => void) | undefined;

  constructor(isTerminal = false, columns = 80) {
    this.isTerminal = isTerminal;
    this.columns = columns;
  }

  write(data: string | Uint8Array): boolean {
    this.#chunks.push(typeof data === "string" ? new TextEncoder().encode(data) : data.slice());
    this.onWrite?.(data);
    return true;
  }

  async drain(): Promise<void> {}

  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#chunks));
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }
}

/** The world around a command, in memory. */
export class MemoryIo implements Io {
  stdin: AsyncIterable<Uint8Array> = emptyStream();
  readonly stdout: MemoryOutput;
  readonly stderr: MemoryOutput;
  env: Record<string, string | undefined>;
  /** Set while the command can be interrupted. */
  interrupt: (() => void) | undefined;

  constructor(
    options: { isTerminal?: boolean; columns?: number; env?: Record<string, string | undefined> } = {},
  ) {
    this.stdout = new MemoryOutput(options.isTerminal, options.columns);
    this.stderr = new MemoryOutput(options.isTerminal, options.columns);
    this.env = options.env ?? {};
  }

  onInterrupt(callback: () => void): () => void {
    this.interrupt = callback;
    return () => {
      this.interrupt = undefined;
    };
  }
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process. */
export async function wirebee(argv: readonly string[], io = new MemoryIo()): Promise<Outcome> {
  const code = await main(argv, io);
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}
