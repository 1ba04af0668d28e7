import type { Arena } from "../arena/index.js";
import { KernelError, MapFullError } from "../errors.js";
import { Errno, MapFlag, type MapType, mapTypeName, UpdateFlag } from "../uapi/index.js";
import { type BatchCommands, type BatchResult, lookupKeyByKey, NO_BATCH, writeBatch } from "./batch.js";

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
  /** Fields of the value that belong to the kernel, found by their BTF types. */
  readonly special?: readonly SpecialField[] | undefined;
}

/** A field of a map's value that look-ups of the user show as zero and updates leave alone. */
export interface SpecialField {
  readonly kind: "spin_lock" | "timer" | "workqueue" | "kptr" | "refcount" | "list" | "rbtree";
  /** Bytes from the value's start. */
  readonly offset: number;
  readonly size: number;
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
  /** Whether a network device has that index. */
  hasDevice(ifindex: number): boolean;
  /** An element with timers in it is gone: `length` bytes of value from `address` on. */
  valueFreed?(address: number, length: number): void;
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

/** Iterates over a map's elements while they may come and go; `key` and `value` are addresses. */
export interface ElementCursor {
  key: number;
  /** The current CPU's value where values are per CPU. */
  value: number;
  /** Goes to the next element; false after the last. */
  next(): boolean;
}

/** Bytes reserved for what a program sees as its pointer to a map. */
const HANDLE_SIZE = 16;

/**
 * A map in the arena. It has two faces, as in Linux.
 *
 * The program's face (`lookup`, `update`, `delete`, …) takes and returns arena addresses and
 * negative error numbers; nothing in it throws. Keys and values are read from the arena in place.
 *
 * The user's face (`lookupElem`, `updateElem`, …: bpf(2)'s commands) takes and returns byte arrays
 * and throws KernelError with Linux's error number. A per-CPU value is the concatenation of every
 * CPU's value, each rounded up to 8 bytes.
 */
export abstract class BpfMap {
  readonly definition: MapDefinition;
  readonly host: MapHost;
  readonly id: number;
  /** Arena address that programs see as the map's pointer. */
  readonly handle: number;
  #frozen = false;
  #references = 1;
  /** The last holder has let go: the map's memory may be another's by now. */
  #isGone = false;
  #scratch: { readonly key: number; readonly value: number } | undefined;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    this.definition = definition;
    this.host = host;
    this.id = id;
    this.handle = host.arena.alloc(HANDLE_SIZE, 16, `map ${definition.name}`);
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

  /** Bytes from one CPU's value to the next one's. */
  get valueStride(): number {
    return Math.ceil(this.definition.valueSize / 8) * 8;
  }

  /** Bytes of the value that the user's face takes and returns. */
  get userValueSize(): number {
    return this.isPerCpu ? this.valueStride * this.host.cpus : this.definition.valueSize;
  }

  /** Whether values hold a lock, as BPF_F_LOCK demands. */
  get hasSpinLock(): boolean {
    return this.definition.special?.some((field) => field.kind === "spin_lock") ?? false;
  }

  // The program's face. Maps that a program cannot use so keep these: the verifier refuses the call.

  /** Address of the value (of the current CPU's, if per CPU), or 0. */
  lookup(_key: number): number {
    return 0;
  }

