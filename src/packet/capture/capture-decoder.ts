import type { ByteWindow } from "./byte-window.js";
import type { CaptureInterface } from "./capture-interface.js";
import type { CapturedPacket } from "./captured-packet.js";

/** What a file format does for CaptureReader. */
export interface CaptureDecoder {
  readonly format: "pcap" | "pcapng";
  /** The interfaces known so far (pcapng: of the section being read). */
  readonly interfaces: readonly CaptureInterface[];
  /**
   * Consumes up to and including the next packet and describes it in `packet`; false where the window
   * ends before it. Throws CaptureFormatError at what is no packet.
   */
  next(window: ByteWindow, packet: CapturedPacket): boolean;
  /** Called when `next` returned false and no byte is to come: throws where the file ends too early. */
  finish(window: ByteWindow): void;
}
