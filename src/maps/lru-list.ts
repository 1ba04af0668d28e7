import type { Arena } from "../arena/index.js";
import { Element } from "./hash-table.js";

const Type = { Active: 0, Inactive: 1, Free: 2, LocalFree: 3, LocalPending: 4 } as const;
type Type = (typeof Type)[keyof typeof Type];

/** LOCAL_FREE_TARGET, LOCAL_NR_SCANS and PERCPU_FREE_TARGET, PERCPU_NR_SCANS of bpf_lru_list.c. */
const LOCAL_TARGET = 128;
const PERCPU_TARGET = 4;

/** A ring of elements with a head of its own; heads are laid out as elements are. */
const HEAD_SIZE = Element.Key;

/** The three lists of one LRU: active, inactive, free. */
interface Lists {
  readonly active: number;
  readonly inactive: number;
  readonly free: number;
  readonly counts: Int32Array;
  /** Where the next rotation of the inactive list begins. */
  rotation: number;
}

interface LocalLists {
  readonly free: number;
  readonly pending: number;
  nextSteal: number;
}

/** What an LRU needs of its map: takes an element out of the table, false if it is not there. */
export interface LruOwner {
  readonly arena: Arena;
  readonly cpus: number;
  readonly currentCpu: () => number;
  evict(element: number): boolean;
}

/**
 * Linux's approximate LRU (kernel/bpf/bpf_lru_list.c), so that the same sequence of operations evicts
 * the same keys: an active and an inactive list with reference bits, and for each CPU a stock of free
 * elements and a list of those just used. With `isPerCpu` (BPF_F_NO_COMMON_LRU) every CPU has lists of
 * its own and its share of the elements.
 */
export class LruList {
  readonly #owner: LruOwner;
  readonly #isPerCpu: boolean;
  readonly #heads: number;
  readonly #lists: Lists[] = [];
  readonly #local: LocalLists[] = [];
  readonly #scans: number;
  readonly #target: number;