  /** Address of a byte of the first value, for loads of a map's value; 0 where it has none there. */
  valueAddress(_offset: number): number {
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

  /** The elements, for bpf_for_each_map_elem. */
  elements(): ElementCursor {
    return { key: 0, value: 0, next: () => false };
  }

  // What the user's face is made of, for maps with keys and plain values: addresses in, addresses or
  // negative error numbers out, and nothing that a look-up by the user may not touch.

  /** Address of what the user's look-up copies, or 0. */
  protected find(_key: number): number {
    return 0;
  }

  /** Stores a value of `userValueSize` bytes. */
  protected store(_key: number, _value: number, _flags: number): number {
    return -Errno.ENOTSUPP;
  }

  /** Address of the key after `key`, of the first where `key` is 0 or not in the map; 0 at the end. */
  protected following(_key: number): number {
    return 0;
  }

  /** Whether user space may list the keys. */
  protected get isIterable(): boolean {
    return true;
  }

  // The user's face.

  /** BPF_MAP_LOOKUP_ELEM. Throws ENOENT where there is no such element. */
  lookupElem(key: Uint8Array, flags = 0): Uint8Array {
    const call = "BPF_MAP_LOOKUP_ELEM";
    this.checkReadable(call);
    this.#checkLockFlag(call, flags, UpdateFlag.Lock);
    const value = this.find(this.placeKey(call, key));
    if (value <= 0) throw this.error(call, value === 0 ? Errno.ENOENT : -value);
    return this.readValue(value);
  }

  /** BPF_MAP_UPDATE_ELEM; flags BPF_ANY, BPF_NOEXIST, BPF_EXIST, BPF_F_LOCK. */
  updateElem(key: Uint8Array, value: Uint8Array, flags = 0): void {
    const call = "BPF_MAP_UPDATE_ELEM";
    this.checkWritable(call);
    this.#checkLockFlag(call, flags, ~0);
    const keyAddress = this.placeKey(call, key);
    this.#check(call, this.store(keyAddress, this.placeValue(call, value), flags));
  }

  /** BPF_MAP_DELETE_ELEM. */
  deleteElem(key: Uint8Array): void {
    const call = "BPF_MAP_DELETE_ELEM";
    this.checkWritable(call);
    this.#check(call, this.delete(this.placeKey(call, key)));
  }

  /** BPF_MAP_LOOKUP_AND_DELETE_ELEM (kernel/bpf/syscall.c, map_lookup_and_delete_elem: in this order). */
  lookupAndDeleteElem(key: Uint8Array, flags = 0): Uint8Array {
    const call = "BPF_MAP_LOOKUP_AND_DELETE_ELEM";
    if ((flags & ~UpdateFlag.Lock) !== 0) throw this.error(call, Errno.EINVAL);
    this.checkReadable(call);
    this.checkWritable(call);
    this.#checkLockFlag(call, flags, UpdateFlag.Lock);
    return this.take(call, this.placeKey(call, key));
  }

  /** Takes an element out for the user; `key` is an address. */
  protected take(call: string, _key: number): Uint8Array {
    throw this.error(call, Errno.ENOTSUPP);
  }

  /** BPF_MAP_GET_NEXT_KEY: the key after `key`, or the first; undefined after the last. */
  nextKey(key?: Uint8Array): Uint8Array | undefined {
    const call = "BPF_MAP_GET_NEXT_KEY";
    this.checkReadable(call);
    if (!this.isIterable) throw this.error(call, Errno.ENOTSUPP);
    const next = this.following(key === undefined ? 0 : this.placeKey(call, key));
    if (next === 0) return undefined;
    return this.host.arena.u8.slice(next, next + this.definition.keySize);
  }

  /** The batch commands that maps of this type have. */
  protected get batchCommands(): BatchCommands {
    return NO_BATCH;
  }

  #checkBatch(call: string, isThere: boolean, flags: number): void {
    if (!isThere) throw this.error(call, Errno.ENOTSUPP);
    this.#checkLockFlag(call, flags, UpdateFlag.Lock);
  }

  /**
   * BPF_MAP_LOOKUP_BATCH: `count` elements at most, from `cursor` on (from the start without one).
   * Throws ENOSPC where a hash map's bucket holds more, and ENOTSUPP where the type has no batches.
   */
  lookupBatch(cursor: Uint8Array | undefined, count: number, flags = 0): BatchResult {
    const call = "BPF_MAP_LOOKUP_BATCH";
    this.checkReadable(call);
    this.#checkBatch(call, this.batchCommands.lookup, flags);
    if (count === 0) return { keys: [], values: [], cursor, isEnd: false };
    return this.readBatch(call, cursor, count, flags, false);
  }

  /** BPF_MAP_LOOKUP_AND_DELETE_BATCH: as `lookupBatch`, and the elements are gone. */
  lookupAndDeleteBatch(cursor: Uint8Array | undefined, count: number, flags = 0): BatchResult {
    const call = "BPF_MAP_LOOKUP_AND_DELETE_BATCH";
    this.checkReadable(call);
    this.checkWritable(call);
    this.#checkBatch(call, this.batchCommands.lookupAndDelete, flags);
    if (count === 0) return { keys: [], values: [], cursor, isEnd: false };
    return this.readBatch(call, cursor, count, flags, true);
  }

  protected readBatch(
    _call: string,
    cursor: Uint8Array | undefined,
    count: number,
    flags: number,
    _isTaken: boolean,
  ): BatchResult {
    return lookupKeyByKey(this, cursor, count, flags);
  }

  /** BPF_MAP_UPDATE_BATCH: the number written. Throws BatchError where one is refused. */
  updateBatch(keys: readonly Uint8Array[], values: readonly Uint8Array[], flags = 0): number {
    const call = "BPF_MAP_UPDATE_BATCH";
    this.checkWritable(call);
    this.#checkBatch(call, this.batchCommands.update, flags);
    return writeBatch(call, keys.length, (i) => this.updateElem(keys[i], values[i], flags));
  }

  /** BPF_MAP_DELETE_BATCH: the number deleted. Throws BatchError where one is not there. */
  deleteBatch(keys: readonly Uint8Array[], flags = 0): number {
    const call = "BPF_MAP_DELETE_BATCH";
    this.checkWritable(call);
    this.#checkBatch(call, this.batchCommands.delete, flags);
    return writeBatch(call, keys.length, (i) => this.deleteElem(keys[i]));
  }

  /** The keys that the map has now; elements may come and go meanwhile. */
  keys(): Uint8Array[] {
    const keys: Uint8Array[] = [];
    for (let key = this.nextKey(); key !== undefined && keys.length <= this.definition.maxEntries; ) {
      keys.push(key);
      key = this.nextKey(key);
    }
    return keys;
  }

  /** Keys and values; an element that goes during the iteration is left out. */
  *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
    for (const key of this.keys()) {
      try {
        yield [key, this.lookupElem(key)];
      } catch (error) {
        if (!(error instanceof KernelError && error.errno === Errno.ENOENT)) throw error;
      }
    }
  }

