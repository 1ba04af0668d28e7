import type { Globals, ObjectSpec, ProgramSpec, TypedMap } from "./object/index.js";
import type { RedirectTarget, SkbFields } from "./vm/index.js";

/** What a program is run with, besides the packet; every field has the value of BPF_PROG_TEST_RUN. */
export interface RunOptions {
  /** XDP: the device and queue that the packet came in by (1, the loopback device, and 0). */
  readonly ingressIfindex?: number;
  readonly rxQueueIndex?: number;
  readonly egressIfindex?: number;
  /** XDP: how many of the first bytes are metadata; a multiple of 4. */
  readonly metadataLength?: number;
  /** TC and other programs on sk_buffs: fields of the fresh one. */
  readonly skb?: SkbFields;
}

/** Why a run ended before the program did; verification should make it impossible. */
export interface TrapReport {
  readonly kind: string;
  readonly message: string;
  readonly program: string;
  /** The instruction, in slots. */
  readonly slot: number;
  /** Where it comes from: "firewall.bpf.c:42". */
  readonly source: string | undefined;
}

/** What a run has come to. */
export interface RunResult {
  /** What the program returned. */
  readonly retval: number;
  /** "XDP_DROP", "TC_ACT_OK", or the number. */
  readonly action: string;
  /** The packet as it is now. */
  readonly packet: Uint8Array;
  /** XDP: the metadata before the packet. */
  readonly metadata: Uint8Array;
  /** struct xdp_md or struct __sk_buff as it is now; pointers are this kernel's. */
  readonly context: Uint8Array;
  /** Where the packet goes if the action is to redirect it. */
  readonly redirect: RedirectTarget;
  /** Instructions that ran; 0 where this kernel does not count them. */
  readonly instructions: number;
  readonly trap: TrapReport | undefined;
}

/** A program that a kernel holds. */
export interface LoadedProgram {
  readonly name: string;
  readonly spec: ProgramSpec;
  /** Runs it for one packet, without any device. */
  run(packet: Uint8Array, options?: RunOptions): RunResult;
}

/** An object that a kernel holds: its programs and maps. Close it to let go of them. */
export interface LoadedObject extends Disposable {
  readonly spec: ObjectSpec;
  readonly programs: ReadonlyMap<string, LoadedProgram>;
  readonly maps: ReadonlyMap<string, TypedMap>;
  /** Its global variables, where they live now. */
  readonly globals: Globals;
  /** Throws SyntaxProblem where there is none of that name. */
  program(name: string): LoadedProgram;
  map(name: string): TypedMap;
  /** Records of a RINGBUF or PERF_EVENT_ARRAY, as they come, until `signal` aborts. */
  records(map: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<Uint8Array>;
  close(): void;
}

export interface LoadOptions {
  /**
   * The programs to load, with those that they can tail-call from the start; all that are to be loaded
   * automatically by default.
   */
  readonly programs?: readonly string[];
}

/** A kernel that programs run in: the user-space one, or Linux. */
export interface Kernel extends AsyncDisposable {
  /** Named in every output: "user" or "linux". */
  readonly name: string;
  load(spec: ObjectSpec, options?: LoadOptions): Promise<LoadedObject>;
  close(): Promise<void>;
}
