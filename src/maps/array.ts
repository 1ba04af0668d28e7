import { Errno, UpdateFlag } from "../uapi/index.js";
import type { BatchCommands } from "./batch.js";
import { BpfMap, type ElementCursor, type MapDefinition, type MapHost } from "./map.js";

/**
 * ARRAY (kernel/bpf/arraymap.c). In the arena: value i at `base + i * stride`, where the stride is
 * the value's size rounded up to 8; per CPU, the values of one index lie side by side.
 */
export class ArrayMap extends BpfMap {
  readonly base: number;
  /** Bytes from one index to the next. */
  readonly stride: number;
  readonly #indexCell: number;

  constructor(definition: MapDefinition, host: MapHost, id: number, perCpu = 1) {
    super(definition, host, id);
    this.stride = this.valueStride * perCpu;
    this.base = host.arena.alloc(this.stride * definition.maxEntries, 16, `map ${definition.name}`);
    this.#indexCell = host.arena.alloc(8, 16, `map ${definition.name}`);
  }

  /** The address of all that index `key` (its address) has; 0 beyond the end. */
  protected block(key: number): number {
    const index = this.host.arena.view.getUint32(key, true);
    return index < this.definition.maxEntries ? this.base + index * this.stride : 0;
  }

  override lookup(key: number): number {
    return this.block(key);
  }

  override valueAddress(offset: number): number {
    // array_map_direct_value_addr: maps of one element alone.
    return this.definition.maxEntries === 1 && offset < this.definition.valueSize ? this.base + offset : 0;
  }

  /** 0, or what is wrong with updating index `key` (array_map_update_elem). */
  protected refuseUpdate(key: number, flags: number): number {
    if ((flags & ~UpdateFlag.Lock) > UpdateFlag.Exist || flags >>> 31 !== 0) return -Errno.EINVAL;
    if (this.block(key) === 0) return -Errno.E2BIG;
    if ((flags & UpdateFlag.NoExist) !== 0) return -Errno.EEXIST;
    return (flags & UpdateFlag.Lock) !== 0 && !this.hasSpinLock ? -Errno.EINVAL : 0;
  }

  override update(key: number, value: number, flags: number): number {
    const error = this.refuseUpdate(key, flags);
    if (error !== 0) return error;
    this.copyValue(this.lookup(key), value);
    return 0;
  }

  override delete(_key: number): number {
    return -Errno.EINVAL;
  }

  protected override find(key: number): number {
    return this.block(key);
  }

  protected override store(key: number, value: number, flags: number): number {
    return this.update(key, value, flags);
  }

  protected override get batchCommands(): BatchCommands {
    return { lookup: true, lookupAndDelete: false, update: true, delete: false };
  }

  protected override following(key: number): number {
    const { view } = this.host.arena;
    const { maxEntries } = this.definition;
    const index = key === 0 ? 0xffffffff : view.getUint32(key, true);
    if (index === maxEntries - 1) return 0;
    view.setUint32(this.#indexCell, index >= maxEntries ? 0 : index + 1, true);
    return this.#indexCell;
  }

  override elements(): ElementCursor {
    const { view } = this.host.arena;
    const cell = this.#indexCell;
    let index = -1;
    const cursor = {
      key: cell,
      value: 0,
      next: () => {
        index++;
        if (index >= this.definition.maxEntries) return false;
        view.setUint32(cell, index, true);
        cursor.value = this.lookup(cell);
        return true;
      },
    };
    return cursor;
  }

  protected override destroy(): void {
    for (let i = 0; i < this.definition.maxEntries && this.definition.special !== undefined; i++) {
      this.valueGone(this.base + i * this.stride);
    }
    this.host.arena.free(this.base);
    this.host.arena.free(this.#indexCell);
  }
}

/** PERCPU_ARRAY: a value for each CPU behind every index. */
export class PercpuArrayMap extends ArrayMap {
  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id, host.cpus);
  }

  override get isPerCpu(): boolean {
    return true;
  }

  override lookup(key: number): number {
    return this.lookupPerCpu(key, this.host.currentCpu);
  }

  override valueAddress(_offset: number): number {
    return 0;
  }

  override lookupPerCpu(key: number, cpu: number): number {
    const block = this.block(key);
    return block === 0 || cpu >= this.host.cpus ? 0 : block + cpu * this.valueStride;
  }

  protected override store(key: number, value: number, flags: number): number {
    // bpf_percpu_array_update: no lock, and all CPUs at once.
    if (flags > UpdateFlag.Exist) return -Errno.EINVAL;
    const error = this.refuseUpdate(key, flags);
    if (error !== 0) return error;
    const { valueStride } = this;
    for (let cpu = 0; cpu < this.host.cpus; cpu++) {
      this.copyValue(this.lookupPerCpu(key, cpu), value + cpu * valueStride);
    }
    return 0;
  }
}