  /** BPF_MAP_FREEZE: from now on the user's face refuses writes with EPERM, this one among them. */
  freeze(): void {
    const call = "BPF_MAP_FREEZE";
    if (this.#isGone) throw this.error(call, Errno.EBADF, "it is closed");
    if (this.definition.special !== undefined && this.definition.special.length > 0) {
      throw this.error(call, Errno.ENOTSUPP, "its values have fields of the kernel");
    }
    this.checkWritable(call);
    this.#frozen = true;
  }

  /** One more holder: a program, a link, a pin, an outer map. */
  retain(): void {
    this.#references++;
  }

  /** One holder less; the last one gives the map's memory back. */
  release(): void {
    if (--this.#references > 0) return;
    this.#isGone = true;
    const { arena } = this.host;
    this.destroy();
    arena.free(this.handle);
    if (this.#scratch !== undefined) arena.free(this.#scratch.key);
  }

  /** Gives the arena its memory back and drops what the map holds. */
  protected abstract destroy(): void;

  protected error(call: string, errno: number, detail = ""): KernelError {
    return new KernelError(call, errno, `${mapTypeName(this.type)} ${this.name}${detail && `: ${detail}`}`);
  }

  #check(call: string, result: number): void {
    if (result >= 0) return;
    if (result === -Errno.E2BIG || result === -Errno.ENOSPC) {
      throw new MapFullError(this.name, this.definition.maxEntries, -result);
    }
    throw this.error(call, -result);
  }

  protected checkReadable(call: string): void {
    if (this.#isGone) throw this.error(call, Errno.EBADF, "it is closed");
    if ((this.definition.flags & MapFlag.Wronly) !== 0)
      throw this.error(call, Errno.EPERM, "it is write-only");
  }

  protected checkWritable(call: string): void {
    if (this.#isGone) throw this.error(call, Errno.EBADF, "it is closed");
    if ((this.definition.flags & MapFlag.Rdonly) !== 0)
      throw this.error(call, Errno.EPERM, "it is read-only");
    if (this.#frozen) throw this.error(call, Errno.EPERM, "it is frozen");
  }

  #checkLockFlag(call: string, flags: number, allowed: number): void {
    const hasLock = (flags & UpdateFlag.Lock) !== 0;
    if ((flags & ~allowed) !== 0 || (hasLock && !this.hasSpinLock)) throw this.error(call, Errno.EINVAL);
  }

  get #place(): { readonly key: number; readonly value: number } {
    if (this.#scratch === undefined) {
      const keyRoom = Math.ceil(this.definition.keySize / 8) * 8;
      const key = this.host.arena.alloc(keyRoom + this.userValueSize, 16, `map ${this.name}`);
      this.#scratch = { key, value: key + keyRoom };
    }
    return this.#scratch;
  }

  /** Puts a key where the arena can see it. */
  protected placeKey(call: string, key: Uint8Array): number {
    const { keySize } = this.definition;
    if (key.length !== keySize) {
      throw this.error(call, Errno.EINVAL, `a key has ${keySize} bytes, not ${key.length}`);
    }
    const address = this.#place.key;
    this.host.arena.u8.set(key, address);
    return address;
  }

  protected placeValue(call: string, value: Uint8Array): number {
    if (value.length !== this.userValueSize) {
      throw this.error(call, Errno.EINVAL, `a value has ${this.userValueSize} bytes, not ${value.length}`);
    }
    const address = this.#place.value;
    this.host.arena.u8.set(value, address);
    return address;
  }

  /** Room for one value of the user's, to be filled by an operation. */
  protected get scratchValue(): number {
    return this.#place.value;
  }

  /** A copy of a value for the user: what belongs to the kernel reads as zero. */
  protected readValue(address: number): Uint8Array {
    const bytes = this.host.arena.u8.slice(address, address + this.userValueSize);
    for (const { offset, size } of this.definition.special ?? []) {
      for (let at = offset; at < bytes.length; at += this.valueStride) bytes.fill(0, at, at + size);
    }
    return bytes;
  }

  /** Copies `valueSize` bytes, but for what belongs to the kernel. */
  protected copyValue(to: number, from: number): void {
    const { u8 } = this.host.arena;
    const { special, valueSize } = this.definition;
    let at = 0;
    if (special !== undefined) {
      for (const { offset, size } of special) {
        u8.copyWithin(to + at, from + at, from + offset);
        at = offset + size;
      }
    }
    u8.copyWithin(to + at, from + at, from + valueSize);
  }

  /** The fields of a value that belong to the kernel start as zeroes. */
  protected clearSpecial(value: number): void {
    const { u8 } = this.host.arena;
    for (const { offset, size } of this.definition.special ?? [])
      u8.fill(0, value + offset, value + offset + size);
  }

  /** A value is no more: its timers go with it. */
  protected valueGone(value: number): void {
    if (this.definition.special !== undefined) this.host.valueFreed?.(value, this.definition.valueSize);
  }
}
