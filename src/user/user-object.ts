import { SyntaxProblem } from "../errors.js";
import type { LoadedObject } from "../kernel.js";
import type { Globals, ObjectSpec, TypedMap } from "../object/index.js";
import { RecordStream } from "./record-stream.js";
import type { UserKernel } from "./user-kernel.js";
import type { UserProgram } from "./user-program.js";

/** An object that the user-space kernel holds. */
export class UserObject implements LoadedObject {
  readonly spec: ObjectSpec;
  readonly programs: ReadonlyMap<string, UserProgram>;
  readonly maps: ReadonlyMap<string, TypedMap>;
  readonly globals: Globals;
  readonly #kernel: UserKernel;
  readonly #fds: readonly number[];
  readonly #streams = new Set<RecordStream>();
  #isClosed = false;

  constructor(
    kernel: UserKernel,
    spec: ObjectSpec,
    programs: ReadonlyMap<string, UserProgram>,
    maps: ReadonlyMap<string, TypedMap>,
    fds: readonly number[],
  ) {
    this.#kernel = kernel;
    this.spec = spec;
    this.programs = programs;
    this.maps = maps;
    this.#fds = fds;
    this.globals = spec.globals.at({
      read: (map, offset, size) =>
        this.map(map)
          .raw.lookupElem(new Uint8Array(4))
          .subarray(offset, offset + size),
      write: (map, offset, bytes) => {
        const { raw } = this.map(map);
        const value = raw.lookupElem(new Uint8Array(4));
        value.set(bytes, offset);
        raw.updateElem(new Uint8Array(4), value);
      },
    });
  }

  program(name: string): UserProgram {
    const program = this.programs.get(name);
    if (program !== undefined) return program;
    throw new SyntaxProblem(
      `there is no program "${name}": ${[...this.programs.keys()].join(", ") || "none is loaded"}`,
    );
  }

  map(name: string): TypedMap {
    const map = this.maps.get(name);
    if (map !== undefined) return map;
    throw new SyntaxProblem(
      `there is no map "${name}": ${[...this.maps.keys()].join(", ") || "the object has none"}`,
    );
  }

  async *records(name: string, options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<Uint8Array> {
    const { signal } = options;
    if (this.#isClosed || signal?.aborted === true) return;
    const stream = new RecordStream(this.map(name).raw);
    const end = () => stream.end();
    this.#streams.add(stream);
    signal?.addEventListener("abort", end);
    try {
      yield* stream.read();
    } finally {
      signal?.removeEventListener("abort", end);
      this.#streams.delete(stream);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#kernel.forget(this);
    for (const stream of this.#streams) stream.end();
    for (const program of this.programs.values()) program.close();
    for (const fd of [...this.#fds].reverse()) this.#kernel.closeFd(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
