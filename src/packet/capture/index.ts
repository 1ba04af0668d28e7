/**
 * Capture files: pcap and pcapng, read and written as streams in constant memory. Imports only
 * errors; nothing here knows what is in a packet.
 */
export type { CaptureInterface } from "./capture-interface.js";
export { type CaptureOptions, CaptureReader } from "./capture-reader.js";
export type { CaptureSource } from "./capture-source.js";
export { CapturedPacket } from "./captured-packet.js";
export { LinkType, linkTypeName, MAXIMUM_SNAP_LENGTH } from "./link-type.js";
export { openCapture, readCapture } from "./open-capture.js";
export type { CaptureSink } from "./output-buffer.js";
export type { PacketDirection, PacketOptions, PacketVerdict } from "./packet-options.js";
export { type PacketRecord, packetRecord } from "./packet-record.js";
export { PcapWriter, type PcapWriterOptions } from "./pcap-writer.js";
export {
  type InterfaceStatistics,
  type PacketAnnotations,
  type PcapngInterfaceFacts,
  type PcapngSectionFacts,
  PcapngWriter,
} from "./pcapng-writer.js";
