import koffi from "koffi";
import { KernelError, NotSupportedError } from "../errors.js";
import { MapType } from "../uapi/index.js";
import type { BatchResult } from "./batch.js";
import type { MapDefinition } from "./map.js";

const SYS_BPF = 321;
const CLONE_NEWNET = 0x40000000;

const libc = process.platform === "linux" ? koffi.load("libc.so.6") : undefined;
const bpf = libc?.func("syscall", "long", ["long", "int", "void *", "uint32_t"]);
const closeFd = libc?.func("int close(int)");
const setAffinity = libc?.func("int sched_setaffinity(int, size_t, const void *)");
const unshare = libc?.func("int unshare(int)");

/** Commands of bpf(2): enum bpf_cmd. */
export const Command = {
  Create: 0,
  Lookup: 1,
  Update: 2,
  Delete: 3,
  NextKey: 4,
  ProgLoad: 5,
  TestRun: 10,
  ObjInfo: 15,
  LookupAndDelete: 21,
  Freeze: 22,
  LookupBatch: 24,
  LookupAndDeleteBatch: 25,
  UpdateBatch: 26,
  DeleteBatch: 27,
} as const;

/** union bpf_attr, field by field; the buffers it points to live as long as it does. */
class Attributes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #kept: Uint8Array[] = [];

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  u32(offset: number, value: number): this {
    this.view.setUint32(offset, value >>> 0, true);
    return this;
  }

  u64(offset: number, value: number | bigint): this {
    this.view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), true);
    return this;
  }

  pointer(offset: number, buffer: Uint8Array | undefined): this {
    if (buffer === undefined) return this;
    this.#kept.push(buffer);
    return this.u64(offset, koffi.address(buffer));
  }

  /** Makes the call; throws KernelError, which `detail` says more about. */
  call(command: number, name: string, detail?: () => string): number {
    if (bpf === undefined) throw new NotSupportedError("bpf(2)", "bpf(2) is there on Linux only");
    const result = Number(bpf(SYS_BPF, command, this.bytes, this.bytes.length));
    if (result < 0) throw new KernelError(name, koffi.errno(), detail?.());
    return result;
  }
}

export function closeFile(fd: number): void {
  closeFd?.(fd);
}

export function attributes(size: number): Attributes {
  return new Attributes(size);
}

/** Whether this process may create maps; why not, if it may not. */
export function whyNoKernelMaps(): string | undefined {
  if (bpf === undefined) return "needs Linux";
  try {
    new KernelMap({
      name: "probe",
      type: MapType.LruHash,
      keySize: 4,
      valueSize: 4,
      maxEntries: 1,
      flags: 0,
    }).close();
    return undefined;
  } catch (error) {
    return `needs CAP_BPF: ${(error as Error).message}`;
  }
}

/** Keeps this thread on one CPU, in a network namespace of its own whose only device is lo (ifindex 1). */
export function isolateThread(): void {
  const mask = new Uint8Array(128);
  mask[0] = 1;
  if (setAffinity?.(0, mask.length, mask) !== 0) throw new KernelError("sched_setaffinity", koffi.errno());
  if (unshare?.(CLONE_NEWNET) !== 0) throw new KernelError("unshare", koffi.errno());
}

function pick(bytes: Uint8Array, size: number, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}

/** A map of the running kernel with the methods of BpfMap's user's face. */
export class KernelMap {
  readonly fd: number;
  readonly definition: MapDefinition;
  readonly #valueSize: number;

  constructor(definition: MapDefinition, cpus = 1, innerFd = 0) {
    this.definition = definition;
    const perCpu: number[] = [MapType.PercpuHash, MapType.PercpuArray, MapType.LruPercpuHash];
    const { type, keySize, valueSize, maxEntries, flags, mapExtra } = definition;
    this.#valueSize = perCpu.includes(type) ? Math.ceil(valueSize / 8) * 8 * cpus : valueSize;
    this.fd = attributes(72)
      .u32(0, type)
      .u32(4, keySize)
      .u32(8, valueSize)
      .u32(12, maxEntries)
      .u32(16, flags)
      .u32(20, innerFd)
      .u64(64, mapExtra ?? 0n)
      .call(Command.Create, "BPF_MAP_CREATE");
  }

  close(): void {
    closeFd?.(this.fd);
  }

  get id(): number {
    const info = new Uint8Array(88);
    attributes(16).u32(0, this.fd).u32(4, info.length).pointer(8, info).call(Command.ObjInfo, "info");
    return new DataView(info.buffer).getUint32(4, true);
  }

