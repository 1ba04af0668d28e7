import { MISSING_KFUNC, POISON_HELPER } from "../object/index.js";

/** Lines at a log's end that say how much was done, not what was wrong (verifier.c, print_verification_stats). */
const STATISTICS = /^(processed \d+ insns|verification time|stack depth)/;
/** "12: (85) call bpf_map_lookup_elem#1": an instruction that was looked at. */
const INSTRUCTION = /^\s*(\d+): \([0-9a-f]{2}\) /;

/** What goes before a reason: source lines, and the state on the way ("from 3 to 5: R0=..."). */
const NO_REASON = /^(;|from \d+ to \d+|\d+: |mark_precise|R\d+[ =_(].*R10=fp0$)/;
const MOST_LINES = 3;
/** Calls that stand where nothing could be filled in, by the helper number that no kernel has. */
const PLACEHOLDERS = [
  [
    POISON_HELPER,
    "a CO-RE relocation that nothing in this kernel answers: ask with bpf_core_field_exists() and its kin",
  ],
  [MISSING_KFUNC, "a weak kernel function that this kernel lacks: ask with bpf_ksym_exists()"],
] as const;

/** Why the verifier refused: what its log says last; undefined where it says nothing. */
export function refusalReason(log: string): string | undefined {
  const lines = log
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !STATISTICS.test(line));
  const reasons = lines.slice(lines.findLastIndex((line) => NO_REASON.test(line)) + 1);
  const reason = reasons.length === 0 ? lines.at(-1) : reasons.slice(-MOST_LINES).join("; ");
  const placeholder = PLACEHOLDERS.find(([helper]) => reason?.includes(`unknown#${helper}`));
  return placeholder === undefined ? reason : `${reason}: ${placeholder[1]}`;
}

/** The slot of the last instruction that the log names. */
export function blamedSlot(log: string): number | undefined {
  const lines = log.split("\n");
  for (const line of lines.reverse()) {
    const slot = INSTRUCTION.exec(line)?.[1];
    if (slot !== undefined) return Number(slot);
  }
  return undefined;
}
