import type { RunResult } from "../kernel.js";
import { ProgramType } from "../uapi/index.js";
import { SkbField } from "../vm/index.js";
import { areEqual, bytesInWords } from "./difference.js";
import { masked, placesOf, type Trial } from "./trial.js";

/** What a run came to: a result, or the error number that it was refused with. */
export type RunOutcome = RunResult | { readonly error: string };

/** What is told of a difference: where it is, and what each kernel has. */
export type Report = (where: string, a: string, b: string) => void;

/** Programs write no field of struct xdp_md, and what is not a pointer was given by the trial. */
const XDP_FIELDS: readonly { offset: number; size: number }[] = [];
/** Fields of struct __sk_buff that BPF_PROG_TEST_RUN gives back (net/bpf/test_run.c, convert_skb_to___skb). */
const SKB_FIELDS = [
  { offset: SkbField.Mark, size: 4 },
  { offset: SkbField.Priority, size: 4 },
  { offset: SkbField.IngressIfindex, size: 8 },
  { offset: SkbField.Cb, size: 20 },
  { offset: SkbField.Tstamp, size: 16 },
  { offset: SkbField.Hwtstamp, size: 8 },
];

/** Tells `report` of all in which two runs for one packet differ. */
export function compareRuns(
  trial: Trial,
  type: ProgramType,
  a: RunOutcome,
  b: RunOutcome,
  report: Report,
): void {
  if ("error" in a || "error" in b) {
    const words = (run: RunOutcome) => ("error" in run ? run.error : `return value ${run.retval}`);
    if (words(a) !== words(b)) report("run", words(a), words(b));
    return;
  }
  if (a.trap !== undefined || b.trap !== undefined) {
    const words = ({ trap }: RunResult) =>
      trap === undefined ? "no trap" : `trapped at slot ${trap.slot}: ${trap.message}`;
    report("trap", words(a), words(b));
    return;
  }
  if (a.retval !== b.retval && placesOf(trial, "return value").length === 0) {
    report("return value", `${a.retval} (${a.action})`, `${b.retval} (${b.action})`);
  }
  const packetPlaces = placesOf(trial, "packet");
  compareBytes("packet", masked(a.packet, packetPlaces), masked(b.packet, packetPlaces), report);
  compareBytes("metadata", a.metadata, b.metadata, report);
  const places = placesOf(trial, "context");
  for (const { offset, size } of type === ProgramType.Xdp ? XDP_FIELDS : SKB_FIELDS) {
    const field = (run: RunResult) => masked(run.context, places).subarray(offset, offset + size);
    compareBytes(`context from byte ${offset} on`, field(a), field(b), report);
  }
}

export function compareBytes(where: string, a: Uint8Array, b: Uint8Array, report: Report): void {
  if (!areEqual(a, b)) report(where, ...bytesInWords(a, b));
}
