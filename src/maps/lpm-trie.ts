import { Errno, UpdateFlag } from "../uapi/index.js";
import type { BatchCommands } from "./batch.js";
import { BpfMap, type MapDefinition, type MapHost } from "./map.js";

/** Offsets in a node; the value follows the key, at a multiple of 8. */
const Node = { Child0: 0, Child1: 4, IsIntermediate: 8, Key: 16 } as const;
const DATA = 4;

/**
 * LPM_TRIE (kernel/bpf/lpm_trie.c): a binary trie of prefixes. A key is a 32-bit prefix length (host
 * byte order) and data, most significant bit first. Nodes without a value of their own
 * ("intermediate") join two subtrees.
 */
export class LpmTrieMap extends BpfMap {
  readonly #nodes: number;
  readonly #stride: number;
  readonly #valueOffset: number;
  readonly #maxPrefix: number;
  /** The cell that holds the root's address. */
  readonly #root: number;
  readonly #end: number;
  #untouched: number;
  #free = 0;
  #count = 0;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id);
    this.#maxPrefix = (definition.keySize - DATA) * 8;
    this.#valueOffset = Node.Key + Math.ceil(definition.keySize / 8) * 8;
    this.#stride = this.#valueOffset + this.valueStride;
    // As many intermediate nodes as leaves at most, and one to replace an element with.
    const nodes = definition.maxEntries * 2 + 1;
    this.#nodes = host.arena.alloc(nodes * this.#stride, 16, `map ${definition.name}`);
    this.#root = host.arena.alloc(16, 16, `map ${definition.name}`);
    this.#untouched = this.#nodes;
    this.#end = this.#nodes + nodes * this.#stride;
  }

  // Nodes.

  #take(): number {
    const { u8, u32 } = this.host.arena;
    let node = this.#free;
    if (node !== 0) this.#free = u32[node >>> 2];
    else {
      node = this.#untouched;
      if (node === this.#end) return 0;
      this.#untouched += this.#stride;
    }
    u8.fill(0, node, node + Node.Key);
    return node;
  }

  #give(node: number): void {
    this.host.arena.u32[node >>> 2] = this.#free;
    this.#free = node;
  }

  #prefix(key: number): number {
    return this.host.arena.view.getUint32(key, true);
  }

  #nodePrefix(node: number): number {
    return this.#prefix(node + Node.Key);
  }

  #isIntermediate(node: number): boolean {
    return this.host.arena.u8[node + Node.IsIntermediate] === 1;
  }

  /** Bit `index` of a key's data. */
  #bit(key: number, index: number): number {
    return (this.host.arena.u8[key + DATA + (index >>> 3)] >>> (7 - (index & 7))) & 1;
  }

  /** The address of a node's cell for a child. */
  #childCell(node: number, bit: number): number {
    return node + (bit === 0 ? Node.Child0 : Node.Child1);
  }

  #at(cell: number): number {
    return this.host.arena.u32[cell >>> 2];
  }

  #set(cell: number, node: number): void {
    this.host.arena.u32[cell >>> 2] = node;
  }

  /** Bits that a node and a key have in common, within both prefixes. */
  #matchLength(node: number, key: number): number {
    const { u8 } = this.host.arena;
    const own = node + Node.Key;
    const limit = Math.min(this.#nodePrefix(node), this.#prefix(key));
    for (let bits = 0; bits < limit; bits += 8) {
      const difference = u8[own + DATA + (bits >>> 3)] ^ u8[key + DATA + (bits >>> 3)];
      if (difference !== 0) return Math.min(limit, bits + Math.clz32(difference) - 24);
    }
    return limit;
  }

  // Operations.

  override lookup(key: number): number {
    if (this.#prefix(key) > this.#maxPrefix) return 0;
    let found = 0;
    for (let node = this.#at(this.#root); node !== 0; ) {
      const matched = this.#matchLength(node, key);
      if (matched === this.#maxPrefix) {
        found = node;
        break;
      }
      if (matched < this.#nodePrefix(node)) break;
      if (!this.#isIntermediate(node)) found = node;
      // The key's data beyond its prefix decides too: the trie goes by all of its bits.
      node = this.#at(this.#childCell(node, this.#bit(key, this.#nodePrefix(node))));
    }
    return found === 0 ? 0 : found + this.#valueOffset;
  }

  #refuseNew(flags: number): number {
    if (flags === UpdateFlag.Exist) return -Errno.ENOENT;
    return this.#count === this.definition.maxEntries ? -Errno.ENOSPC : 0;
  }

  #newNode(key: number, value: number): number {
    const node = this.#take();
    if (node === 0) return 0;
    this.host.arena.u8.copyWithin(node + Node.Key, key, key + this.definition.keySize);
    this.copyValue(node + this.#valueOffset, value);
    return node;
  }

  override update(key: number, value: number, flags: number): number {
    const prefix = this.#prefix(key);
    if (flags > UpdateFlag.Exist || prefix > this.#maxPrefix) return -Errno.EINVAL;
    let cell = this.#root;
    let matched = 0;
    let node = this.#at(cell);
    for (; node !== 0; node = this.#at(cell)) {
      matched = this.#matchLength(node, key);
      const own = this.#nodePrefix(node);
      if (own !== matched || own === prefix || own === this.#maxPrefix) break;
      cell = this.#childCell(node, this.#bit(key, own));
    }
    const replaces = node !== 0 && this.#nodePrefix(node) === matched;
    if (replaces && !this.#isIntermediate(node)) {
      if (flags === UpdateFlag.NoExist) return -Errno.EEXIST;
    } else {
      const error = this.#refuseNew(flags);
      if (error !== 0) return error;
    }
    const fresh = this.#newNode(key, value);
    if (fresh === 0) return -Errno.ENOMEM;
    if (replaces) {
      if (this.#isIntermediate(node)) this.#count++;
      this.#set(this.#childCell(fresh, 0), this.#at(this.#childCell(node, 0)));
      this.#set(this.#childCell(fresh, 1), this.#at(this.#childCell(node, 1)));
      this.#set(cell, fresh);
      this.#give(node);
      return 0;
    }
    this.#count++;
    if (node === 0) this.#set(cell, fresh);
    else if (matched === prefix) this.#insertAbove(cell, node, fresh, matched);
    else this.#join(cell, node, fresh, matched);
    return 0;
  }

  /** A shorter prefix becomes the parent of the node in its place. */
  #insertAbove(cell: number, node: number, fresh: number, matched: number): void {
    this.#set(this.#childCell(fresh, this.#bit(node + Node.Key, matched)), node);
    this.#set(cell, fresh);
  }

  /** Two nodes that part at a bit get an intermediate parent. */
  #join(cell: number, node: number, fresh: number, matched: number): void {
    const { u8, view } = this.host.arena;
    const parent = this.#take();
    u8[parent + Node.IsIntermediate] = 1;
    u8.copyWithin(parent + Node.Key, node + Node.Key, node + Node.Key + this.definition.keySize);
    view.setUint32(parent + Node.Key, matched, true);
    const bit = this.#bit(fresh + Node.Key, matched);
    this.#set(this.#childCell(parent, bit), fresh);
    this.#set(this.#childCell(parent, 1 - bit), node);
    this.#set(cell, parent);
  }

  override delete(key: number): number {
    const prefix = this.#prefix(key);
    if (prefix > this.#maxPrefix) return -Errno.EINVAL;
    let cell = this.#root;
    let parentCell = cell;
    let parent = 0;
    let matched = 0;
    let node = this.#at(cell);
    for (; node !== 0; node = this.#at(cell)) {
      matched = this.#matchLength(node, key);
      const own = this.#nodePrefix(node);
      if (own !== matched || own === prefix) break;
      parent = node;
      parentCell = cell;
      cell = this.#childCell(node, this.#bit(key, own));
    }
    const isFound = node !== 0 && this.#nodePrefix(node) === prefix && matched === prefix;
    if (!isFound || this.#isIntermediate(node)) return -Errno.ENOENT;
    this.#count--;
    const child0 = this.#at(this.#childCell(node, 0));
    const child1 = this.#at(this.#childCell(node, 1));
    if (child0 !== 0 && child1 !== 0) {
      this.host.arena.u8[node + Node.IsIntermediate] = 1;
      return 0;
    }
    if (parent !== 0 && this.#isIntermediate(parent) && child0 === 0 && child1 === 0) {
      // An intermediate parent goes too: its other child takes its place.
      const first = this.#at(this.#childCell(parent, 0));
      this.#set(parentCell, first === node ? this.#at(this.#childCell(parent, 1)) : first);
      this.#give(parent);
    } else {
      this.#set(cell, child0 || child1);
    }
    this.#give(node);
    return 0;
  }

  /** The user's look-up finds the longest prefix too. */
  protected override find(key: number): number {
    return this.lookup(key);
  }

  protected override store(key: number, value: number, flags: number): number {
    return this.update(key, value, flags);
  }

  protected override get batchCommands(): BatchCommands {
    return { lookup: true, lookupAndDelete: false, update: true, delete: true };
  }

  /** Post-order: longer prefixes before the shorter ones that hold them (trie_get_next_key). */
  protected override following(key: number): number {
    const root = this.#at(this.#root);
    if (root === 0) return 0;
    const path = key === 0 ? undefined : this.#pathTo(key);
    if (path === undefined) return this.#leftmost(root) + Node.Key;
    for (let depth = path.length - 1; depth > 0; depth--) {
      const parent = path[depth - 1];
      if (this.#at(this.#childCell(parent, 0)) === path[depth]) {
        const other = this.#at(this.#childCell(parent, 1));
        if (other !== 0) return this.#leftmost(other) + Node.Key;
      }
      if (!this.#isIntermediate(parent)) return parent + Node.Key;
    }
    return 0;
  }

  /** The nodes from the root to the one with exactly that key; undefined where there is none. */
  #pathTo(key: number): number[] | undefined {
    const prefix = this.#prefix(key);
    if (prefix > this.#maxPrefix) return undefined;
    const path: number[] = [];
    for (let node = this.#at(this.#root); node !== 0; ) {
      path.push(node);
      const matched = this.#matchLength(node, key);
      const own = this.#nodePrefix(node);
      if (own !== matched) return undefined;
      if (own === prefix) return this.#isIntermediate(node) ? undefined : path;
      node = this.#at(this.#childCell(node, this.#bit(key, own)));
    }
    return undefined;
  }

  #leftmost(root: number): number {
    let node = root;
    for (;;) {
      const child = this.#at(this.#childCell(node, 0)) || this.#at(this.#childCell(node, 1));
      if (child === 0) return node;
      node = child;
    }
  }

  protected override destroy(): void {
    this.host.arena.free(this.#nodes);
    this.host.arena.free(this.#root);
  }
}
