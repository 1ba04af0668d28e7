import { type CapturedPacket, type PacketRecord, summarize } from "../../packet/index.js";
import type { Printer } from "../printer.js";
import { hexDump } from "../show/hex-dump.js";
import { hexText } from "../show/json.js";
import { valueLines } from "../show/shown-value.js";
import { timeOfDay } from "../show/time-of-day.js";
import { wrap } from "../show/wrap.js";
import type { ProgramEvent } from "./events.js";
import { type Hook, verdictColour } from "./hook.js";
import type { Listing } from "./listing.js";
import { outcomeDetails, verdictText } from "./outcome-text.js";
import type { PacketGroup } from "./packet-group.js";
import type { TraceLine } from "./trace-log.js";

export interface ListingChoices {
  readonly packets: boolean;
  readonly hex: boolean;
  readonly trace: boolean;
}

const NUMBER_WIDTH = 6;
const VERDICT_WIDTH = 12;

/** One line for each packet, in the manner of tcpdump, with what the program said behind it. */
export class TextListing implements Listing {
  readonly #printer: Printer;
  readonly #hook: Hook;
  readonly #choices: ListingChoices;
  /** A group's part of a line, which is the same for all of its packets. */
  readonly #texts = new Map<PacketGroup, { readonly verdict: string; readonly details: string }>();

  constructor(printer: Printer, hook: Hook, choices: ListingChoices) {
    this.#printer = printer;
    this.#hook = hook;
    this.#choices = choices;
  }

  get isBusy(): boolean {
    return this.#printer.isBusy;
  }

  get isClosed(): boolean {
    return this.#printer.isClosed;
  }

  get wantsPackets(): boolean {
    return this.#choices.packets;
  }

  get wantsEvents(): boolean {
    return this.#choices.packets;
  }

  get wantsTrace(): boolean {
    return this.#choices.packets || this.#choices.trace;
  }

  packet(packet: CapturedPacket, group: PacketGroup, left: () => PacketRecord): void {
    const { verdict, details } = this.#textOf(group);
    const number = String(packet.number).padStart(NUMBER_WIDTH);
    const time = packet.hasTimestamp ? timeOfDay(packet.seconds, packet.nanoseconds) : "-".padEnd(15);
    this.#printer.line(`${number} ${time} ${verdict} ${summarize(packet.bytes)}`);
    if (details !== "") this.#more(details);
    if (!this.#choices.hex) return;
    const { buffer, offset, capturedLength } = left();
    for (const line of hexDump(buffer.subarray(offset, offset + capturedLength))) this.#printer.line(line);
  }

  #textOf(group: PacketGroup): { readonly verdict: string; readonly details: string } {
    let text = this.#texts.get(group);
    if (text === undefined) {
      const { palette } = this.#printer;
      const word = verdictText(this.#hook, group);
      const padding = " ".repeat(Math.max(0, VERDICT_WIDTH - word.length));
      const colour = group.refusal === undefined ? verdictColour(this.#hook, group.verdict) : "magenta";
      const details = outcomeDetails(this.#hook, group).join(", ");
      text = { verdict: palette.paint(colour, word) + padding, details };
      this.#texts.set(group, text);
    }
    return text;
  }

  #more(text: string): void {
    const indent = " ".repeat(NUMBER_WIDTH + 1);
    for (const line of wrap(text, this.#printer.columns - indent.length)) {
      this.#printer.line(indent + this.#printer.palette.paint("dim", line));
    }
  }

  event(_packet: number, event: ProgramEvent): void {
    const indent = " ".repeat(NUMBER_WIDTH + 1);
    const lines = valueLines(event.value, this.#printer.columns, `${indent}${event.map}: `, indent);
    for (const line of lines) this.#printer.line(line);
    if (event.rest.length > 0) this.#printer.line(`${indent}  + ${hexText(event.rest)}`);
  }

  trace({ packet, text }: TraceLine): void {
    if (this.#choices.packets) this.#printer.line(`${" ".repeat(NUMBER_WIDTH + 1)}trace: ${text}`);
    else this.#printer.line(`${String(packet).padStart(NUMBER_WIDTH)} trace: ${text}`);
  }

  drain(): Promise<void> {
    return this.#printer.drain();
  }
}
