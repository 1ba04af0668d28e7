import type { CompileFlags } from "../object-source.js";
import type { KernelChoice } from "../options.js";

/** Options that say which program runs, on what machine. */
export interface ProgramFlags extends CompileFlags {
  readonly program?: string;
  readonly set?: readonly string[];
  readonly maps?: string;
  readonly btf?: string;
  readonly eventType?: readonly string[];
  readonly trace?: boolean;
  readonly on: KernelChoice;
  readonly cpus?: number;
  readonly ifindex?: number;
  readonly queue?: number;
  readonly clock?: "capture" | "system";
  readonly seed?: number;
  readonly egress?: boolean;
}

/** Options that say which packets. */
export interface CaptureFlags {
  readonly read: string;
  readonly count?: number;
  readonly wrapRaw?: boolean;
}

/** All options of `wirebee run`, as commander has read them. */
export interface RunFlags extends ProgramFlags, CaptureFlags {
  readonly write?: string;
  readonly verbose?: boolean;
  readonly hex?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly mapLimit: number;
}
