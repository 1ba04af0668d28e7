import type { CapturedPacket, PacketRecord } from "../../packet/index.js";
import type { ProgramEvent } from "./events.js";
import type { PacketGroup } from "./packet-group.js";
import type { TraceLine } from "./trace-log.js";

/** Shows a run packet by packet, as it goes. */
export interface Listing {
  /** Whether `drain` should be awaited before much more is shown. */
  readonly isBusy: boolean;
  /** Whether nobody looks any more. */
  readonly isClosed: boolean;
  readonly wantsPackets: boolean;
  readonly wantsEvents: boolean;
  readonly wantsTrace: boolean;
  packet(packet: CapturedPacket, group: PacketGroup, left: () => PacketRecord): void;
  event(packet: number, event: ProgramEvent): void;
  trace(line: TraceLine): void;
  drain(): Promise<void>;
}
