import { insn, PseudoLd } from "../../../src/asm/index.js";
import type { CodeBuffer, Label } from "./code-buffer.js";
import { Knowledge, type Pointer } from "./knowledge.js";
import { GENERATED_MAPS } from "./object-maps.js";
import type { FunctionKind, FunctionPlan, Hook, Operand, Step } from "./step.js";

export const FRAME_POINTER = 10;
/** Loops within loops that keep their counts on the stack. */
const COUNTERS = 2;
/** Key and value for map helpers, and a place for a spilled pointer. */
const SCRATCH = 32;
/** How often a loop's body may run in all, loops around it included: each run is verified anew. */
const MOST_REPEATS = 12;

/** What is shared by the functions of one program. */
export interface ProgramState {
  readonly hook: Hook;
  readonly code: CodeBuffer;
  readonly functions: readonly (FunctionPlan & { readonly label: Label })[];
  /** Functions that are called, so that they must be there. */
  readonly called: Set<number>;
  /** Maps that are used. */
  readonly maps: Set<string>;
  /** What the verifier has to follow for each function, and what may still be added to the program. */
  readonly costs: readonly number[];
  forksLeft: number;
  /** Whether tail calls may come here, again and again. */
  readonly isTarget: boolean;
}

/** Writes one function: the code, and what is known where it stands. */
export class FunctionWriter {
  readonly program: ProgramState;
  /** -1 for the main one. */
  readonly index: number;
  readonly kind: FunctionKind | "main";
  /** The register that holds the context, where there is one. */
  readonly context: number | undefined;
  known: Knowledge;
  /** Whether this is the body of a loop that a may_goto may end. */
  isInMayGoto = false;
  #repeats = 1;
  #counters = 0;

  constructor(program: ProgramState, index: number, kind: FunctionKind | "main", takesContext: boolean) {
    this.program = program;
    this.index = index;
    this.kind = kind;
    this.known = new Knowledge(kind === "main" ? 64 : 32);
    this.context = takesContext ? 6 : undefined;
    if (takesContext) this.known.take(6);
  }

  get code(): CodeBuffer {
    return this.program.code;
  }

  get hook(): Hook {
    return this.program.hook;
  }

  /** Whether what is written may run more than once for a packet. */
  get isRepeated(): boolean {
    return this.program.isTarget || this.kind !== "main" || this.#repeats > 1;
  }

  /**
   * Whether there may be so many branches more here; they count as taken then. Those of other
   * functions than the main one are counted where it calls them.
   */
  mayFork(cost: number): boolean {
    if (this.kind !== "main") return true;
    const total = cost * this.#repeats;
    if (total > this.program.forksLeft) return false;
    this.program.forksLeft -= total;
    return true;
  }

  /** Offset from the frame pointer of a byte of the data area. */
  dataOffset(offset: number): number {
    return offset - this.known.stackSize;
  }

  /** Offset from the frame pointer of a byte of the scratch area: 8 for a key, 16 for a value, 8 more. */
  scratchOffset(offset: number): number {
    return offset - this.known.stackSize - SCRATCH;
  }

  /** A register that holds a number; one is given a number where none does. */
  scalar(pick: number): number {
    const { scalars } = this.known;
    if (scalars.length > 0) return scalars[pick % scalars.length];
    const register = this.destination(pick);
    this.code.emit(insn.mov64Imm(register, pick * 3 + 1));
    this.known.set(register);
    return register;
  }

  /** A register that a result may go to. */
  destination(pick: number): number {
    const { free } = this.known;
    return free[pick % free.length];
  }

  operand(operand: Operand): Operand & { readonly register: number } {
    return { ...operand, register: operand.kind === "register" ? this.scalar(operand.pick) : 0 };
  }

  /** Writes what of the data area has not been written, so that it can be read. */
  fillData(): void {
    for (let at = 0; at < this.known.stackSize; at += 8) {
      if (this.known.isWritten(at, 8)) continue;
      this.code.emit(insn.storeImm("Dw", FRAME_POINTER, this.dataOffset(at), at * 5 + 3));
      this.known.write(at, 8);
    }
  }

  /** Loads the address of a map. */
  loadMap(register: number, map: string): void {
    this.code.emit({ ...insn.mapFd(register, this.#mapIndex(map)), src: PseudoLd.MapIdx });
  }

  /** Loads the address of a byte of a map's first value. */
  loadMapValue(register: number, map: string, offset: number): void {
    this.code.emit({ ...insn.mapValue(register, this.#mapIndex(map), offset), src: PseudoLd.MapIdxValue });
  }

  /** Index in GENERATED_MAPS: the object's own numbers are put in when it is known which maps it has. */
  #mapIndex(map: string): number {
    this.program.maps.add(map);
    return GENERATED_MAPS.findIndex(({ name }) => name === map);
  }

  /** Writes steps with one pointer more in scope; its register is free afterwards. */
  withPointer(pointer: Pointer, body: () => void): void {
    this.known.take(pointer.register);
    this.known.pointers.push(pointer);
    body();
    this.known.pointers.pop();
    this.known.give(pointer.register);
  }

  /** Writes a loop's body; runs it once alone where the loop would be too much to verify. */
  repeat(count: number, write: (count: number, counter: Counter | undefined) => void): void {
    const isTooMuch = this.#repeats * count > MOST_REPEATS;
    const counter = isTooMuch ? undefined : this.#takeCounter();
    const before = this.#repeats;
    if (counter !== undefined) this.#repeats *= count;
    write(count, counter);
    this.#repeats = before;
    if (counter?.register !== undefined) this.known.give(counter.register);
    else if (counter !== undefined) this.#counters--;
  }

  #takeCounter(): Counter | undefined {
    const register = this.known.freeSaved;
    if (register !== undefined) {
      this.known.take(register);
      return { register, offset: undefined };
    }
    if (this.#counters === COUNTERS) return undefined;
    return { register: undefined, offset: this.scratchOffset(-8 * ++this.#counters) };
  }
}

/** Where a loop's count is: in a register, or on the stack at an offset from the frame pointer. */
export type Counter =
  | { readonly register: number; readonly offset: undefined }
  | { readonly register: undefined; readonly offset: number };

export type WriteSteps = (writer: FunctionWriter, steps: readonly Step[]) => void;
