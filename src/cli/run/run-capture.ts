import { setImmediate } from "node:timers/promises";
import { CaptureFormatError } from "../../errors.js";
import { type CaptureReader, type Filter, summarize } from "../../packet/index.js";
import type { CaptureInput } from "../capture-source.js";
import { namingFile } from "../file-error.js";
import type { EventSource, ProgramEvent } from "./events.js";
import type { Hook } from "./hook.js";
import type { Listing } from "./listing.js";
import { Outcome } from "./outcome.js";
import { PacketGroups } from "./packet-group.js";
import type { PacketRunner } from "./packet-runner.js";
import type { Progress } from "./progress.js";
import type { SentCopies } from "./sent-copies.js";
import type { TraceLine, TraceLog } from "./trace-log.js";
import type { VerdictWriter } from "./verdict-writer.js";

/** What a run is made of. */
export interface RunParts {
  readonly input: CaptureInput;
  readonly reader: CaptureReader;
  readonly filter: Filter | undefined;
  /** Packets to run at most. */
  readonly limit: number;
  readonly hook: Hook;
  readonly runner: PacketRunner;
  readonly events: EventSource;
  readonly trace: TraceLog;
  readonly copies: SentCopies;
  readonly writer: VerdictWriter | undefined;
  readonly listing: Listing | undefined;
  readonly progress: Progress;
  readonly isInterrupted: () => boolean;
}

/** What came of a run. */
export interface RunResultCounts {
  readonly groups: PacketGroups;
  /** Packets of the capture that were looked at, and those of them that the filter let through. */
  read: number;
  run: number;
  /** Packets run of which the capture has only the beginning. */
  cut: number;
  /** Why the capture could not be read, or the program run, to the end. */
  failure: unknown;
}

/** Packets between two looks at the clock. */
const STRIDE = 64;
/** The event loop has a turn, in which signals arrive, at least this often, ms. */
const TURN = 50;

/**
 * Gives the packets of a capture to a program, in memory that does not grow with the capture. What
 * fails on the way ends the run, and is in the result: what came before it counts.
 */
export async function runCapture(parts: RunParts): Promise<RunResultCounts> {
  const run = new CaptureRun(parts);
  try {
    await run.run();
    await run.settle();
  } catch (error) {
    // Of a stream that was stopped, the last packet may be in part there.
    const isCutOff = error instanceof CaptureFormatError && parts.isInterrupted();
    if (!isCutOff)
      run.result.failure = error instanceof CaptureFormatError ? namingFile(error, parts.input.name) : error;
  }
  parts.progress.clear();
  return run.result;
}

class CaptureRun {
  readonly result: RunResultCounts;
  readonly #parts: RunParts;
  readonly #outcome = new Outcome();
  readonly #traced: TraceLine[] = [];
  #turnAt = performance.now();
  #isWriterBusy = false;
  readonly #consume: ((event: ProgramEvent) => void) | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.result = { groups: new PacketGroups(parts.hook), read: 0, run: 0, cut: 0, failure: undefined };
    this.#consume = parts.listing?.wantsEvents === true ? this.#showEvent : undefined;
    if (parts.listing?.wantsTrace === true) parts.trace.onLine = (line) => this.#traced.push(line);
  }

  async run(): Promise<void> {
    const { reader, listing, writer, limit } = this.#parts;
    do {
      while (reader.next()) {
        if (this.#step() && this.result.run >= limit) return;
        if (this.result.read % STRIDE === 0 && this.#wantsTurn()) await this.#turn();
        if (this.#isOver()) return;
        if (listing?.isBusy === true) await listing.drain();
        if (this.#isWriterBusy) await writer?.drain();
      }
      // A capture that still grows, on standard input, is shown as far as it has come.
      await listing?.drain();
      if (this.#isOver()) return;
    } while (await reader.fill());
  }

  /** The records of the last packets. */
  async settle(): Promise<void> {
    const { events } = this.#parts;
    await events.settle();
    events.poll(this.#consume);
  }

  #wantsTurn(): boolean {
    return this.#parts.events.needsTurns || performance.now() - this.#turnAt >= TURN;
  }

  #isOver(): boolean {
    const { isInterrupted, listing, writer } = this.#parts;
    return isInterrupted() || (writer === undefined && listing?.isClosed === true);
  }

  async #turn(): Promise<void> {
    const { progress, input } = this.#parts;
    progress.update(input.consumed, this.result.read);
    await setImmediate();
    this.#turnAt = performance.now();
  }

  /** Runs the program for the packet that the reader stands at; false where the filter leaves it out. */
  #step(): boolean {
    const { reader, filter, runner, events, trace, copies, writer, listing } = this.#parts;
    const { packet } = reader;
    const { bytes } = packet;
    const { result } = this;
    const outcome = this.#outcome;
    result.read++;
    if (filter !== undefined && !filter.matchesPacket(packet)) return false;
    result.run++;
    if (packet.capturedLength < packet.length) result.cut++;
    trace.packet = packet.number;
    copies.next();
    runner.run(packet, bytes, outcome);
    const group = result.groups.groupOf(outcome);
    if (group.packets === 0) group.sample = summarize(bytes);
    group.add(packet.number, packet.length);
    if (writer !== undefined) {
      this.#isWriterBusy = !writer.write(packet, outcome, group, this.#left, copies.current);
    }
    if (listing?.wantsPackets === true) listing.packet(packet, group, this.#left);
    if (this.#traced.length > 0) for (const line of this.#traced.splice(0)) listing?.trace(line);
    events.poll(this.#consume);
    return true;
  }

  // Made once, not for each packet.
  readonly #left = () => this.#parts.runner.left();
  readonly #showEvent = (event: ProgramEvent): void => {
    this.#parts.listing?.event(this.#parts.reader.packet.number, event);
  };
}
