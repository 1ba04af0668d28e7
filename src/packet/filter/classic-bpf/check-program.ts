import { InstructionError } from "../../../errors.js";
import { ClassicBpfCode, isConditional, isReturn, scratchAccess } from "./code.js";
import { isKnownCode } from "./disassemble.js";
import { SCRATCH_WORDS, type SockFilter } from "./sock-filter.js";

/** Operations that take no K of 0, and those whose K is a number of bits. */
const divisions = new Set<number>([ClassicBpfCode.DivK, ClassicBpfCode.ModK]);
const shifts = new Set<number>([ClassicBpfCode.LshK, ClassicBpfCode.RshK]);

/**
 * Checks a program as Linux does before it runs one (net/core/filter.c, bpf_check_classic): known
 * codes, every jump within the program, scratch words that exist, no constant division by 0 or shift
 * by 32 and more, a return at the end. Unlike Linux it takes any length, and `ja` backwards, which is
 * how libpcap walks chains of headers. Throws InstructionError with the instruction's number.
 */
export function checkClassicBpf(program: readonly SockFilter[]): void {
  if (program.length === 0) throw new InstructionError("a program of no instructions");
  for (const [slot, instruction] of program.entries()) {
    const problem = problemOf(instruction, slot, program.length);
    if (problem !== undefined) throw new InstructionError(problem, { slot });
  }
  const last = program.length - 1;
  if (!isReturn(program[last].code)) {
    throw new InstructionError("the last instruction is no return", { slot: last });
  }
}

function problemOf({ code, jt, jf, k }: SockFilter, slot: number, length: number): string | undefined {
  if (!isKnownCode(code)) return `there is no code 0x${code.toString(16)}`;
  if (!isUnsigned(k, 0xffff_ffff) || !isUnsigned(jt, 0xff) || !isUnsigned(jf, 0xff)) {
    return `jt ${jt}, jf ${jf} or k ${k} does not fit its field`;
  }
  if (scratchAccess(code) !== undefined && k >= SCRATCH_WORDS) return `there is no M[${k}]`;
  if (divisions.has(code) && k === 0) return "division by zero";
  if (shifts.has(code) && k > 31) return `shift by ${k} bits`;
  if (code === ClassicBpfCode.Ja) {
    const target = slot + 1 + (k | 0);
    return target >= 0 && target < length ? undefined : `jump to ${target}, outside the program`;
  }
  const furthest = slot + 1 + Math.max(jt, jf);
  if (isConditional(code) && furthest >= length) return `jump to ${furthest}, outside the program`;
  return undefined;
}

function isUnsigned(value: number, largest: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= largest;
}
