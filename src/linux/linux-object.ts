import { KernelError, NotSupportedError, SyntaxProblem } from "../errors.js";
import type { LoadedObject } from "../kernel.js";
import type { Globals, ObjectSpec, TypedMap } from "../object/index.js";
import { Errno, MapType, mapTypeName } from "../uapi/index.js";
import type { LinuxMap } from "./linux-map.js";
import type { LinuxProgram } from "./linux-program.js";
import { MappedGlobals } from "./mapped-globals.js";
import { PerfEventSource } from "./records/perf-event-array.js";
import type { RecordSource } from "./records/record-source.js";
import { RecordStream } from "./records/record-stream.js";
import { RingBufferSource } from "./records/ring-buffer.js";

/** What loading has made. */
export interface LoadedParts {
  readonly programs: ReadonlyMap<string, LinuxProgram>;
  readonly maps: ReadonlyMap<string, TypedMap>;
  readonly rawMaps: ReadonlyMap<string, LinuxMap>;
  readonly btfRefusal: KernelError | undefined;
}

export interface RecordOptions {
  readonly signal?: AbortSignal;
  readonly onLost?: (count: bigint) => void;
}

/** An object that Linux holds for this process: closing it lets go of what is neither pinned nor in use. */
export class LinuxObject implements LoadedObject {
  readonly spec: ObjectSpec;
  readonly programs: ReadonlyMap<string, LinuxProgram>;
  readonly maps: ReadonlyMap<string, TypedMap>;
  readonly globals: Globals;
  /** Why the kernel has no types of the object; undefined where it has, and where the object has none. */
  readonly btfRefusal: KernelError | undefined;
  readonly #rawMaps: ReadonlyMap<string, LinuxMap>;
  readonly #onClose: (object: LinuxObject) => void;
  readonly #mapped: MappedGlobals;
  readonly #streams = new Map<RecordStream, LinuxMap>();
  #isClosed = false;

  constructor(spec: ObjectSpec, parts: LoadedParts, onClose: (object: LinuxObject) => void) {
    this.spec = spec;
    this.programs = parts.programs;
    this.maps = parts.maps;
    this.btfRefusal = parts.btfRefusal;
    this.#rawMaps = parts.rawMaps;
    this.#onClose = onClose;
    this.#mapped = new MappedGlobals((name) => this.linuxMap(name));
    this.globals = spec.globals.at(this.#mapped);
  }

  program(name: string): LinuxProgram {
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

  /** The map with what only Linux's maps have: file descriptor, id, batches, pins. */
  linuxMap(name: string): LinuxMap {
    this.map(name);
    const map = this.#rawMaps.get(name);
    if (map === undefined) throw new SyntaxProblem(`map "${name}" is not one of Linux`);
    return map;
  }

  /**
   * Records of a RINGBUF or PERF_EVENT_ARRAY. A perf event array's records come as Linux pads them, to
   * 4 bytes less than a multiple of 8, and it has one reader at a time; `onLost` is told how many
   * records a full buffer has dropped. Throws NotSupportedError for other maps.
   */
  records(name: string, options: RecordOptions = {}): AsyncGenerator<Uint8Array> {
    const map = this.linuxMap(name);
    const stream = new RecordStream(this.#source(map, options), options.signal);
    this.#streams.set(stream, map);
    return this.#read(stream);
  }

  async *#read(stream: RecordStream): AsyncGenerator<Uint8Array> {
    try {
      yield* stream.read();
    } finally {
      this.#streams.delete(stream);
    }
  }

  #source(map: LinuxMap, options: RecordOptions): RecordSource {
    switch (map.type) {
      case MapType.Ringbuf:
        return new RingBufferSource(map);
      case MapType.PerfEventArray:
        if ([...this.#streams.values()].includes(map)) {
          throw new KernelError("perf_event_open", Errno.EBUSY, `map ${map.name} has a reader`);
        }
        return new PerfEventSource(map, options.onLost ?? (() => {}));
      default:
        throw new NotSupportedError(
          `records of ${mapTypeName(map.type)}`,
          `maps of type ${mapTypeName(map.type)} have no records`,
        );
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose(this);
    for (const stream of this.#streams.keys()) stream.cancel();
    this.#mapped.close();
    for (const program of this.programs.values()) program.close();
    for (const map of this.#rawMaps.values()) map.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
