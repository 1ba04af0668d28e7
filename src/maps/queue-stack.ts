import { Errno, MapType, UpdateFlag } from "../uapi/index.js";
import { BpfMap, type MapDefinition, type MapHost } from "./map.js";

/** QUEUE (first in, first out) and STACK (last in, first out), kernel/bpf/queue_stack_maps.c. */
export class QueueStackMap extends BpfMap {
  readonly #base: number;
  readonly #slots: number;
  readonly #isStack: boolean;
  /** Where the next value goes. */
  #head = 0;
  /** The oldest value. */
  #tail = 0;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id);
    // One slot stays empty, so that a full ring and an empty one differ.
    this.#slots = definition.maxEntries + 1;
    this.#isStack = definition.type === MapType.Stack;
    this.#base = host.arena.alloc(this.#slots * this.valueStride, 16, `map ${definition.name}`);
  }

  get #isFull(): boolean {
    return (this.#head + 1) % this.#slots === this.#tail;
  }

  #address(slot: number): number {
    return this.#base + slot * this.valueStride;
  }

  override push(value: number, flags: number): number {
    const replaces = (flags & UpdateFlag.Exist) !== 0;
    if ((flags & UpdateFlag.NoExist) !== 0 || flags > UpdateFlag.Exist) return -Errno.EINVAL;
    if (this.#isFull) {
      if (!replaces) return -Errno.E2BIG;
      this.#tail = (this.#tail + 1) % this.#slots;
    }
    this.copyValue(this.#address(this.#head), value);
    this.#head = (this.#head + 1) % this.#slots;
    return 0;
  }

  #get(value: number, isTaken: boolean): number {
    if (this.#head === this.#tail) {
      this.host.arena.u8.fill(0, value, value + this.definition.valueSize);
      return -Errno.ENOENT;
    }
    const last = (this.#head + this.#slots - 1) % this.#slots;
    this.copyValue(value, this.#address(this.#isStack ? last : this.#tail));
    if (!isTaken) return 0;
    if (this.#isStack) this.#head = last;
    else this.#tail = (this.#tail + 1) % this.#slots;
    return 0;
  }

  override pop(value: number): number {
    return this.#get(value, true);
  }

  override peek(value: number): number {
    return this.#get(value, false);
  }

  protected override find(_key: number): number {
    const value = this.scratchValue;
    return this.peek(value) < 0 ? 0 : value;
  }

  protected override store(_key: number, value: number, flags: number): number {
    return this.push(value, flags);
  }

  override delete(_key: number): number {
    return -Errno.EINVAL;
  }

  protected override get isIterable(): boolean {
    return false;
  }

  override nextKey(_key?: Uint8Array): undefined {
    throw this.error("BPF_MAP_GET_NEXT_KEY", Errno.EINVAL);
  }

  protected override take(call: string, _key: number): Uint8Array {
    const value = this.scratchValue;
    if (this.pop(value) < 0) throw this.error(call, Errno.ENOENT);
    return this.readValue(value);
  }

  /** The values, in the order in which they would come out. */
  values(): Uint8Array[] {
    const count = (this.#head - this.#tail + this.#slots) % this.#slots;
    const slots = Array.from({ length: count }, (_, i) => (this.#tail + i) % this.#slots);
    if (this.#isStack) slots.reverse();
    return slots.map((slot) => this.readValue(this.#address(slot)));
  }

  override *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
    for (const value of this.values()) yield [new Uint8Array(0), value];
  }

  protected override destroy(): void {
    this.host.arena.free(this.#base);
  }
}
