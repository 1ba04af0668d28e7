import { MAX_CALL_FRAMES, MAX_TAIL_CALLS, STACK_SIZE } from "../asm/index.js";
import type { Machine } from "./machine.js";
import type { VmProgram } from "./program.js";
import { Trap } from "./trap.js";

/** Each program of a tail-call chain may have used its eight frames. */
const MAX_FRAMES = MAX_CALL_FRAMES * (MAX_TAIL_CALLS + 1);

/** Bytes of stack that all frames together may take. */
export const STACKS_SIZE = MAX_FRAMES * STACK_SIZE;

/** Where r6 begins among the registers as 32-bit words; r10 follows r9. */
const R6 = 12;
const R10 = 20;
/** Words of r6 to r9, which a function gets back as they were. */
const SAVED_WORDS = 8;

/** What runs when a function that a helper has called returns. */
export type Continuation = (machine: Machine) => void;

/** The functions that have been called and have not returned. */
export class CallFrames {
  /** How many there are; the frame that `pop` gave back is at this index. */
  depth = 0;
  readonly #place = new Int32Array(MAX_FRAMES);
  readonly #mayGoto = new Int32Array(MAX_FRAMES);
  readonly #saved = new Int32Array(MAX_FRAMES * SAVED_WORDS);
  readonly #program: (VmProgram | undefined)[] = new Array(MAX_FRAMES).fill(undefined);
  readonly #then: (Continuation | undefined)[] = new Array(MAX_FRAMES).fill(undefined);

  /** Keeps what a caller goes on with: its place, program, may_goto budget and r6 to r9. */
  push(
    reg: Int32Array,
    place: number,
    program: VmProgram,
    mayGoto: number,
    then: Continuation | undefined,
  ): void {
    const { depth } = this;
    if (depth + 1 >= MAX_FRAMES) {
      throw new Trap("call depth", `more than ${MAX_FRAMES} calls that have not returned`);
    }
    this.#place[depth] = place;
    this.#program[depth] = program;
    this.#then[depth] = then;
    this.#mayGoto[depth] = mayGoto;
    for (let i = 0; i < SAVED_WORDS; i++) this.#saved[depth * SAVED_WORDS + i] = reg[R6 + i];
    reg[R10] += STACK_SIZE;
    this.depth = depth + 1;
  }

  /** Gives the last caller its registers back; what else it goes on with can be read then. */
  pop(reg: Int32Array): void {
    const depth = --this.depth;
    for (let i = 0; i < SAVED_WORDS; i++) reg[R6 + i] = this.#saved[depth * SAVED_WORDS + i];
    reg[R10] -= STACK_SIZE;
  }

  /** Of the frame that was popped last. */
  get place(): number {
    return this.#place[this.depth];
  }

  get program(): VmProgram {
    return this.#program[this.depth] as VmProgram;
  }

  get mayGoto(): number {
    return this.#mayGoto[this.depth];
  }

  get continuation(): Continuation | undefined {
    return this.#then[this.depth];
  }
}
