import { Errno, UpdateFlag } from "../uapi/index.js";
import { ElementPool } from "./element-pool.js";
import { KeyedMap } from "./keyed-map.js";
import type { MapDefinition, MapHost } from "./map.js";

/**
 * HASH (kernel/bpf/hashtab.c). Overwriting an element puts another in its place, so that a pointer
 * that a program holds keeps the old value; there is one spare element for each CPU to do it with,
 * even in a full map.
 */
export class HashMap extends KeyedMap {
  readonly #pool: ElementPool;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    const elements = definition.maxEntries + host.cpus;
    super(definition, host, id, elements, definition.valueSize);
    this.#pool = new ElementPool(this.table, elements);
  }

  override update(key: number, value: number, flags: number): number {
    if (this.areFlagsUnknown(flags)) return -Errno.EINVAL;
    const hasLock = (flags & UpdateFlag.Lock) !== 0;
    if (hasLock && !this.hasSpinLock) return -Errno.EINVAL;
    const { table } = this;
    const hash = table.hash(key);
    const old = table.find(key, hash);
    const error = this.refuseFlags(old, flags);
    if (error !== 0) return error;
    if (old !== 0 && hasLock) {
      this.copyValue(old + table.valueOffset, value);
      return 0;
    }
    if (old === 0 && table.count >= this.definition.maxEntries) return -Errno.E2BIG;
    const element = this.#pool.take();
    if (element === 0) return -Errno.E2BIG;
    this.fill(element + table.valueOffset, value);
    table.link(element, key, hash);
    if (old !== 0) this.discard(old);
    return 0;
  }

  /** Gives a fresh element its value. */
  protected fill(to: number, value: number): void {
    this.clearSpecial(to);
    this.copyValue(to, value);
  }

  protected override store(key: number, value: number, flags: number): number {
    return this.update(key, value, flags);
  }

  protected override discard(element: number): void {
    this.table.unlink(element);
    this.valueGone(element + this.table.valueOffset);
    this.#pool.give(element);
  }
}