  constructor(owner: LruOwner, isPerCpu: boolean, elements: number, count: number, stride: number) {
    this.#owner = owner;
    this.#isPerCpu = isPerCpu;
    this.#scans = isPerCpu ? PERCPU_TARGET : LOCAL_TARGET;
    this.#target = Math.min(LOCAL_TARGET, Math.max(1, Math.floor(Math.floor(count / owner.cpus) / 2)));
    const sets = isPerCpu ? owner.cpus : 1;
    this.#heads = owner.arena.alloc((sets * 3 + owner.cpus * 2) * HEAD_SIZE, 16, "LRU lists");
    let next = this.#heads;
    const head = () => {
      const address = next;
      next += HEAD_SIZE;
      this.#link(address, address);
      return address;
    };
    for (let i = 0; i < sets; i++) {
      const inactive = head();
      this.#lists.push({
        active: head(),
        inactive,
        free: head(),
        counts: new Int32Array(2),
        rotation: inactive,
      });
    }
    for (let cpu = 0; cpu < owner.cpus; cpu++) {
      this.#local.push({ free: head(), pending: head(), nextSteal: cpu });
    }
    this.#populate(elements, count, stride);
  }

  #populate(elements: number, count: number, stride: number): void {
    const { u8, u32 } = this.#owner.arena;
    const share = Math.floor(count / this.#owner.cpus);
    for (let i = 0; i < count; i++) {
      const element = elements + i * stride;
      const cpu = this.#isPerCpu ? Math.min(Math.floor(i / share), this.#owner.cpus - 1) : 0;
      u8[element + Element.LruType] = Type.Free;
      u32[(element + Element.LruCpu) >>> 2] = cpu;
      this.#insert(element, this.#lists[this.#isPerCpu ? cpu : 0].free);
    }
  }

  free(): void {
    this.#owner.arena.free(this.#heads);
  }

  setReferenced(element: number): void {
    this.#owner.arena.u8[element + Element.LruRef] = 1;
  }

  #isReferenced(element: number): boolean {
    return this.#owner.arena.u8[element + Element.LruRef] !== 0;
  }

  #clearReferenced(element: number): void {
    this.#owner.arena.u8[element + Element.LruRef] = 0;
  }

  // Rings of elements.

  #nextOf(node: number): number {
    return this.#owner.arena.u32[(node + Element.LruNext) >>> 2];
  }

  #prevOf(node: number): number {
    return this.#owner.arena.u32[(node + Element.LruPrev) >>> 2];
  }

  #link(a: number, b: number): void {
    const { u32 } = this.#owner.arena;
    u32[(a + Element.LruNext) >>> 2] = b;
    u32[(b + Element.LruPrev) >>> 2] = a;
  }

  /** Puts a node at the head of a ring. */
  #insert(node: number, head: number): void {
    const first = this.#nextOf(head);
    this.#link(head, node);
    this.#link(node, first);
  }

  #unlink(node: number): void {
    this.#link(this.#prevOf(node), this.#nextOf(node));
  }

  #isEmpty(head: number): boolean {
    return this.#nextOf(head) === head;
  }

  // Elements between lists.

  #typeOf(element: number): Type {
    return this.#owner.arena.u8[element + Element.LruType] as Type;
  }

  #count(lists: Lists, type: Type, by: number): void {
    if (type === Type.Active || type === Type.Inactive) lists.counts[type] += by;
  }

  #headOf(lists: Lists, type: Type): number {
    return type === Type.Active ? lists.active : type === Type.Inactive ? lists.inactive : lists.free;
  }

  #take(lists: Lists, element: number, to: Type, head: number): void {
    if (element === lists.rotation) lists.rotation = this.#prevOf(element);
    this.#count(lists, this.#typeOf(element), -1);
    this.#owner.arena.u8[element + Element.LruType] = to;
    this.#unlink(element);
    this.#insert(element, head);
  }

  /** Between or within active, inactive and free. */
  #move(lists: Lists, element: number, to: Type): void {
    this.#take(lists, element, to, this.#headOf(lists, to));
    this.#count(lists, to, 1);
    this.#clearReferenced(element);
  }

  /** From a local list into the common ones. */
  #moveIn(lists: Lists, element: number, to: Type): void {
    this.#count(lists, to, 1);
    this.#owner.arena.u8[element + Element.LruType] = to;
    this.#clearReferenced(element);
    this.#unlink(element);
    this.#insert(element, this.#headOf(lists, to));
  }

  #rotateActive(lists: Lists): void {
    const first = this.#nextOf(lists.active);
    let scanned = 0;
    for (let node = this.#prevOf(lists.active); node !== lists.active; ) {
      const previous = this.#prevOf(node);
      this.#move(lists, node, this.#isReferenced(node) ? Type.Active : Type.Inactive);
      if (++scanned === this.#scans || node === first) break;
      node = previous;
    }
  }

  #rotateInactive(lists: Lists): void {
    const { inactive } = lists;
    if (this.#isEmpty(inactive)) return;
    let last = this.#nextOf(lists.rotation);
    if (last === inactive) last = this.#nextOf(last);
    let next = inactive;
    let current = lists.rotation;
    for (let scanned = 0; scanned < this.#scans; ) {
      if (current === inactive) {
        current = this.#prevOf(current);
        continue;
      }
      next = this.#prevOf(current);
      const isLast = current === last;
      if (this.#isReferenced(current)) this.#move(lists, current, Type.Active);
      if (isLast) break;
      current = next;
      scanned++;
    }
    lists.rotation = next;
  }

  #rotate(lists: Lists): void {
    if (lists.counts[Type.Inactive] < lists.counts[Type.Active]) this.#rotateActive(lists);
    this.#rotateInactive(lists);
  }

  /** Evicts unused elements to a free list; by force one, if all were used. */
  #shrink(lists: Lists, target: number, free: number, type: Type): void {
    let shrunk = 0;
    let scanned = 0;
    for (let node = this.#prevOf(lists.inactive); node !== lists.inactive; ) {
      const previous = this.#prevOf(node);
      if (this.#isReferenced(node)) {
        this.#move(lists, node, Type.Active);
      } else if (this.#owner.evict(node)) {
        this.#take(lists, node, type, free);
        if (++shrunk === target) break;
      }
      if (++scanned === this.#scans) break;
      node = previous;
    }
    if (shrunk > 0) return;
    const head = this.#isEmpty(lists.inactive) ? lists.active : lists.inactive;
    for (let node = this.#prevOf(head); node !== head; node = this.#prevOf(node)) {
      if (!this.#owner.evict(node)) continue;
      this.#take(lists, node, type, free);
      return;
    }
  }

  #refillLocal(local: LocalLists): void {
    const [lists] = this.#lists;
    for (let node = this.#prevOf(local.pending); node !== local.pending; ) {
      const previous = this.#prevOf(node);
      this.#moveIn(lists, node, this.#isReferenced(node) ? Type.Active : Type.Inactive);
      node = previous;
    }
    this.#rotate(lists);
    let found = 0;
    for (let node = this.#nextOf(lists.free); node !== lists.free && found < this.#target; found++) {
      const next = this.#nextOf(node);
      this.#take(lists, node, Type.LocalFree, local.free);
      node = next;
    }
    if (found < this.#target) this.#shrink(lists, this.#target - found, local.free, Type.LocalFree);
  }

  #popLocalFree(local: LocalLists): number {
    if (this.#isEmpty(local.free)) return 0;
    const node = this.#nextOf(local.free);
    this.#unlink(node);
    return node;
  }

  /** The oldest unreferenced of the pending elements, or by force the oldest. */
  #popPending(local: LocalLists): number {
    for (const force of [false, true]) {
      for (let node = this.#prevOf(local.pending); node !== local.pending; node = this.#prevOf(node)) {
        if ((this.#isReferenced(node) && !force) || !this.#owner.evict(node)) continue;
        this.#unlink(node);
        return node;
      }
    }
    return 0;
  }

  /** An element to use, evicting another where none is free; 0 if there is none at all. */
  popFree(): number {
    const cpu = this.#owner.currentCpu();
    return this.#isPerCpu ? this.#popFreePerCpu(cpu) : this.#popFreeCommon(cpu);
  }

  #popFreePerCpu(cpu: number): number {
    const lists = this.#lists[cpu];
    this.#rotate(lists);
    if (this.#isEmpty(lists.free)) this.#shrink(lists, PERCPU_TARGET, lists.free, Type.Free);
    if (this.#isEmpty(lists.free)) return 0;
    const node = this.#nextOf(lists.free);
    this.#move(lists, node, Type.Inactive);
    return node;
  }

  #popFreeCommon(cpu: number): number {
    const local = this.#local[cpu];
    let node = this.#popLocalFree(local);
    if (node === 0) {
      this.#refillLocal(local);
      node = this.#popLocalFree(local);
    }
    if (node === 0) node = this.#steal(local);
    if (node !== 0) this.#addPending(local, cpu, node);
    return node;
  }

  #steal(local: LocalLists): number {
    const first = local.nextSteal;
    let steal = first;
    let node = 0;
    do {
      node = this.#popLocalFree(this.#local[steal]) || this.#popPending(this.#local[steal]);
      steal = (steal + 1) % this.#owner.cpus;
    } while (node === 0 && steal !== first);
    local.nextSteal = steal;
    return node;
  }

  #addPending(local: LocalLists, cpu: number, node: number): void {
    const { u8, u32 } = this.#owner.arena;
    u32[(node + Element.LruCpu) >>> 2] = cpu;
    u8[node + Element.LruType] = Type.LocalPending;
    this.#clearReferenced(node);
    this.#insert(node, local.pending);
  }

  /** Gives back an element that is no longer in the table. */
  pushFree(element: number): void {
    const cpu = this.#owner.arena.u32[(element + Element.LruCpu) >>> 2];
    const type = this.#typeOf(element);
    if (type === Type.Free || type === Type.LocalFree) return;
    if (type === Type.LocalPending) {
      this.#owner.arena.u8[element + Element.LruType] = Type.LocalFree;
      this.#clearReferenced(element);
      this.#unlink(element);
      this.#insert(element, this.#local[cpu].free);
      return;
    }
    this.#move(this.#lists[this.#isPerCpu ? cpu : 0], element, Type.Free);
  }
}