  #element(key: Uint8Array | undefined, value: Uint8Array, flags: number): Attributes {
    return attributes(32)
      .u32(0, this.fd)
      .pointer(8, key === undefined || key.length === 0 ? undefined : key)
      .pointer(16, value)
      .u64(24, flags);
  }

  lookupElem(key: Uint8Array, flags = 0): Uint8Array {
    const value = new Uint8Array(this.#valueSize);
    this.#element(key, value, flags).call(Command.Lookup, "BPF_MAP_LOOKUP_ELEM");
    return value;
  }

  /** A bloom filter's look-up, whose value is given. */
  has(value: Uint8Array): boolean {
    try {
      this.#element(undefined, value, 0).call(Command.Lookup, "BPF_MAP_LOOKUP_ELEM");
      return true;
    } catch {
      return false;
    }
  }

  updateElem(key: Uint8Array, value: Uint8Array, flags = 0): void {
    this.#element(key, value, flags).call(Command.Update, "BPF_MAP_UPDATE_ELEM");
  }

  deleteElem(key: Uint8Array): void {
    attributes(16)
      .u32(0, this.fd)
      .pointer(8, key.length === 0 ? undefined : key)
      .call(Command.Delete, "BPF_MAP_DELETE_ELEM");
  }

  lookupAndDeleteElem(key: Uint8Array, flags = 0): Uint8Array {
    const value = new Uint8Array(this.#valueSize);
    this.#element(key, value, flags).call(Command.LookupAndDelete, "BPF_MAP_LOOKUP_AND_DELETE_ELEM");
    return value;
  }

  nextKey(key?: Uint8Array): Uint8Array | undefined {
    const next = new Uint8Array(Math.max(1, this.definition.keySize));
    try {
      this.#element(key, next, 0).call(Command.NextKey, "BPF_MAP_GET_NEXT_KEY");
      return next;
    } catch (error) {
      if (error instanceof KernelError && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  freeze(): void {
    attributes(4).u32(0, this.fd).call(Command.Freeze, "BPF_MAP_FREEZE");
  }

  lookupBatch(cursor: Uint8Array | undefined, count: number, flags = 0): BatchResult {
    return this.#readBatch(Command.LookupBatch, cursor, count, flags);
  }

  lookupAndDeleteBatch(cursor: Uint8Array | undefined, count: number, flags = 0): BatchResult {
    return this.#readBatch(Command.LookupAndDeleteBatch, cursor, count, flags);
  }

  #readBatch(command: number, cursor: Uint8Array | undefined, count: number, flags: number): BatchResult {
    const { keySize } = this.definition;
    const out = new Uint8Array(Math.max(4, keySize));
    const keys = new Uint8Array(Math.max(1, keySize * count));
    const values = new Uint8Array(Math.max(1, this.#valueSize * count));
    const attr = attributes(56)
      .pointer(0, cursor)
      .pointer(8, out)
      .pointer(16, keys)
      .pointer(24, values)
      .u32(32, count)
      .u32(36, this.fd)
      .u64(40, flags);
    let isEnd = false;
    try {
      attr.call(command, "BPF_MAP_LOOKUP_BATCH");
    } catch (error) {
      if (!(error instanceof KernelError && error.code === "ENOENT")) throw error;
      isEnd = true;
    }
    const done = attr.view.getUint32(32, true);
    return {
      keys: pick(keys, keySize, done),
      values: pick(values, this.#valueSize, done),
      cursor: out,
      isEnd,
    };
  }

  /** The number written and, where it stopped early, the error. */
  updateBatch(keys: readonly Uint8Array[], values: readonly Uint8Array[], flags = 0): number {
    return this.#writeBatch(Command.UpdateBatch, keys, values, flags);
  }

  deleteBatch(keys: readonly Uint8Array[], flags = 0): number {
    return this.#writeBatch(Command.DeleteBatch, keys, [], flags);
  }

  #writeBatch(
    command: number,
    keys: readonly Uint8Array[],
    values: readonly Uint8Array[],
    flags: number,
  ): number {
    const attr = attributes(56)
      .pointer(16, Uint8Array.from(keys.flatMap((key) => [...key])))
      .pointer(24, Uint8Array.from(values.flatMap((value) => [...value])))
      .u32(32, keys.length)
      .u32(36, this.fd)
      .u64(40, flags);
    try {
      attr.call(command, "batch");
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      throw Object.assign(error, { done: attr.view.getUint32(32, true) });
    }
    return attr.view.getUint32(32, true);
  }
}
