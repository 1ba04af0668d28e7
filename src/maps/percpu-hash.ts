import { Errno, UpdateFlag } from "../uapi/index.js";
import { ElementPool } from "./element-pool.js";
import { KeyedMap } from "./keyed-map.js";
import type { MapDefinition, MapHost } from "./map.js";

/** PERCPU_HASH: a value for each CPU behind every key; overwriting happens in place. */
export class PercpuHashMap extends KeyedMap {
  readonly #pool: ElementPool;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    const stride = Math.ceil(definition.valueSize / 8) * 8;
    super(definition, host, id, definition.maxEntries, stride * host.cpus);
    this.#pool = new ElementPool(this.table, definition.maxEntries);
  }

  override get isPerCpu(): boolean {
    return true;
  }

  override lookup(key: number): number {
    return this.lookupPerCpu(key, this.host.currentCpu);
  }

  override lookupPerCpu(key: number, cpu: number): number {
    const element = this.findElement(key);
    return element === 0 || cpu >= this.host.cpus ? 0 : this.#valueOf(element, cpu);
  }

  #valueOf(element: number, cpu: number): number {
    return element + this.table.valueOffset + cpu * this.valueStride;
  }

  protected override programValue(element: number): number {
    return this.#valueOf(element, this.host.currentCpu);
  }

  override update(key: number, value: number, flags: number): number {
    return this.#update(key, flags, (element, isNew) => {
      const start = element + this.table.valueOffset;
      // The other CPUs' values of a new key are zero (pcpu_init_value).
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
    const old = table.find(key, hash);
    const error = this.refuseFlags(old, flags);
    if (error !== 0) return error;
    if (old !== 0) {
      fill(old, false);
      return 0;
    }
    const element = this.#pool.take();
    if (element === 0) return -Errno.E2BIG;
    fill(element, true);
    table.link(element, key, hash);
    return 0;
  }

  protected override discard(element: number): void {
    this.table.unlink(element);
    this.#pool.give(element);
  }
}
