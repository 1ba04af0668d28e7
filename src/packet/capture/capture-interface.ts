import type { TimestampScale } from "./timestamp-scale.js";

/** What a capture file says of the device (or hook) that its packets came from. */
export interface CaptureInterface {
  /** Number in its section, from 0. */
  readonly index: number;
  /** LINKTYPE_ number: what the packets' first bytes are. */
  readonly linkType: number;
  /** The most bytes of a packet that were kept; 0 where the file sets no limit. */
  readonly snapLength: number;
  readonly name?: string;
  readonly description?: string;
  readonly hardware?: string;
  readonly os?: string;
  /** The capture filter, as text. */
  readonly filter?: string;
  readonly comments: readonly string[];
  /** Bits per second. */
  readonly speed?: bigint;
  /** Six bytes. */
  readonly macAddress?: Uint8Array;
  /** Bytes of frame check sequence at the end of each packet, where the file says so. */
  readonly fcsLength?: number;
  /** How ticks of the file become seconds and nanoseconds. */
  readonly scale: TimestampScale;
}
