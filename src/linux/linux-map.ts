import { KernelError, MapFullError } from "../errors.js";
import type { BatchResult } from "../maps/index.js";
import type { RawMap } from "../object/index.js";
import { Errno, MapType, mapTypeName } from "../uapi/index.js";
import { LinuxMapBatch } from "./map-batch.js";
import { type MapInfo, mapInfo } from "./map-info.js";
import { pinObject } from "./pin.js";
import { possibleCpus } from "./possible-cpus.js";
import { Attributes } from "./sys/attributes.js";
import { BpfCommand, bpfCommandName } from "./sys/bpf-command.js";
import { Descriptor } from "./sys/descriptor.js";
import { libc } from "./sys/libc.js";

const PER_CPU: readonly number[] = [
  MapType.PercpuHash,
  MapType.PercpuArray,
  MapType.LruPercpuHash,
  MapType.PercpuCgroupStorage,
];
/** Types whose elements have no key: the value is all there is. */
const KEYLESS: readonly number[] = [MapType.Queue, MapType.Stack, MapType.BloomFilter];

/** A map of Linux: bpf(2)'s commands on its file descriptor, which it owns. Errors are KernelErrors. */
export class LinuxMap implements RawMap, Disposable {
  readonly info: MapInfo;
  readonly #descriptor: Descriptor;
  readonly #batch: LinuxMapBatch;
  // One set of attributes and buffers serves every operation on an element: no operation is under way
  // while another begins, and what the kernel writes is copied out before the next.
  readonly #key: Uint8Array;
  readonly #value: Uint8Array;
  readonly #element: Attributes;
  /** A deletion has no value, and a search for the first key has no key. */
  readonly #keyOnly: Attributes;
  readonly #valueOnly: Attributes;

  /** Takes over a map's file descriptor; `name` is what it is called here, the kernel's own by default. */
  constructor(fd: number, name?: string) {
    const info = infoOrClose(fd);
    this.info = name === undefined ? info : { ...info, name };
    this.#descriptor = new Descriptor(fd, `map ${this.info.name}`);
    const { keySize } = info;
    this.#key = new Uint8Array(Math.max(1, keySize));
    this.#value = new Uint8Array(Math.max(keySize, this.userValueSize, 1));
    const key = KEYLESS.includes(info.type) ? undefined : this.#key;
    this.#element = new Attributes(32).pointer(8, key).pointer(16, this.#value);
    this.#keyOnly = new Attributes(16).pointer(8, key);
    this.#valueOnly = new Attributes(24).pointer(16, this.#value);
    this.#batch = new LinuxMapBatch(this.#descriptor, this.info, this.userValueSize);
  }

  get name(): string {
    return this.info.name;
  }

  get id(): number {
    return this.info.id;
  }

  get type(): number {
    return this.info.type;
  }

  /** Throws KernelError (EBADF) once the map is closed. */
  get fd(): number {
    return this.#descriptor.fd;
  }

  get isClosed(): boolean {
    return this.#descriptor.isClosed;
  }

  get isPerCpu(): boolean {
    return PER_CPU.includes(this.info.type);
  }

  get userValueSize(): number {
    const { valueSize } = this.info;
    return this.isPerCpu ? Math.ceil(valueSize / 8) * 8 * possibleCpus() : valueSize;
  }

  lookupElem(key: Uint8Array, flags = 0): Uint8Array {
    return this.#read(BpfCommand.MapLookupElem, key, flags);
  }

  lookupAndDeleteElem(key: Uint8Array, flags = 0): Uint8Array {
    return this.#read(BpfCommand.MapLookupAndDeleteElem, key, flags);
  }

