import { KernelError } from "../errors.js";
import type { LoadedProgram, RunOptions, RunResult, TrapReport } from "../kernel.js";
import type { ProgramSpec } from "../object/index.js";
import { Errno, ProgramType, TcAction, tcActionName, XdpAction, xdpActionName } from "../uapi/index.js";
import {
  type Interpreter,
  type PacketContext,
  type SkBuff,
  Trap,
  type VmProgram,
  XdpBuff,
} from "../vm/index.js";

/** Instructions that one run may take: more than any program that Linux would load needs. */
const INSTRUCTION_BUDGET = 1 << 30;
const LOOPBACK = 1;

/** The packet memory that the programs of one kernel share: one packet is run at a time. */
export interface PacketBuffers {
  readonly xdp: XdpBuff;
  readonly skb: SkBuff;
  /** For programs that see the packet from the network header on. */
  readonly networkSkb: SkBuff;
}

/** A program in the user-space kernel. */
export class UserProgram implements LoadedProgram {
  readonly spec: ProgramSpec;
  readonly vm: VmProgram;
  readonly #interpreter: Interpreter;
  readonly #packet: PacketContext;
  #isClosed = false;

  constructor(spec: ProgramSpec, vm: VmProgram, interpreter: Interpreter, buffers: PacketBuffers) {
    this.spec = spec;
    this.vm = vm;
    this.#interpreter = interpreter;
    this.#packet = packetFor(spec.type, buffers);
  }

  get name(): string {
    return this.spec.name;
  }

  /** The last packet that it was run for. */
  get packet(): PacketContext {
    return this.#packet;
  }

  /**
   * Runs the program and leaves the packet where it is: the verdict alone, for who runs many.
   * `trap` is told of a run that had to be ended, which counts as XDP_ABORTED or TC_ACT_SHOT.
   */
  execute(packet: Uint8Array, options: RunOptions = {}, trap?: (report: TrapReport) => void): number {
    this.#load(packet, options);
    const interpreter = this.#interpreter;
    try {
      interpreter.start(this.vm, this.#packet);
      if (!interpreter.execute(INSTRUCTION_BUDGET)) {
        throw new Trap("instruction budget", `still running after ${INSTRUCTION_BUDGET} instructions`);
      }
      return interpreter.result;
    } catch (error) {
      if (!(error instanceof Trap)) throw error;
      trap?.(this.#report(error));
      return this.spec.type === ProgramType.Xdp ? XdpAction.Aborted : TcAction.Shot;
    }
  }

  /** Its object lets go of it: it can be run no more. */
  close(): void {
    this.#isClosed = true;
  }

  #load(packet: Uint8Array, options: RunOptions): void {
    if (this.#isClosed) {
      throw new KernelError("BPF_PROG_TEST_RUN", Errno.EBADF, `program ${this.name} is closed`);
    }
    const buffer = this.#packet;
    const error =
      buffer instanceof XdpBuff
        ? buffer.load(
            packet,
            {
              ingressIfindex: options.ingressIfindex ?? LOOPBACK,
              rxQueueIndex: options.rxQueueIndex ?? 0,
              egressIfindex: options.egressIfindex ?? 0,
            },
            options.metadataLength,
          )
        : buffer.load(packet, { ifindex: LOOPBACK, ...options.skb });
    if (error < 0) {
      throw new KernelError(
        "BPF_PROG_TEST_RUN",
        -error,
        `program ${this.name}: a packet of ${packet.length} bytes`,
      );
    }
  }

  #report(error: Trap): TrapReport {
    const { slot } = this.#interpreter.state;
    const line = this.spec.lines.findLast((entry) => entry.slot <= slot);
    return {
      kind: error.kind,
      message: error.message,
      program: this.#interpreter.program.name,
      slot,
      source: line === undefined ? undefined : `${line.file}:${line.line}`,
    };
  }

  run(packet: Uint8Array, options: RunOptions = {}): RunResult {
    let trap: TrapReport | undefined;
    const retval = this.execute(packet, options, (report) => {
      trap = report;
    });
    const buffer = this.#packet;
    const isXdp = buffer instanceof XdpBuff;
    const metadataLength = isXdp ? buffer.metadataLength : 0;
    const bytes = isXdp ? buffer.copy(true) : buffer.copySeen();
    return {
      retval,
      action: actionName(this.spec.type, retval),
      packet: bytes.subarray(metadataLength),
      metadata: bytes.subarray(0, metadataLength),
      context: buffer.copyContext(),
      redirect: this.#interpreter.redirect.target,
      instructions: this.#interpreter.state.executed,
      trap,
    };
  }
}

function packetFor(type: ProgramType, buffers: PacketBuffers): PacketContext {
  if (type === ProgramType.Xdp) return buffers.xdp;
  const seesEthernet = type === ProgramType.SchedCls || type === ProgramType.SchedAct;
  return seesEthernet ? buffers.skb : buffers.networkSkb;
}

/** A verdict's name; the number where it has none. */
export function actionName(type: ProgramType, retval: number): string {
  if (type === ProgramType.Xdp) return xdpActionName(retval);
  if (type === ProgramType.SchedCls || type === ProgramType.SchedAct) return tcActionName(retval);
  return String(retval);
}
