import type { ProgramSpec } from "../../object/index.js";
import type { EventCount } from "./events.js";
import type { Hook } from "./hook.js";
import type { MapChanges } from "./map-changes.js";
import type { RunResultCounts } from "./run-capture.js";
import type { TraceLog } from "./trace-log.js";

/** All that a run's summary tells. */
export interface RunReport {
  /** Which kernel ran the program: "user-space kernel (interpreter)". */
  readonly kernel: string;
  readonly object: string;
  readonly program: ProgramSpec;
  readonly hook: Hook;
  readonly capture: string;
  readonly filter: string | undefined;
  readonly result: RunResultCounts;
  readonly maps: readonly MapChanges[];
  readonly events: readonly EventCount[];
  readonly trace: TraceLog;
  /** Packets sent by bpf_clone_redirect. */
  readonly copies: number;
  readonly isInterrupted: boolean;
  /** The -w file and what it holds, once it is there. */
  readonly output: { readonly name: string; readonly packets: number } | undefined;
}
