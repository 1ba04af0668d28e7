import { ClassicBpfCode, SOURCE_X } from "../classic-bpf/code.js";
import type { SockFilter } from "../classic-bpf/sock-filter.js";
import { unsetScratchReads } from "../classic-bpf/unset-scratch.js";
import { ACCEPT, type Block, type BlockProgram, type Place, REJECT } from "./block.js";
import { Emitter, type Registers, UNKNOWN } from "./emitter.js";
import type { Comparison } from "./predicate.js";
import { protochainCode } from "./protochain-code.js";

/** Codes of jumps that compare with K. */
const jumps: Readonly<Record<Comparison, number>> = {
  eq: ClassicBpfCode.JeqK,
  gt: ClassicBpfCode.JgtK,
  ge: ClassicBpfCode.JgeK,
  set: ClassicBpfCode.JsetK,
};

/** The furthest that a conditional jump goes; past it `ja` goes on. */
const FURTHEST = 0xff;

/** What a block does before it jumps, and how. */
interface BlockCode {
  readonly block: Block;
  readonly instructions: readonly SockFilter[];
  /** Code and K of the conditional jump; undefined where the block goes on to one place. */
  readonly jump: { readonly code: number; readonly k: number } | undefined;
}

/**
 * The instructions of a program of blocks. `accept` is what it returns for a packet that it takes;
 * `scratchWords` are the words of scratch memory that `store` steps have, from M[0] on.
 */
export function emit(program: BlockProgram, accept: number, scratchWords: number): SockFilter[] {
  const code = layOut(program.entry, blockCodes(program, scratchWords), accept);
  // Words that no way has set read as 0 here, and a program must see to that itself for Linux.
  const unset = unsetScratchReads(code);
  if (unset === 0) return code;
  const clear: SockFilter[] = [{ code: ClassicBpfCode.LdImm, jt: 0, jf: 0, k: 0 }];
  for (let slot = 0; unset >>> slot !== 0; slot++) {
    if ((unset >>> slot) & 1) clear.push({ code: ClassicBpfCode.St, jt: 0, jf: 0, k: slot });
  }
  return [...clear, ...code];
}

/** The blocks' instructions from the first to the last, for which what is in the registers is known. */
function blockCodes({ entry, blocks }: BlockProgram, scratchWords: number): BlockCode[] {
  const onEntry = new Map<Place, Registers>([[entry, UNKNOWN]]);
  return blocks.map((block) => {
    const emitter = new Emitter(onEntry.get(block) ?? UNKNOWN, scratchWords);
    const jump = emitStep(emitter, block);
    const after = emitter.registers;
    for (const next of [block.ifTrue, block.ifFalse]) {
      const before = onEntry.get(next);
      onEntry.set(next, before === undefined ? after : common(before, after));
    }
    return { block, instructions: emitter.instructions, jump };
  });
}

function common(one: Registers, other: Registers): Registers {
  return { a: one.a === other.a ? one.a : undefined, x: one.x === other.x ? one.x : undefined };
}

function emitStep(emitter: Emitter, { step, ifTrue, ifFalse }: Block): BlockCode["jump"] {
  switch (step.kind) {
    case "store":
      emitter.toA(step.value);
      emitter.emit(ClassicBpfCode.St, step.slot);
      return undefined;
    case "protochain": {
      emitter.withScratch((slot) => emitter.instructions.push(...protochainCode(step.chain, slot)));
      emitter.forget();
      return { code: ClassicBpfCode.JeqK, k: step.chain.protocol };
    }
    case "compare": {
      const { operator, left, right } = step;
      if (right.kind === "number") emitter.toA(left);
      else emitter.toBoth(left, right);
      if (ifTrue === ifFalse) return undefined;
      return right.kind === "number"
        ? { code: jumps[operator], k: right.value }
        : { code: jumps[operator] | SOURCE_X, k: 0 };
    }
  }
}

/** Puts blocks one after the other, from the last to the first, so that every jump's distance is known. */
function layOut(entry: Place, codes: readonly BlockCode[], accept: number): SockFilter[] {
  const backwards: SockFilter[] = [];
  /** How far each place begins from the program's end, in instructions. */
  const begins = new Map<Place, number>();
  const begin = (place: Place): void => {
    begins.set(place, backwards.length);
  };
  /** Instructions between what comes next (before all that there is) and a place. */
  const distance = (place: Place): number => backwards.length - begins.get(place)!;
  const put = (code: number, jt: number, jf: number, k: number): void => {
    backwards.push({ code, jt, jf, k });
  };
  const goTo = (place: Place): void => {
    if (distance(place) > 0) put(ClassicBpfCode.Ja, 0, 0, distance(place));
  };
  const isReached = (verdict: Place): boolean =>
    entry === verdict || codes.some(({ block }) => block.ifTrue === verdict || block.ifFalse === verdict);
  for (const verdict of [REJECT, ACCEPT]) {
    if (!isReached(verdict)) continue;
    put(ClassicBpfCode.RetK, 0, 0, verdict.accepts ? accept : 0);
    begin(verdict);
  }
  for (let i = codes.length - 1; i >= 0; i--) {
    const { block, instructions, jump } = codes[i];
    if (jump === undefined) {
      goTo(block.ifTrue);
    } else {
      const far = (place: Place): number | undefined => {
        // One more `ja` may come between for the other side.
        if (distance(place) < FURTHEST) return undefined;
        goTo(place);
        return backwards.length;
      };
      const farFalse = far(block.ifFalse);
      const farTrue = far(block.ifTrue);
      const jt = farTrue === undefined ? distance(block.ifTrue) : backwards.length - farTrue;
      const jf = farFalse === undefined ? distance(block.ifFalse) : backwards.length - farFalse;
      put(jump.code, jt, jf, jump.k);
    }
    for (let j = instructions.length - 1; j >= 0; j--) backwards.push(instructions[j]);
    begin(block);
  }
  return backwards.reverse();
}
