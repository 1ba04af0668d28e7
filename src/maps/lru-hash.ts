import { Errno, MapFlag, UpdateFlag } from "../uapi/index.js";
import { KeyedMap } from "./keyed-map.js";
import { LruList } from "./lru-list.js";
import type { MapDefinition, MapHost } from "./map.js";

/** With BPF_F_NO_COMMON_LRU every CPU has as many elements as every other (htab_map_alloc). */
function elementCount(definition: MapDefinition, cpus: number): number {
  const { maxEntries, flags } = definition;
  return (flags & MapFlag.NoCommonLru) === 0 ? maxEntries : Math.ceil(maxEntries / cpus) * cpus;
}

/** What LRU_HASH and LRU_PERCPU_HASH share. */
abstract class LruMap extends KeyedMap {
  protected readonly lru: LruList;

  constructor(definition: MapDefinition, host: MapHost, id: number, valueRoom: number) {
    const elements = elementCount(definition, host.cpus);
    super(definition, host, id, elements, valueRoom);
    const owner = {
      arena: host.arena,
      cpus: host.cpus,
      currentCpu: () => host.currentCpu,
      evict: (element: number) => this.#evict(element),
    };
    const isPerCpu = (definition.flags & MapFlag.NoCommonLru) !== 0;
    this.lru = new LruList(owner, isPerCpu, this.table.elements, elements, this.table.stride);
  }

  #evict(element: number): boolean {
    if (!this.table.isLinked(element)) return false;
    this.table.unlink(element);
    this.valueGone(element + this.table.valueOffset);
    return true;
  }

  protected override discard(element: number): void {
    this.#evict(element);
    this.lru.pushFree(element);
  }

  protected override destroy(): void {
    this.lru.free();
    super.destroy();
  }
}

/** LRU_HASH: a full map evicts what was not used lately. Only programs' look-ups count as use. */
export class LruHashMap extends LruMap {
  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id, definition.valueSize);
  }

  override lookup(key: number): number {
    const element = this.findElement(key);
    if (element === 0) return 0;
    this.lru.setReferenced(element);
    return element + this.table.valueOffset;
  }

  override update(key: number, value: number, flags: number): number {
    // htab_lru_map_update_elem knows no lock.
    if (flags > UpdateFlag.Exist) return -Errno.EINVAL;
    const { table } = this;
    const hash = table.hash(key);
    // The new element comes first: taking it may evict the very element that is to be overwritten.
    const element = this.lru.popFree();
    if (element === 0) return -Errno.ENOMEM;
    this.clearSpecial(element + table.valueOffset);
    this.copyValue(element + table.valueOffset, value);
    const old = table.find(key, hash);
    const error = this.refuseFlags(old, flags);
    if (error !== 0) {
      this.lru.pushFree(element);
      return error;
    }
    table.link(element, key, hash);
    if (old !== 0) {
      this.lru.setReferenced(element);
      this.discard(old);
    }
    return 0;
  }

  protected override store(key: number, value: number, flags: number): number {
    return this.update(key, value, flags);
  }
}

/** LRU_PERCPU_HASH: a value for each CPU behind every key; overwriting happens in place. */
export class LruPercpuHashMap extends LruMap {
  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id, Math.ceil(definition.valueSize / 8) * 8 * host.cpus);
  }

  override get isPerCpu(): boolean {
    return true;
  }

  #valueOf(element: number, cpu: number): number {
    return element + this.table.valueOffset + cpu * this.valueStride;
  }

  protected override programValue(element: number): number {
    return this.#valueOf(element, this.host.currentCpu);
  }

  override lookup(key: number): number {
    return this.lookupPerCpu(key, this.host.currentCpu);
  }

  override lookupPerCpu(key: number, cpu: number): number {
    if (cpu >= this.host.cpus) return 0;
    const element = this.findElement(key);
    if (element === 0) return 0;
    this.lru.setReferenced(element);
    return this.#valueOf(element, cpu);
  }

  override update(key: number, value: number, flags: number): number {
    return this.#update(key, flags, (element, isNew) => {
      const start = element + this.table.valueOffset;
      if (isNew) this.host.arena.u8.fill(0, start, start + this.valueStride * this.host.cpus);
      this.copyValue(this.programValue(element), value);
    });
  }

  protected override store(key: number, value: number, flags: number): number {
    return this.#update(key, flags, (element) => {
      for (let cpu = 0; cpu < this.host.cpus; cpu++) {
        this.copyValue(this.#valueOf(element, cpu), value + cpu * this.valueStride);
      }
    });
  }

  #update(key: number, flags: number, fill: (element: number, isNew: boolean) => void): number {
    if (flags > UpdateFlag.Exist) return -Errno.EINVAL;
    const { table } = this;
    const hash = table.hash(key);
    // As in Linux, an element is taken before the key is looked for, unless it must exist.
    const element = flags === UpdateFlag.Exist ? 0 : this.lru.popFree();
    if (element === 0 && flags !== UpdateFlag.Exist) return -Errno.ENOMEM;
    const old = table.find(key, hash);
    const error = this.refuseFlags(old, flags);
    if (error === 0 && old !== 0) {
      this.lru.setReferenced(old);
      fill(old, false);
    } else if (error === 0) {
      fill(element, true);
      table.link(element, key, hash);
      return 0;
    }
    if (element !== 0) this.lru.pushFree(element);
    return error;
  }
}
