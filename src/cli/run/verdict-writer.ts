import {
  type CapturedPacket,
  type PacketAnnotations,
  type PacketRecord,
  PcapngWriter,
} from "../../packet/index.js";
import type { RedirectTarget } from "../../vm/index.js";
import type { OutputFile } from "../output-file.js";
import type { Hook } from "./hook.js";
import type { Outcome } from "./outcome.js";
import { outcomeDetails, verdictText } from "./outcome-text.js";
import type { PacketGroup } from "./packet-group.js";
import type { SentCopy } from "./sent-copies.js";

/** What the file says of the run it comes from. */
export interface VerdictFileFacts {
  readonly program: string;
  readonly kernel: string;
  readonly version: string;
  readonly filter: string | undefined;
}

interface Annotations extends PacketAnnotations {
  packetId: number;
  verdicts?: { type: "tc" | "xdp"; value: number }[];
}

/**
 * The -w file: a pcapng with an interface for the packets as the program got them and one for those
 * that it let go on, as they left. Both carry the verdict (epb_verdict, as xdpdump writes it), so that
 * Wireshark's frame.verdict.ebpf_xdp and ebpf_tc find them, and one packet id for the same packet.
 */
export class VerdictWriter {
  readonly #file: OutputFile;
  readonly #writer: PcapngWriter;
  readonly #hook: Hook;
  readonly #in: number;
  readonly #out: number;
  readonly #annotations = new Map<PacketGroup, Annotations>();
  packets = 0;

  constructor(file: OutputFile, hook: Hook, facts: VerdictFileFacts) {
    this.#file = file;
    this.#hook = hook;
    this.#writer = new PcapngWriter(file.sink, {
      application: `wirebee ${facts.version}`,
      os: facts.kernel,
    });
    const side = hook.isEgress === undefined ? "" : hook.isEgress ? "egress:" : "ingress:";
    const name = `${hook.name}:${facts.program}:${side}`;
    const filter = facts.filter === undefined ? {} : { filter: facts.filter };
    this.#in = this.#writer.addInterface({
      name: `${name}in`,
      description: `packets as ${facts.program} got them`,
      ...filter,
    });
    this.#out = this.#writer.addInterface({
      name: `${name}out`,
      description: `packets that ${facts.program} let go on, as they left`,
    });
  }

  /** What the file is called. */
  get name(): string {
    return this.#file.name;
  }

  /** False where `drain` should be awaited before more is written. */
  write(
    packet: CapturedPacket,
    outcome: Outcome,
    group: PacketGroup,
    left: () => PacketRecord,
    copies: readonly SentCopy[],
  ): boolean {
    const annotations = this.#annotationsOf(group, outcome);
    annotations.packetId = packet.number;
    if (outcome.queue !== undefined) annotations.queue = outcome.queue;
    annotations.direction = this.#hook.isEgress === true ? "outbound" : "inbound";
    let isReady = this.#writer.write(packet, this.#in, annotations);
    this.packets++;
    for (const copy of copies) {
      isReady = this.#writeCopy(packet, copy);
      this.packets++;
    }
    const fate = outcome.refusal === undefined ? this.#hook.fateOf(group.verdict) : "gone";
    if (fate === "gone") return isReady;
    annotations.direction = fate === "out" && !isIntoDevice(group.redirect) ? "outbound" : "inbound";
    this.packets++;
    return this.#writer.write(left(), this.#out, annotations);
  }

  #writeCopy(packet: CapturedPacket, copy: SentCopy): boolean {
    const record = {
      buffer: copy.packet,
      offset: 0,
      capturedLength: copy.packet.length,
      length: copy.packet.length,
      seconds: packet.seconds,
      nanoseconds: packet.nanoseconds,
    };
    return this.#writer.write(record, this.#out, {
      packetId: packet.number,
      direction: copy.isIngress ? "inbound" : "outbound",
      comment: `copy by bpf_clone_redirect to ifindex ${copy.ifindex}`,
    });
  }

  /** The annotations of a group's packets: one object, whose packet id changes. */
  #annotationsOf(group: PacketGroup, outcome: Outcome): Annotations {
    let annotations = this.#annotations.get(group);
    if (annotations === undefined) {
      const text = [verdictText(this.#hook, group), ...outcomeDetails(this.#hook, group)].join(", ");
      annotations = { packetId: 0, comment: text };
      const type = this.#hook.verdictType;
      if (type !== undefined && group.refusal === undefined) annotations.verdicts = [{ type, value: 0 }];
      this.#annotations.set(group, annotations);
    }
    if (annotations.verdicts !== undefined) {
      annotations.verdicts[0].value = this.#hook.name === "tc" ? outcome.retval | 0 : outcome.retval;
    }
    return annotations;
  }

  drain(): Promise<void> {
    return this.#writer.drain();
  }

  /** Finishes the file under its name. */
  async commit(): Promise<void> {
    await this.#writer.flush();
    await this.#file.commit();
  }

  /** Leaves what was there before. */
  discard(): Promise<void> {
    return this.#file.discard();
  }
}

const F_INGRESS = 1;

/** A redirect to the receiving side of a device, or of the device at its other end. */
function isIntoDevice(target: RedirectTarget): boolean {
  return target.kind === "peer" || (target.kind === "device" && (target.flags & F_INGRESS) !== 0);
}
