import type { LoadedProgram, RunOptions, RunResult } from "../kernel.js";
import type { ProgramSpec } from "../object/index.js";
import { ProgramType } from "../uapi/index.js";
import { actionName } from "../user/index.js";
import { pinObject } from "./pin.js";
import { type ProgramInfo, programInfo } from "./program-info.js";
import { metadataLength, skbContext, xdpContext } from "./run-context.js";
import { Descriptor } from "./sys/descriptor.js";
import type { TestRunner } from "./test-run.js";

const ETH_HLEN = 14;

/**
 * Whether programs of a type see the packet from its network header on: Linux then gives it back with
 * a zeroed Ethernet header in front (net/bpf/test_run.c, bpf_prog_test_run_skb).
 */
function seesNetworkHeaderFirst(type: ProgramType): boolean {
  const types: readonly number[] = [
    ProgramType.SocketFilter,
    ProgramType.CgroupSkb,
    ProgramType.LwtIn,
    ProgramType.LwtOut,
    ProgramType.LwtXmit,
    ProgramType.LwtSeg6local,
  ];
  return types.includes(type);
}

/** A program of Linux, whose file descriptor it owns. */
export class LinuxProgram implements LoadedProgram, Disposable {
  readonly spec: ProgramSpec;
  /** The verifier's log, where one was asked for. */
  readonly log: string;
  readonly #descriptor: Descriptor;
  readonly #runner: TestRunner;

  constructor(fd: number, spec: ProgramSpec, log: string, runner: TestRunner) {
    this.#descriptor = new Descriptor(fd, `program ${spec.name}`);
    this.spec = spec;
    this.log = log;
    this.#runner = runner;
  }

  get name(): string {
    return this.spec.name;
  }

  /** Throws KernelError (EBADF) once the program is closed. */
  get fd(): number {
    return this.#descriptor.fd;
  }

  get info(): ProgramInfo {
    return programInfo(this.fd);
  }

  get id(): number {
    return this.info.id;
  }

  /**
   * BPF_PROG_TEST_RUN. Linux does not say where a packet is redirected to, nor how many instructions
   * ran. Throws KernelError for a packet or a type of program that it does not run so.
   */
  run(packet: Uint8Array, options: RunOptions = {}): RunResult {
    const isXdp = this.spec.type === ProgramType.Xdp;
    const context = isXdp ? xdpContext(packet, options) : skbContext(options.skb);
    const detail = `program ${this.name}: a packet of ${packet.length} bytes`;
    const result = this.#runner.run(this.fd, packet, context, detail);
    const metadata = isXdp ? metadataLength(result.context) : 0;
    const unseen = seesNetworkHeaderFirst(this.spec.type) ? ETH_HLEN : metadata;
    return {
      retval: result.retval,
      action: actionName(this.spec.type, result.retval),
      packet: result.data.subarray(unseen),
      metadata: result.data.subarray(0, metadata),
      context: result.context,
      redirect: { kind: "none" },
      instructions: 0,
      trap: undefined,
    };
  }

  /** Pins the program at a path of a bpffs: it outlives this process. */
  pin(path: string): void {
    pinObject(this.fd, path);
  }

  close(): void {
    this.#descriptor.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
