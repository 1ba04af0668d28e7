import { type CapturedPacket, type PacketRecord, summarize } from "../../packet/index.js";
import type { Printer } from "../printer.js";
import { hexText, type Json } from "../show/json.js";
import { eventJson, type ProgramEvent } from "./events.js";
import type { Hook } from "./hook.js";
import type { Listing } from "./listing.js";
import type { PacketGroup } from "./packet-group.js";
import { groupJson } from "./summary-json.js";
import type { TraceLine } from "./trace-log.js";

/** A line of JSON for each packet, event and line of trace; the summary is the last line. */
export class JsonListing implements Listing {
  readonly #printer: Printer;
  readonly #hook: Hook;
  readonly #withBytes: boolean;
  readonly #outcomes = new Map<PacketGroup, { readonly [name: string]: Json | undefined }>();
  readonly wantsPackets = true;
  readonly wantsEvents = true;
  readonly wantsTrace = true;

  constructor(printer: Printer, hook: Hook, withBytes: boolean) {
    this.#printer = printer;
    this.#hook = hook;
    this.#withBytes = withBytes;
  }

  get isBusy(): boolean {
    return this.#printer.isBusy;
  }

  get isClosed(): boolean {
    return this.#printer.isClosed;
  }

  packet(packet: CapturedPacket, group: PacketGroup, left: () => PacketRecord): void {
    let outcome = this.#outcomes.get(group);
    if (outcome === undefined) {
      outcome = groupJson(this.#hook, group);
      this.#outcomes.set(group, outcome);
    }
    this.#line({
      type: "packet",
      number: packet.number,
      time: packet.hasTimestamp ? `${packet.seconds}.${String(packet.nanoseconds).padStart(9, "0")}` : null,
      length: packet.length,
      summary: summarize(packet.bytes),
      ...outcome,
      ...(this.#withBytes ? { bytes: leftHex(left()) } : {}),
    });
  }

  event(packet: number, event: ProgramEvent): void {
    this.#line({ type: "event", packet, ...eventJson(event) });
  }

  trace({ packet, text }: TraceLine): void {
    this.#line({ type: "trace", packet, text });
  }

  #line(value: Json): void {
    this.#printer.line(JSON.stringify(value));
  }

  drain(): Promise<void> {
    return this.#printer.drain();
  }
}

function leftHex({ buffer, offset, capturedLength }: PacketRecord): string {
  return hexText(buffer.subarray(offset, offset + capturedLength));
}
