import type { TrapReport } from "../../kernel.js";
import { type RedirectTarget, SkbField } from "../../vm/index.js";

const NO_REDIRECT: RedirectTarget = { kind: "none" };

/** Fields of struct __sk_buff that programs answer with beside the verdict. */
export const SKB_ANSWERS = [
  ["mark", SkbField.Mark],
  ["priority", SkbField.Priority],
  ["tc_classid", SkbField.TcClassid],
] as const;

/** What a program made of one packet. One object is used for packet after packet. */
export class Outcome {
  retval = 0;
  /** Whether a byte or the length differs from before. */
  isChanged = false;
  /** Bytes longer, or shorter where negative, than before. */
  growth = 0;
  /** XDP: bytes of metadata before the packet. */
  metadataLength = 0;
  /** TC: the answers of SKB_ANSWERS, 0 where none was given. */
  readonly answers: number[] = SKB_ANSWERS.map(() => 0);
  /** Counts only where the verdict is to redirect. */
  redirect: RedirectTarget = NO_REDIRECT;
  /** The RX queue that the packet was said to come in by, where it was. */
  queue: number | undefined;
  /** The run was ended from outside of the program. */
  trap: TrapReport | undefined;
  /** Why the kernel did not run the program for this packet: "EINVAL: shorter than an Ethernet header". */
  refusal: string | undefined;

  reset(): void {
    this.retval = 0;
    this.isChanged = false;
    this.growth = 0;
    this.metadataLength = 0;
    this.answers.fill(0);
    this.redirect = NO_REDIRECT;
    this.queue = undefined;
    this.trap = undefined;
    this.refusal = undefined;
  }
}

const ETH_HLEN = 14;

/** What a kernel refuses a packet for (net/bpf/test_run.c), by its error and the packet's length. */
export function refusalText(code: string, length: number): string {
  if (length < ETH_HLEN) return `${code}: shorter than an Ethernet header`;
  return `${code}: ${code === "EINVAL" ? "the kernel does not take it" : "longer than the kernel's buffers"}`;
}

/** Whether two packets went the same way. */
export function isSameTarget(a: RedirectTarget, b: RedirectTarget): boolean {
  switch (a.kind) {
    case "none":
      return b.kind === "none";
    case "device":
      return b.kind === "device" && a.ifindex === b.ifindex && a.flags === b.flags;
    case "map":
      return b.kind === "map" && a.map === b.map && a.key === b.key && a.flags === b.flags;
    case "peer":
      return b.kind === "peer" && a.ifindex === b.ifindex;
    default:
      return b.kind === "neighbour" && a.ifindex === b.ifindex;
  }
}
