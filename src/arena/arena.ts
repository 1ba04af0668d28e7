import { NotSupportedError } from "../errors.js";

const WASM_PAGE = 65536;
/** Everything below is never handed out, so that a null pointer plus a small offset always traps. */
const FIRST_ADDRESS = WASM_PAGE;
/** The last 64 KiB stay unused: effective addresses of WebAssembly do not wrap at 4 GiB. */
const MAX_PAGES = 65535;
const GRANULE = 16;

interface Block {
  address: number;
  size: number;
}

/**
 * The one linear memory that holds everything a program can address: contexts, stacks, packets,
 * maps. An eBPF pointer is an address in it, zero-extended to 64 bits.
 *
 * Memory that is reserved but never touched costs nothing: the operating system commits pages at
 * the first write. So whoever may need memory during a run reserves it beforehand; `alloc` and
 * `free` are for load time only, since growth replaces the views (`u8`, `view`, …): read them
 * afresh after any `alloc`.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  /** Bytes that `alloc` may hand out in all. */
  readonly limit: number;
  u8!: Uint8Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  view!: DataView;
  #free: Block[] = [];
  readonly #sizes = new Map<number, number>();
  #used = 0;
  /** What `allOrNothing` would give back. */
  #journal: number[] | undefined;

  /** `limit` is in bytes; at most 4 GiB less 64 KiB, the default. */
  constructor(limit: number = MAX_PAGES * WASM_PAGE) {
    const maximum = Math.min(MAX_PAGES, Math.ceil(limit / WASM_PAGE) + 1);
    this.limit = (maximum - 1) * WASM_PAGE;
    this.memory = new WebAssembly.Memory({ initial: 16, maximum });
    this.#free.push({ address: FIRST_ADDRESS, size: 15 * WASM_PAGE });
    this.#refresh();
  }

  /** Bytes handed out and not given back. */
  get used(): number {
    return this.#used;
  }

  /**
   * Reserves `size` zeroed bytes at a multiple of `align` (a power of two, 16 at least) and returns
   * the address. Throws NotSupportedError where the arena has no room for it.
   */
  alloc(size: number, align: number = GRANULE, what = "memory"): number {
    const rounded = Math.max(GRANULE, Math.ceil(size / GRANULE) * GRANULE);
    const alignment = Math.max(GRANULE, align);
    const address = this.#take(rounded, alignment) ?? this.#growAndTake(rounded, alignment, what);
    this.#sizes.set(address, rounded);
    this.#used += rounded;
    this.#journal?.push(address);
    return address;
  }

  /** What `make` returns; where it throws, all that it has reserved is given back. */
  allOrNothing<T>(make: () => T): T {
    const outer = this.#journal;
    const journal: number[] = [];
    this.#journal = journal;
    try {
      const made = make();
      outer?.push(...journal);
      return made;
    } catch (error) {
      for (const address of journal) if (this.#sizes.has(address)) this.free(address);
      throw error;
    } finally {
      this.#journal = outer;
    }
  }

  /** Gives back what `alloc` returned. */
  free(address: number): void {
    const size = this.#sizes.get(address);
    if (size === undefined) throw new RangeError(`arena: ${address} was not allocated`);
    this.#sizes.delete(address);
    this.#used -= size;
    // Freed memory is zeroed here, so that alloc always returns zeroes without touching fresh pages.
    this.u8.fill(0, address, address + size);
    let at = this.#free.findIndex((block) => block.address > address);
    if (at < 0) at = this.#free.length;
    this.#free.splice(at, 0, { address, size });
    this.#merge(at);
    if (at > 0) this.#merge(at - 1);
  }

  /** The bytes at an address, as a view that the next growth detaches. */
  bytes(address: number, length: number): Uint8Array {
    return this.u8.subarray(address, address + length);
  }

  #take(size: number, align: number): number | undefined {
    for (let i = 0; i < this.#free.length; i++) {
      const block = this.#free[i];
      const address = Math.ceil(block.address / align) * align;
      const lead = address - block.address;
      if (lead + size > block.size) continue;
      const tail = block.size - lead - size;
      const pieces: Block[] = [];
      if (lead > 0) pieces.push({ address: block.address, size: lead });
      if (tail > 0) pieces.push({ address: address + size, size: tail });
      this.#free.splice(i, 1, ...pieces);
      return address;
    }
    return undefined;
  }

  #growAndTake(size: number, align: number, what: string): number {
    const end = this.memory.buffer.byteLength;
    const pages = Math.ceil((size + align) / WASM_PAGE);
    try {
      this.memory.grow(pages);
    } catch (cause) {
      throw new NotSupportedError(
        "arena size",
        `${what} needs ${size} bytes, but only ${this.limit - this.#used} of the arena's ${this.limit} are left`,
        { cause },
      );
    }
    this.#refresh();
    this.#free.push({ address: end, size: pages * WASM_PAGE });
    if (this.#free.length > 1) this.#merge(this.#free.length - 2);
    const address = this.#take(size, align);
    if (address === undefined) throw new RangeError("arena: growth did not make room");
    return address;
  }

  #merge(at: number): void {
    const block = this.#free[at];
    const next = this.#free[at + 1];
    if (next === undefined || block.address + block.size !== next.address) return;
    block.size += next.size;
    this.#free.splice(at + 1, 1);
  }

  #refresh(): void {
    const buffer = this.memory.buffer;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.view = new DataView(buffer);
  }
}
