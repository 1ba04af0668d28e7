import type { Arena } from "../../arena/index.js";
import { flowKeys } from "./flow-keys.js";
import type { SkBuff } from "./sk-buff.js";

/**
 * A hash of the packet's flow, never 0: the same for all packets of a connection in both directions.
 * Which packets have the same is Linux's rule (net/core/flow_dissector.c, __flow_hash_from_keys); what
 * it is, no program may rely on: Linux keys its own with a random number.
 */
export function flowHash(arena: Arena, packet: SkBuff): number {
  const keys = flowKeys(arena.view, packet);
  // Addresses and ports are put in order, each for itself. Without addresses they stand as they are.
  const [source, destination] = [keys.source, keys.destination].sort(compare);
  const ports = source.length === 0 ? keys.ports : [...keys.ports].sort((a, b) => a - b);
  const words = [keys.protocol, keys.ipProtocol, keys.flowLabel, keys.greKey, ...keys.vlan, ...ports];
  let hash = 0x811c9dc5;
  for (const word of words) hash = mix(mix(hash, word), word >>> 16);
  for (const byte of [...source, ...destination]) hash = mix(hash, byte);
  return hash === 0 ? 1 : hash;
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const different = a.findIndex((byte, index) => byte !== b[index]);
  return different < 0 ? 0 : a[different] - b[different];
}

/** One step of FNV-1a, with a word of 16 bits. */
function mix(hash: number, word: number): number {
  return Math.imul(hash ^ (word & 0xffff), 0x01000193) >>> 0;
}
