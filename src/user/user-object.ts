import { NotSupportedError, SyntaxProblem } from "../errors.js";
import type { LoadedObject } from "../kernel.js";
import { PerfEventArray, RingBuffer } from "../maps/index.js";
import type { Globals, ObjectSpec, TypedMap } from "../object/index.js";
import { mapTypeName } from "../uapi/index.js";
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
    const { raw } = this.map(name);
    const { signal } = options;
    let wake: () => void = () => {};
    signal?.addEventListener("abort", () => wake());
    const source = recordSource(raw, () => wake());
    const isOver = () => signal?.aborted === true || this.#isClosed;
    while (!isOver()) {
      yield* source();
      if (isOver()) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#kernel.forget(this);
    for (const fd of [...this.#fds].reverse()) this.#kernel.closeFd(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What takes the records that a map has now; `onRecord` is called when there may be more. */
function recordSource(raw: unknown, onRecord: () => void): () => Uint8Array[] {
  if (raw instanceof RingBuffer) {
    raw.onWakeup(onRecord);
    return () => {
      const records: Uint8Array[] = [];
      raw.drain((record) => records.push(record));
      return records;
    };
  }
  if (raw instanceof PerfEventArray) {
    raw.open(undefined, onRecord);
    return () => raw.drain().map((record) => record.data);
  }
  const type = (raw as { type: number }).type;
  throw new NotSupportedError(
    `records of ${mapTypeName(type)}`,
    `maps of type ${mapTypeName(type)} have no records`,
  );
}
