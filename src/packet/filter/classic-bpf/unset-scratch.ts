import { ClassicBpfCode, isConditional, isReturn, scratchAccess } from "./code.js";
import type { SockFilter } from "./sock-filter.js";

const EVERY_WORD = 0xffff;

/**
 * Words of scratch memory that some path reads before it has written them: bit n for M[n]. Linux
 * refuses such a program (net/core/filter.c, check_load_and_stores); elsewhere they read as 0.
 */
export function unsetScratchReads(program: readonly SockFilter[]): number {
  /** Words that every path to an instruction has written. */
  const written = new Int32Array(program.length).fill(EVERY_WORD);
  written[0] = 0;
  let unset = 0;
  // Once is enough for jumps forwards; a jump backwards may tell an instruction passed something new.
  for (let settled = false; !settled; ) {
    settled = true;
    for (const [slot, instruction] of program.entries()) {
      const access = scratchAccess(instruction.code);
      const word = access === undefined ? 0 : 1 << instruction.k;
      if (access === "read") unset |= word & ~written[slot];
      const words = access === "write" ? written[slot] | word : written[slot];
      for (const next of successors(instruction, slot)) {
        if (next <= slot && (written[next] & words) !== written[next]) settled = false;
        written[next] &= words;
      }
    }
  }
  return unset;
}

function successors({ code, jt, jf, k }: SockFilter, slot: number): readonly number[] {
  if (isReturn(code)) return [];
  if (code === ClassicBpfCode.Ja) return [slot + 1 + (k | 0)];
  return isConditional(code) ? [slot + 1 + jt, slot + 1 + jf] : [slot + 1];
}
