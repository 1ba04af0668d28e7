import { KernelError } from "../../errors.js";
import type { RunOptions, TrapReport } from "../../kernel.js";
import type { TypedMap } from "../../object/index.js";
import type { CapturedPacket, PacketRecord } from "../../packet/index.js";
import type { Clock, UserKernel, UserProgram } from "../../user/index.js";
import { type SkBuff, SkbField, XdpBuff } from "../../vm/index.js";
import { CaptureClock } from "./capture-clock.js";
import type { Hook } from "./hook.js";
import { type Outcome, refusalText, SKB_ANSWERS } from "./outcome.js";
import {
  type Arrival,
  copyRecord,
  emptyRecord,
  type PacketRunner,
  queueOf,
  runOptions,
} from "./packet-runner.js";
import { receiveQueue } from "./receive-queue.js";
import { tagBeside, VLAN_TAG, withTag } from "./vlan-tag.js";

const ETH_HLEN = 14;

/** Runs a program of the user-space kernel, with as little per packet as there can be. */
export class UserRunner implements PacketRunner {
  readonly #kernel: UserKernel;
  readonly #program: UserProgram;
  readonly #hook: Hook;
  readonly #options: RunOptions;
  readonly #queue: number | undefined;
  /** Options of each CPU's queue, where packets are spread over several. */
  readonly #spread: readonly RunOptions[];
  readonly #clock: CaptureClock | undefined;
  readonly #hasTimers: boolean;
  readonly #left = emptyRecord();
  #packet: CapturedPacket | undefined;
  #outcome: Outcome | undefined;

  /** `maps` are those that the program may have timers in. */
  constructor(
    kernel: UserKernel,
    program: UserProgram,
    hook: Hook,
    arrival: Arrival,
    maps: Iterable<TypedMap>,
  ) {
    this.#kernel = kernel;
    this.#program = program;
    this.#hook = hook;
    this.#options = runOptions(hook, arrival);
    this.#queue = queueOf(hook, arrival);
    const isSpread = kernel.cpus > 1 && arrival.queue === undefined;
    this.#spread = isSpread
      ? Array.from({ length: kernel.cpus }, (_, queue) => runOptions(hook, { ...arrival, queue }))
      : [];
    if (arrival.queue !== undefined) kernel.currentCpu = arrival.queue % kernel.cpus;
    const clock: Clock = kernel.clock;
    this.#clock = clock instanceof CaptureClock ? clock : undefined;
    this.#hasTimers = [...maps].some(({ spec }) => spec.special.some(({ kind }) => kind === "timer"));
  }

  run(packet: CapturedPacket, bytes: Uint8Array, outcome: Outcome): void {
    const kernel = this.#kernel;
    outcome.reset();
    this.#packet = packet;
    this.#outcome = outcome;
    if (packet.hasTimestamp) this.#clock?.moveTo(packet.seconds, packet.nanoseconds);
    if (this.#hasTimers) kernel.runTimers();
    let options = this.#options;
    outcome.queue = this.#queue;
    if (this.#spread.length > 0) {
      const queue = receiveQueue(bytes, this.#spread.length);
      kernel.currentCpu = queue;
      options = this.#spread[queue];
      outcome.queue = queue;
    }
    try {
      outcome.retval = this.#program.execute(bytes, options, this.#trap);
    } catch (error) {
      // A packet that the kernel does not take: too short, or longer than its buffers.
      if (!(error instanceof KernelError)) throw error;
      outcome.refusal = refusalText(error.code, bytes.length);
      return;
    }
    const buffer = this.#program.packet;
    if (buffer instanceof XdpBuff) this.#readXdp(buffer, bytes, outcome);
    else if (this.#hook.seesEthernet) this.#readSkb(buffer, bytes, outcome);
    if (this.#hook.isRedirect(outcome.retval)) outcome.redirect = kernel.interpreter.redirect.target;
  }

  readonly #trap = (report: TrapReport): void => {
    if (this.#outcome !== undefined) this.#outcome.trap = report;
  };

  #readXdp(buffer: XdpBuff, bytes: Uint8Array, outcome: Outcome): void {
    outcome.growth = buffer.totalLength - bytes.length;
    outcome.isChanged = outcome.growth !== 0 || !buffer.equals(bytes);
    outcome.metadataLength = buffer.metadataLength;
  }

  #readSkb(buffer: SkBuff, bytes: Uint8Array, outcome: Outcome): void {
    const isTagged = buffer.get(SkbField.VlanPresent) !== 0;
    outcome.growth = buffer.length + (isTagged ? VLAN_TAG : 0) - bytes.length;
    outcome.isChanged = outcome.growth !== 0 || isTagged || !buffer.equals(bytes);
    for (let i = 0; i < SKB_ANSWERS.length; i++) outcome.answers[i] = buffer.get(SKB_ANSWERS[i][1]);
  }

  #context(buffer: SkBuff): DataView {
    return new DataView(this.#kernel.arena.memory.buffer, buffer.context);
  }

  left(): PacketRecord {
    const record = this.#left;
    const packet = this.#packet;
    const outcome = this.#outcome;
    if (packet === undefined || outcome === undefined) throw new RangeError("no packet was run");
    copyRecord(record, packet);
    record.length += outcome.growth;
    const { u8 } = this.#kernel.arena;
    const buffer = this.#program.packet;
    if (outcome.refusal !== undefined) return record;
    if (buffer instanceof XdpBuff) {
      if (buffer.hasFragments) this.#give(buffer.copy(false));
      else this.#give(u8, buffer.data, buffer.length);
    } else if (this.#hook.seesEthernet) {
      const tag = tagBeside(this.#context(buffer));
      if (tag === undefined) this.#give(u8, buffer.data, buffer.length);
      else this.#give(withTag(buffer.copySeen(), tag));
    } else if (this.#hook.name === "socket") {
      // A socket filter answers how many bytes, of what it sees, it keeps.
      record.capturedLength = Math.min(record.capturedLength, ETH_HLEN + outcome.retval);
    }
    return record;
  }

  #give(bytes: Uint8Array, offset = 0, length = bytes.length): void {
    this.#left.buffer = bytes;
    this.#left.offset = offset;
    this.#left.capturedLength = length;
  }
}
