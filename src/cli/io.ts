/** Where text and bytes go: standard output or error, or what a test put in its place. */
export interface Output {
  readonly isTerminal: boolean;
  /** Width in characters; 80 where it is no terminal. */
  readonly columns: number;
  /** The reader has gone away (EPIPE): what is written is dropped. */
  readonly isClosed: boolean;
  /** False where the stream is busy: `await drain()` before writing much more. */
  write(data: string | Uint8Array): boolean;
  /** Waits until all has been taken; throws where it cannot be written. */
  drain(): Promise<void>;
}

/** Standard input: bytes as they come. */
export interface Input extends AsyncIterable<Uint8Array> {
  /** Ends it, whatever is still to come. */
  destroy?(): void;
}

/** The world around one command; tests have one of their own. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls back at the first SIGINT or SIGTERM, until what is returned is called. */
  onInterrupt(callback: () => void): () => void;
}
