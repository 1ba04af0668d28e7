import type { Arena } from "../../arena/index.js";
import type { SkBuff } from "./sk-buff.js";

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const TCP = 6;
const UDP = 17;
const SCTP = 132;

/**
 * A hash of the packet's flow: the same for all packets of a connection in one direction, never 0.
 * Linux's skb_get_hash is keyed with a random number at boot, so no program may rely on more.
 */
export function flowHash(arena: Arena, packet: SkBuff): number {
  const { u8 } = arena;
  const header = packet.at(packet.networkOffset);
  const room = packet.dataEnd - header;
  let hash = mix(0x811c9dc5, packet.protocol);
  const addBytes = (from: number, length: number) => {
    for (let i = 0; i < length; i++) hash = mix(hash, u8[from + i]);
  };
  let ports = 0;
  let protocol = 0;
  if (packet.protocol === ETH_P_IP && room >= 20) {
    protocol = u8[header + 9];
    addBytes(header + 12, 8);
    const isFragment = ((u8[header + 6] & 0x3f) | u8[header + 7]) !== 0;
    if (!isFragment) ports = header + (u8[header] & 0xf) * 4;
  } else if (packet.protocol === ETH_P_IPV6 && room >= 40) {
    protocol = u8[header + 6];
    addBytes(header + 8, 32);
    ports = header + 40;
  } else {
    addBytes(packet.at(packet.macOffset), 12);
  }
  hash = mix(hash, protocol);
  const hasPorts = protocol === TCP || protocol === UDP || protocol === SCTP;
  if (ports !== 0 && hasPorts && ports + 4 <= packet.dataEnd) addBytes(ports, 4);
  return hash === 0 ? 1 : hash;
}

/** One step of FNV-1a. */
function mix(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193) >>> 0;
}
