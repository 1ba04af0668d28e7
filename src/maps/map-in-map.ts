import { KernelError } from "../errors.js";
import { Errno, MapFlag, MapType, UpdateFlag } from "../uapi/index.js";
import { ArrayMap } from "./array.js";
import { HashMap } from "./hash.js";
import type { BpfMap, MapDefinition, MapHost } from "./map.js";

/** Whether a map may stand where a map of that shape is wanted (bpf_map_meta_equal). */
function hasShape(map: BpfMap, shape: MapDefinition): boolean {
  const own = map.definition;
  const isArray = own.type === MapType.Array;
  return (
    own.type === shape.type &&
    own.keySize === shape.keySize &&
    own.valueSize === shape.valueSize &&
    own.flags === shape.flags &&
    // An array's look-ups may be inlined with its size, unless it says that it is an inner map.
    (!isArray || (own.flags & MapFlag.InnerMap) !== 0 || own.maxEntries === shape.maxEntries)
  );
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** The inner maps of an outer map, by their handles: what the arena holds of them. */
class InnerMaps {
  readonly #maps = new Map<number, BpfMap>();
  readonly #shape: MapDefinition;
  readonly #host: MapHost;

  constructor(shape: MapDefinition, host: MapHost) {
    this.#shape = shape;
    this.#host = host;
  }

  /** The map behind a file descriptor, held; undefined if it does not fit. */
  take(fd: number): BpfMap | number {
    const map = this.#host.mapByFd(fd);
    if (map === undefined) return -Errno.EBADF;
    if (!hasShape(map, this.#shape)) return -Errno.EINVAL;
    map.retain();
    this.#maps.set(map.handle, map);
    return map;
  }

  get(handle: number): BpfMap | undefined {
    return this.#maps.get(handle);
  }

  drop(handle: number): void {
    this.#maps.get(handle)?.release();
  }
}

function innerShape(definition: MapDefinition): MapDefinition {
  if (definition.inner === undefined) throw new KernelError("BPF_MAP_CREATE", Errno.EINVAL, "no inner map");
  return definition.inner;
}

/** In an outer map, each value is the handle of the inner map: programs get it in place of the value. */
function asStored(definition: MapDefinition): MapDefinition {
  return { ...definition, valueSize: 4 };
}

/** ARRAY_OF_MAPS: the user's values are inner maps' file descriptors, and ids when read. */
export class ArrayOfMaps extends ArrayMap {
  readonly #inner: InnerMaps;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(asStored(definition), host, id);
    this.#inner = new InnerMaps(innerShape(definition), host);
  }

  #handleAt(key: number): number {
    const block = this.block(key);
    return block === 0 ? 0 : this.host.arena.u32[block >>> 2];
  }

  override lookup(key: number): number {
    return this.#handleAt(key);
  }

  override update(_key: number, _value: number, _flags: number): number {
    return -Errno.EOPNOTSUPP;
  }

  protected override find(key: number): number {
    return this.#handleAt(key);
  }

  protected override readValue(handle: number): Uint8Array {
    return uint32(this.#inner.get(handle)?.id ?? 0);
  }

  protected override store(key: number, value: number, flags: number): number {
    if (flags !== UpdateFlag.Any) return -Errno.EINVAL;
    const block = this.block(key);
    if (block === 0) return -Errno.E2BIG;
    const { arena } = this.host;
    const map = this.#inner.take(arena.view.getInt32(value, true));
    if (typeof map === "number") return map;
    const old = arena.u32[block >>> 2];
    arena.u32[block >>> 2] = map.handle;
    this.#inner.drop(old);
    return 0;
  }

  override deleteElem(key: Uint8Array): void {
    const call = "BPF_MAP_DELETE_ELEM";
    this.checkWritable(call);
    const block = this.block(this.placeKey(call, key));
    if (block === 0) throw this.error(call, Errno.E2BIG);
    const { u32 } = this.host.arena;
    const old = u32[block >>> 2];
    if (old === 0) throw this.error(call, Errno.ENOENT);
    u32[block >>> 2] = 0;
    this.#inner.drop(old);
  }

  protected override destroy(): void {
    const { u32 } = this.host.arena;
    for (let i = 0; i < this.definition.maxEntries; i++) {
      this.#inner.drop(u32[(this.base + i * this.stride) >>> 2]);
    }
    super.destroy();
  }
}

/** HASH_OF_MAPS: as ARRAY_OF_MAPS, with keys of any kind. */
export class HashOfMaps extends HashMap {
  readonly #inner: InnerMaps;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(asStored(definition), host, id);
    this.#inner = new InnerMaps(innerShape(definition), host);
  }

  override lookup(key: number): number {
    return this.find(key);
  }

  override update(_key: number, _value: number, _flags: number): number {
    return -Errno.EOPNOTSUPP;
  }

  protected override find(key: number): number {
    const value = super.find(key);
    return value === 0 ? 0 : this.host.arena.u32[value >>> 2];
  }

  protected override readValue(handle: number): Uint8Array {
    return uint32(this.#inner.get(handle)?.id ?? 0);
  }

  protected override store(key: number, value: number, flags: number): number {
    const { arena } = this.host;
    const map = this.#inner.take(arena.view.getInt32(value, true));
    if (typeof map === "number") return map;
    arena.u32[value >>> 2] = map.handle;
    const result = super.update(key, value, flags);
    if (result < 0) map.release();
    return result;
  }

  protected override userValue(element: number): Uint8Array {
    return this.readValue(this.host.arena.u32[(element + this.table.valueOffset) >>> 2]);
  }

  protected override take(call: string, _key: number): Uint8Array {
    throw this.error(call, Errno.ENOTSUPP);
  }

  protected override discard(element: number): void {
    const handle = this.host.arena.u32[(element + this.table.valueOffset) >>> 2];
    super.discard(element);
    this.#inner.drop(handle);
  }

  protected override destroy(): void {
    const { table } = this;
    for (let at = table.following(0); at !== 0; at = table.following(at)) {
      this.#inner.drop(this.host.arena.u32[(at + table.valueOffset) >>> 2]);
    }
    super.destroy();
  }
}
