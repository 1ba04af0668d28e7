/** Memory that a register points to. */
export interface Pointer {
  readonly register: number;
  /** Bytes that may be accessed from there on. */
  readonly size: number;
  /** "frame" is the caller's stack; "key" a map's key, which is read-only. */
  readonly kind: "packet" | "value" | "frame" | "key";
}

/** r0 to r9; r10 is the frame pointer. */
const REGISTERS = 10;
const CALLEE_SAVED = [6, 7, 8, 9];
const CALL_CLOBBERED = [1, 2, 3, 4, 5];

/**
 * What the writer knows at a point of a function: which registers hold numbers, which are taken by
 * pointers and counters, and which bytes of the stack have been written.
 */
export class Knowledge {
  readonly #scalars: Set<number>;
  readonly #taken: Set<number>;
  readonly #written: boolean[];
  readonly pointers: Pointer[];

  constructor(stackSize: number);
  constructor(other: Knowledge);
  constructor(from: number | Knowledge) {
    this.#scalars = new Set(typeof from === "number" ? [] : from.#scalars);
    this.#taken = new Set(typeof from === "number" ? [] : from.#taken);
    this.#written = typeof from === "number" ? new Array(from).fill(false) : [...from.#written];
    this.pointers = typeof from === "number" ? [] : [...from.pointers];
  }

  /** Registers that hold numbers, in order. */
  get scalars(): number[] {
    return [...this.#scalars].sort((a, b) => a - b);
  }

  isScalar(register: number): boolean {
    return this.#scalars.has(register);
  }

  /** Registers that a result may go to. */
  get free(): number[] {
    return Array.from({ length: REGISTERS }, (_, n) => n).filter((n) => !this.#taken.has(n));
  }

  /** A register that survives calls, and holds nothing that is taken; undefined where there is none. */
  get freeSaved(): number | undefined {
    return CALLEE_SAVED.find((n) => !this.#taken.has(n));
  }

  /** Registers for intermediate results: what they held is lost. */
  temporaries(count: number, keep: readonly number[]): number[] {
    const found = [0, ...CALL_CLOBBERED].filter((n) => !keep.includes(n)).slice(0, count);
    for (const register of found) this.forget(register);
    return found;
  }

  /** Takes a register for a pointer or counter: it is no number any more. */
  take(register: number): void {
    this.#taken.add(register);
    this.#scalars.delete(register);
  }

  give(register: number): void {
    this.#taken.delete(register);
  }

  set(register: number): void {
    if (this.#taken.has(register)) throw new Error(`r${register} is taken`);
    this.#scalars.add(register);
  }

  forget(register: number): void {
    this.#scalars.delete(register);
  }

  /** After a call: r1 to r5 are lost, r0 is its result or nothing. */
  called(hasResult: boolean): void {
    for (const register of CALL_CLOBBERED) this.forget(register);
    if (hasResult) this.set(0);
    else this.forget(0);
  }

  get stackSize(): number {
    return this.#written.length;
  }

  /** Marks stack bytes, counted from the lowest of the data area, as written. */
  write(offset: number, size: number): void {
    this.#written.fill(true, offset, offset + size);
  }

  isWritten(offset: number, size: number): boolean {
    for (let i = offset; i < offset + size; i++) if (!this.#written[i]) return false;
    return true;
  }

  get hasPacketPointer(): boolean {
    return this.pointers.some((pointer) => pointer.kind === "packet");
  }

  copy(): Knowledge {
    return new Knowledge(this);
  }

  /** What is known where two paths meet: what both know. */
  meet(other: Knowledge): void {
    for (const register of this.scalars) if (!other.#scalars.has(register)) this.#scalars.delete(register);
    for (let i = 0; i < this.#written.length; i++) this.#written[i] &&= other.#written[i];
  }
}