  #read(command: BpfCommand, key: Uint8Array, flags: number): Uint8Array {
    this.#placeKey(command, key);
    // A bloom filter is asked for a value, which stands where others are answered.
    if (this.info.type === MapType.BloomFilter) this.#placeValue(command, key);
    this.#call(this.#element.u64(24, flags), command);
    return this.#value.slice(0, this.userValueSize);
  }

  updateElem(key: Uint8Array, value: Uint8Array, flags = 0): void {
    this.#placeKey(BpfCommand.MapUpdateElem, key);
    this.#placeValue(BpfCommand.MapUpdateElem, value);
    this.#call(this.#element.u64(24, flags), BpfCommand.MapUpdateElem);
  }

  deleteElem(key: Uint8Array): void {
    this.#placeKey(BpfCommand.MapDeleteElem, key);
    this.#call(this.#keyOnly, BpfCommand.MapDeleteElem);
  }

  nextKey(key?: Uint8Array): Uint8Array | undefined {
    const command = BpfCommand.MapGetNextKey;
    if (key !== undefined) this.#placeKey(command, key);
    const attributes = key === undefined ? this.#valueOnly : this.#element.u64(24, 0);
    const result = attributes.u32(0, this.fd).try(command);
    if (result === -Errno.ENOENT) return undefined;
    if (result < 0) throw this.#error(command, -result);
    return this.#value.slice(0, this.info.keySize);
  }

  /** Keys and values. An element that comes or goes during the iteration may be in it or not. */
  *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
    if (this.#batch.canLookup) yield* this.#batch.entries();
    else yield* this.#entriesByKey();
  }

  *#entriesByKey(): Generator<[key: Uint8Array, value: Uint8Array]> {
    let left = this.info.maxEntries;
    // A key that is deleted meanwhile leads back to the first: the count ends what would go round.
    for (let key = this.nextKey(); key !== undefined && left > 0; key = this.nextKey(key), left--) {
      const element = this.#lookupIfThere(key);
      if (element !== undefined) yield [key, element];
    }
  }

  #lookupIfThere(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.lookupElem(key);
    } catch (error) {
      if (error instanceof KernelError && error.errno === Errno.ENOENT) return undefined;
      throw error;
    }
  }

  /** BPF_MAP_LOOKUP_BATCH: `count` elements at most, from `cursor` on (from the start without one). */
  lookupBatch(cursor: Uint8Array | undefined, count: number, flags = 0): BatchResult {
    return this.#batch.lookup(cursor, count, flags);
  }

  /** BPF_MAP_LOOKUP_AND_DELETE_BATCH: as `lookupBatch`, and the elements are gone. */
  lookupAndDeleteBatch(cursor: Uint8Array | undefined, count: number, flags = 0): BatchResult {
    return this.#batch.lookupAndDelete(cursor, count, flags);
  }

  /** BPF_MAP_UPDATE_BATCH: the number written. Throws BatchError where one is refused. */
  updateBatch(keys: readonly Uint8Array[], values: readonly Uint8Array[], flags = 0): number {
    return this.#batch.update(keys, values, flags);
  }

  /** BPF_MAP_DELETE_BATCH: the number deleted. Throws BatchError where one is not there. */
  deleteBatch(keys: readonly Uint8Array[], flags = 0): number {
    return this.#batch.delete(keys, flags);
  }

  freeze(): void {
    this.#call(new Attributes(4), BpfCommand.MapFreeze);
  }

  /** Pins the map at a path of a bpffs: it outlives this process. */
  pin(path: string): void {
    pinObject(this.fd, path);
  }

  close(): void {
    this.#descriptor.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #call(attributes: Attributes, command: BpfCommand): void {
    const result = attributes.u32(0, this.fd).try(command);
    if (result < 0) throw this.#error(command, -result);
  }

  #error(command: BpfCommand, errno: number, detail = ""): KernelError {
    const isFull = errno === Errno.E2BIG || errno === Errno.ENOSPC;
    if (isFull && command === BpfCommand.MapUpdateElem) {
      return new MapFullError(this.name, this.info.maxEntries, errno);
    }
    const what = `${mapTypeName(this.type)} ${this.name}`;
    return new KernelError(bpfCommandName(command), errno, detail === "" ? what : `${what}: ${detail}`);
  }

  /** The kernel reads as many bytes as the map's keys have, whatever it is given. */
  #placeKey(command: BpfCommand, key: Uint8Array): void {
    if (KEYLESS.includes(this.info.type)) return;
    const { keySize } = this.info;
    if (key.length !== keySize) {
      throw this.#error(command, Errno.EINVAL, `a key has ${keySize} bytes, not ${key.length}`);
    }
    this.#key.set(key);
  }

  #placeValue(command: BpfCommand, value: Uint8Array): void {
    const { userValueSize } = this;
    if (value.length !== userValueSize) {
      throw this.#error(command, Errno.EINVAL, `a value has ${userValueSize} bytes, not ${value.length}`);
    }
    this.#value.set(value);
  }
}

function infoOrClose(fd: number): MapInfo {
  try {
    return mapInfo(fd);
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}
