import { KernelError } from "../errors.js";
import { BatchError, type BatchResult } from "../maps/index.js";
import { Errno, MapType, mapTypeName } from "../uapi/index.js";
import type { MapInfo } from "./map-info.js";
import { Attributes } from "./sys/attributes.js";
import { BpfCommand, bpfCommandName } from "./sys/bpf-command.js";
import type { Descriptor } from "./sys/descriptor.js";

/** Types with a look-up by batches, and so with fast iteration (kernel/bpf, map_lookup_batch). */
const LOOKUP_TYPES: readonly number[] = [
  MapType.Hash,
  MapType.PercpuHash,
  MapType.LruHash,
  MapType.LruPercpuHash,
  MapType.Array,
  MapType.PercpuArray,
  MapType.LpmTrie,
  MapType.ArrayOfMaps,
  MapType.HashOfMaps,
];
const FIRST_COUNT = 256;
/** Bytes of keys and values that one batch may take. */
const MOST_BYTES = 1 << 20;

/** The batch commands on a map's file descriptor. Errors are KernelErrors. */
export class LinuxMapBatch {
  readonly #descriptor: Descriptor;
  readonly #info: MapInfo;
  readonly #valueSize: number;

  constructor(descriptor: Descriptor, info: MapInfo, valueSize: number) {
    this.#descriptor = descriptor;
    this.#info = info;
    this.#valueSize = valueSize;
  }

  get canLookup(): boolean {
    return LOOKUP_TYPES.includes(this.#info.type);
  }

  /** `count` elements at most, from `cursor` on (from the start without one). */
  lookup(cursor: Uint8Array | undefined, count: number, flags = 0): BatchResult {
    return this.#read(BpfCommand.MapLookupBatch, cursor, count, flags);
  }

  /** As `lookup`, and the elements are gone. */
  lookupAndDelete(cursor: Uint8Array | undefined, count: number, flags = 0): BatchResult {
    return this.#read(BpfCommand.MapLookupAndDeleteBatch, cursor, count, flags);
  }

  #read(command: BpfCommand, cursor: Uint8Array | undefined, count: number, flags: number): BatchResult {
    const { keySize } = this.#info;
    // A cursor is a key or a bucket's number: whichever is larger fits.
    const next = new Uint8Array(Math.max(4, keySize));
    const keys = new Uint8Array(keySize * count);
    const values = new Uint8Array(this.#valueSize * count);
    const attributes = new Attributes(56)
      .pointer(0, cursor)
      .pointer(8, next)
      .pointer(16, keys)
      .pointer(24, values)
      .u32(32, count)
      .u32(36, this.#descriptor.fd)
      .u64(40, flags);
    const result = attributes.try(command);
    if (result < 0 && result !== -Errno.ENOENT) throw this.#error(command, -result);
    const done = attributes.readU32(32);
    return {
      keys: split(keys, keySize, done),
      values: split(values, this.#valueSize, done),
      cursor: next,
      isEnd: result < 0,
    };
  }

  /** Every element, batch by batch; a bucket that is larger than a batch asks for a larger one. */
  *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
    const most = Math.max(1, Math.floor(MOST_BYTES / (this.#info.keySize + this.#valueSize)));
    let count = Math.min(FIRST_COUNT, most, this.#info.maxEntries);
    let cursor: Uint8Array | undefined;
    for (;;) {
      let batch: BatchResult;
      try {
        batch = this.lookup(cursor, count);
      } catch (error) {
        const isTooSmall = error instanceof KernelError && error.errno === Errno.ENOSPC;
        if (!isTooSmall || count > this.#info.maxEntries) throw error;
        count *= 2;
        continue;
      }
      for (const [index, key] of batch.keys.entries()) yield [key, batch.values[index]];
      if (batch.isEnd) return;
      cursor = batch.cursor;
    }
  }

  /** The number written. Throws BatchError where one is refused. */
  update(keys: readonly Uint8Array[], values: readonly Uint8Array[], flags = 0): number {
    return this.#write(BpfCommand.MapUpdateBatch, keys, values, flags);
  }

  /** The number deleted. Throws BatchError where one is not there. */
  delete(keys: readonly Uint8Array[], flags = 0): number {
    return this.#write(BpfCommand.MapDeleteBatch, keys, [], flags);
  }

  #write(
    command: BpfCommand,
    keys: readonly Uint8Array[],
    values: readonly Uint8Array[],
    flags: number,
  ): number {
    const attributes = new Attributes(56)
      .pointer(16, this.#join(command, keys, this.#info.keySize))
      .pointer(24, this.#join(command, values, this.#valueSize))
      .u32(32, keys.length)
      .u32(36, this.#descriptor.fd)
      .u64(40, flags);
    const result = attributes.try(command);
    const done = attributes.readU32(32);
    if (result >= 0) return done;
    const refusal = this.#error(command, -result);
    // A batch that is refused as a whole leaves the count as it was.
    throw done === keys.length ? refusal : new BatchError(bpfCommandName(command), refusal, done);
  }

  #join(command: BpfCommand, parts: readonly Uint8Array[], size: number): Uint8Array {
    const joined = new Uint8Array(parts.length * size);
    for (const [index, part] of parts.entries()) {
      if (part.length !== size) throw this.#error(command, Errno.EINVAL, `${part.length} bytes, not ${size}`);
      joined.set(part, index * size);
    }
    return joined;
  }

  #error(command: BpfCommand, errno: number, detail = ""): KernelError {
    const what = `${mapTypeName(this.#info.type)} ${this.#info.name}`;
    return new KernelError(bpfCommandName(command), errno, detail === "" ? what : `${what}: ${detail}`);
  }
}

function split(bytes: Uint8Array, size: number, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => bytes.slice(i * size, (i + 1) * size));
}
