/**
 * Packets: capture files, header codecs, packet builders, checksums, filter expressions. Browser-safe;
 * imports errors and uapi.
 */
export * from "./address/index.js";
export { buildPacket, type PacketPart } from "./build-packet.js";
export * from "./capture/index.js";
export * from "./checksum/index.js";
export {
  type DissectedLayer,
  type Dissection,
  dissect,
  findLayer,
  type HeaderByName,
  type LayerName,
} from "./dissect.js";
export { EtherType, isVlanType } from "./ether-type.js";
export * from "./filter/index.js";
export * from "./header/index.js";
export { IpProtocol } from "./ip-protocol.js";
export type { Layer, LayerPlace } from "./layer.js";
export { summarize } from "./summary/summarize.js";
