import type { LoadedObject } from "../../src/kernel.js";

/** The firewall's rules that are built in, by the numbers that its counters have them under. */
export const Rule = {
  Policy: 0,
  Malformed: 1,
  NotIp: 2,
  Neighbour: 3,
  Fragment: 4,
  Limit: 5,
} as const;

export interface Counter {
  packets: bigint;
  bytes: bigint;
}

/** What a rule has counted on all CPUs together. */
export function ruleCounter(object: LoadedObject, rule: number): Counter {
  const sum = { packets: 0n, bytes: 0n };
  for (const { packets, bytes } of object.map("counters").get(rule) as unknown as Counter[]) {
    sum.packets += packets;
    sum.bytes += bytes;
  }
  return sum;
}
