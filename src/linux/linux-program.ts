import type { LoadedProgram, RunOptions, RunResult } from "../kernel.js";
import type { ProgramSpec } from "../object/index.js";
import { actionName } from "../user/index.js";
import { pinObject } from "./pin.js";
import { type ProgramInfo, programInfo } from "./program-info.js";
import { metadataLength, runContext, unseenLength } from "./run-context.js";
import { Descriptor } from "./sys/descriptor.js";
import type { TestRunner } from "./test-run.js";

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
   * ran. Throws NotSupportedError for a type of program that no packet is for, KernelError for a packet that
   * is refused.
   */
  run(packet: Uint8Array, options: RunOptions = {}): RunResult {
    const { type } = this.spec;
    const context = runContext(this.spec, packet, options);
    const detail = `program ${this.name}: a packet of ${packet.length} bytes`;
    const result = this.#runner.run(this.fd, packet, context, detail);
    const metadata = metadataLength(type, result.context);
    return {
      retval: result.retval,
      action: actionName(type, result.retval),
      packet: result.data.subarray(metadata + unseenLength(type)),
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
