import type { Arena } from "../arena/index.js";
import { KernelError } from "../errors.js";
import { Errno, type MapType, mapTypeName } from "../uapi/index.js";

/** What BPF_MAP_CREATE takes; sizes in bytes. */
export interface MapDefinition {
  readonly name: string;
  readonly type: MapType;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** BPF_F_* flags of creation. */
  readonly flags: number;
  /** The low 4 bits are the number of hashes of a bloom filter. */
  readonly mapExtra?: bigint | undefined;
  /** The shape of the inner maps of an ARRAY_OF_MAPS or HASH_OF_MAPS. */
  readonly inner?: MapDefinition | undefined;
}

/** What a map needs of the kernel that holds it. */
export interface MapHost {
  readonly arena: Arena;
  /** Number of possible CPUs: per-CPU values have that many copies. */
  readonly cpus: number;
  /** The CPU that runs now. */
  readonly currentCpu: number;
  /** CLOCK_MONOTONIC in nanoseconds. */
  monotonicNs(): bigint;
  /** 32 random bits (non-negative number): hash seeds, LRU choices. */
  random32(): number;
  /** The map or program behind a file descriptor of this kernel, for maps that hold such. */
  mapByFd(fd: number): BpfMap | undefined;
  programByFd(fd: number): HeldProgram | undefined;
}

/** What a PROG_ARRAY, DEVMAP or CPUMAP knows of a program that it holds. */
export interface HeldProgram {
  readonly id: number;
  readonly type: number;
  readonly expectedAttachType: number;
  /** Holds and drops a reference: maps keep their programs alive. */
  retain(): void;
  release(): void;
}

/**
 * A map in the arena. It has two faces, as in Linux.
 *
 * The program's face (`lookup`, `update`, `delete`, …) takes and returns arena addresses and
 * negative error numbers; nothing in it allocates or throws. Keys and values are read from the
 * arena in place.
 *
 * The user's face (`lookupElem`, `updateElem`, …: bpf(2)'s commands) takes and returns byte arrays
 * and throws KernelError with Linux's error number. A per-CPU value is the concatenation of every
 * CPU's value, each rounded up to 8 bytes.
 */
export abstract class BpfMap {
  readonly definition: MapDefinition;
  readonly host: MapHost;
  readonly id: number;
  #frozen = false;
  #references = 1;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    this.definition = definition;
    this.host = host;
    this.id = id;
  }

  get name(): string {
    return this.definition.name;
  }

  get type(): MapType {
    return this.definition.type;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  get isPerCpu(): boolean {
    return false;
  }

  /** Bytes of the value that the user's face takes and returns. */
  get userValueSize(): number {
    const { valueSize } = this.definition;
    return this.isPerCpu ? Math.ceil(valueSize / 8) * 8 * this.host.cpus : valueSize;
  }

  // The program's face. Maps that a program cannot use so keep these: the verifier refuses the call.

  /** Address of the value (of the current CPU's, if per CPU), or 0. */
  lookup(_key: number): number {
    return 0;
  }

  /** bpf_map_lookup_percpu_elem: as lookup, for a given CPU. */
  lookupPerCpu(_key: number, _cpu: number): number {
    return 0;
  }

  /** 0 or a negative error number. */
  update(_key: number, _value: number, _flags: number): number {
    return -Errno.EOPNOTSUPP;
  }

  delete(_key: number): number {
    return -Errno.EOPNOTSUPP;
  }

  push(_value: number, _flags: number): number {
    return -Errno.EOPNOTSUPP;
  }

  pop(_value: number): number {
    return -Errno.EOPNOTSUPP;
  }

  peek(_value: number): number {
    return -Errno.EOPNOTSUPP;
  }

  // The user's face.

  lookupElem(_key: Uint8Array, _flags?: number): Uint8Array {
    throw this.error("BPF_MAP_LOOKUP_ELEM", Errno.ENOTSUPP);
  }

  updateElem(_key: Uint8Array, _value: Uint8Array, _flags?: number): void {
    throw this.error("BPF_MAP_UPDATE_ELEM", Errno.ENOTSUPP);
  }

  deleteElem(_key: Uint8Array): void {
    throw this.error("BPF_MAP_DELETE_ELEM", Errno.ENOTSUPP);
  }

  lookupAndDeleteElem(_key: Uint8Array): Uint8Array {
    throw this.error("BPF_MAP_LOOKUP_AND_DELETE_ELEM", Errno.ENOTSUPP);
  }

  /** The key after `key`, or the first if it is undefined or gone; ENOENT after the last. */
  nextKey(_key: Uint8Array | undefined): Uint8Array {
    throw this.error("BPF_MAP_GET_NEXT_KEY", Errno.ENOTSUPP);
  }

  /** BPF_MAP_FREEZE: from now on the user's face refuses writes with EPERM. */
  freeze(): void {
    if (this.#frozen) throw this.error("BPF_MAP_FREEZE", Errno.EBUSY);
    this.#frozen = true;
  }

  /** One more holder: a program, a link, a pin, an outer map. */
  retain(): void {
    this.#references++;
  }

  /** One holder less; the last one gives the map's memory back. */
  release(): void {
    if (--this.#references === 0) this.destroy();
  }

  /** Gives the arena its memory back and drops what the map holds. */
  protected abstract destroy(): void;

  protected error(call: string, errno: number, detail = ""): KernelError {
    return new KernelError(call, errno, `${mapTypeName(this.type)} ${this.name}${detail && `: ${detail}`}`);
  }
}
