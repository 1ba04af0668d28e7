import { Attributes } from "./sys/attributes.js";
import { BpfCommand } from "./sys/bpf-command.js";

/** What BPF_PROG_TEST_RUN gives. */
export interface TestRunResult {
  readonly retval: number;
  /** Copies. */
  readonly data: Uint8Array;
  readonly context: Uint8Array;
}

/** Room that a program may make: beyond the packet's own length, what an sk_buff may grow to. */
const GROWTH = 1 << 16;

/** union bpf_attr up to batch_size. */
const SIZE = 76;

/** Runs programs on packets, with one buffer for what comes out. Throws KernelError. */
export class TestRunner {
  #out = new Uint8Array(GROWTH + 2048);

  run(fd: number, packet: Uint8Array, context: Uint8Array, detail: string): TestRunResult {
    if (this.#out.length < packet.length + GROWTH) this.#out = new Uint8Array(packet.length + GROWTH);
    const contextOut = new Uint8Array(context.length);
    const attributes = new Attributes(SIZE)
      .u32(0, fd)
      .u32(8, packet.length)
      .u32(12, this.#out.length)
      .pointer(16, packet)
      .pointer(24, this.#out)
      .u32(32, 1)
      .u32(40, context.length)
      .u32(44, contextOut.length)
      .pointer(48, context)
      .pointer(56, contextOut);
    attributes.call(BpfCommand.ProgTestRun, detail);
    return {
      retval: attributes.readU32(4),
      data: this.#out.slice(0, attributes.readU32(12)),
      context: contextOut,
    };
  }
}
