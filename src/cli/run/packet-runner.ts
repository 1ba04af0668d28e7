import type { RunOptions } from "../../kernel.js";
import type { CapturedPacket, PacketRecord } from "../../packet/index.js";
import type { Hook } from "./hook.js";
import type { Outcome } from "./outcome.js";

/** Gives a program packet after packet, in whichever kernel. */
export interface PacketRunner {
  /** Fills `outcome` with what the program made of the packet, whose bytes are `bytes`. */
  run(packet: CapturedPacket, bytes: Uint8Array, outcome: Outcome): void;
  /** The last packet as it left the program, with its own time; its bytes hold until the next run. */
  left(): PacketRecord;
}

/** Where packets come in: the same for all of a run. What is undefined is as BPF_PROG_TEST_RUN has it. */
export interface Arrival {
  readonly ifindex: number | undefined;
  readonly queue: number | undefined;
}

/** What a program of this hook is told of where a packet came in. */
export function runOptions(hook: Hook, { ifindex, queue }: Arrival): RunOptions {
  if (hook.name === "xdp") {
    return {
      ...(ifindex === undefined ? {} : { ingressIfindex: ifindex }),
      ...(queue === undefined ? {} : { rxQueueIndex: queue }),
    };
  }
  const isEgress = hook.isEgress === true;
  return {
    skb: {
      ...(ifindex === undefined ? {} : { ifindex, ingressIfindex: isEgress ? 0 : ifindex }),
      // skb_record_rx_queue stores queue + 1, so that 0 means none; a packet to be sent has its TX queue.
      ...(queue === undefined ? {} : { queueMapping: isEgress ? queue : queue + 1 }),
    },
  };
}

/** The queue that packets are said to come in by: XDP programs always have one. */
export function queueOf(hook: Hook, { queue }: Arrival): number | undefined {
  return hook.name === "xdp" ? (queue ?? 0) : queue;
}

/** A record that is filled anew for each packet. */
export interface MutableRecord {
  buffer: Uint8Array;
  offset: number;
  capturedLength: number;
  length: number;
  seconds: number;
  nanoseconds: number;
}

export function emptyRecord(): MutableRecord {
  return { buffer: new Uint8Array(0), offset: 0, capturedLength: 0, length: 0, seconds: 0, nanoseconds: 0 };
}

/** Makes `record` say the same as a captured packet. */
export function copyRecord(record: MutableRecord, packet: PacketRecord): void {
  record.buffer = packet.buffer;
  record.offset = packet.offset;
  record.capturedLength = packet.capturedLength;
  record.length = packet.length;
  record.seconds = packet.seconds;
  record.nanoseconds = packet.nanoseconds;
}
