import { KernelError } from "../../errors.js";
import type { LoadedProgram, RunOptions, RunResult } from "../../kernel.js";
import type { CapturedPacket, PacketRecord } from "../../packet/index.js";
import { Errno } from "../../uapi/index.js";
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

/** What Linux refuses one packet for, rather than all of them. */
const REFUSALS: readonly number[] = [Errno.EINVAL, Errno.ENOMEM, Errno.EMSGSIZE, Errno.E2BIG];

/**
 * Runs a program of Linux by BPF_PROG_TEST_RUN. That does not say where a packet is redirected to, which
 * VLAN tag was pushed beside it, nor its tc_classid (net/bpf/test_run.c, convert_skb_to___skb).
 */
export class LinuxRunner implements PacketRunner {
  readonly #program: LoadedProgram;
  readonly #hook: Hook;
  readonly #options: RunOptions;
  readonly #queue: number | undefined;
  readonly #left = emptyRecord();
  #packet: CapturedPacket | undefined;
  /** The packet as it left, where that differs. */
  #bytes: Uint8Array | undefined;

  constructor(program: LoadedProgram, hook: Hook, arrival: Arrival) {
    this.#program = program;
    this.#hook = hook;
    this.#options = runOptions(hook, arrival);
    this.#queue = queueOf(hook, arrival);
  }

  run(packet: CapturedPacket, bytes: Uint8Array, outcome: Outcome): void {
    outcome.reset();
    outcome.queue = this.#queue;
    this.#packet = packet;
    this.#bytes = undefined;
    let result: RunResult;
    try {
      result = this.#program.run(bytes, this.#options);
    } catch (error) {
      if (!(error instanceof KernelError) || !REFUSALS.includes(error.errno)) throw error;
      outcome.refusal = refusalText(error.code, bytes.length);
      return;
    }
    outcome.retval = result.retval;
    outcome.metadataLength = result.metadata.length;
    outcome.redirect = result.redirect;
    outcome.trap = result.trap;
    if (!this.#hook.seesEthernet) return;
    const after = result.packet;
    if (this.#hook.name === "tc") {
      const context = new DataView(result.context.buffer, result.context.byteOffset, result.context.length);
      SKB_ANSWERS.forEach(([, field], i) => {
        outcome.answers[i] = context.getUint32(field, true);
      });
    }
    outcome.growth = after.length - bytes.length;
    outcome.isChanged = Buffer.compare(after, bytes) !== 0;
    if (outcome.isChanged) this.#bytes = after;
  }

  left(): PacketRecord {
    const record = this.#left;
    const packet = this.#packet;
    if (packet === undefined) throw new RangeError("no packet was run");
    copyRecord(record, packet);
    const bytes = this.#bytes;
    if (bytes === undefined) return record;
    record.length += bytes.length - packet.capturedLength;
    record.buffer = bytes;
    record.offset = 0;
    record.capturedLength = bytes.length;
    return record;
  }
}
