import type { TrialPacket } from "../../../src/testing/index.js";
import { onOperands, operandsPacket } from "../instructions/operands.js";

/*
 * Programs that do something to a map with what the packet says: the key is at r8 (the packet's first
 * operand), the value behind it at r8 + 8 (the second operand). What helpers return is left in r0, and
 * what they write in the same places: all three are written back to the packet.
 */

const KEY = "r2 = r8";
const VALUE = "r3 = r8\nr3 += 8";
/** r1 and r2 are scalars again, so that they can be written to the packet. */
const CLEAR = "r1 = 0\nr2 = 0";

export const lookup = (map: string) => `r1 = ${map} ll\n${KEY}\ncall map_lookup_elem`;

/** Reads the value that a look-up found into r0, all ones where it found none, and counts it up. */
export const readAndCount = (size: 4 | 8 = 8) => `
  if r0 != 0 goto found
  r0 = -1
  goto out
  found: r3 = r0
  r0 = *(u${size * 8} *)(r3 + 0)
  r4 = r0
  r4 += 3
  *(u${size * 8} *)(r3 + 0) = r4
  out: ${CLEAR}`;

export const update = (map: string, flags = 0) =>
  `r1 = ${map} ll\n${KEY}\n${VALUE}\nr4 = ${flags}\ncall map_update_elem\n${CLEAR}`;

export const remove = (map: string) => `r1 = ${map} ll\n${KEY}\ncall map_delete_elem\n${CLEAR}`;

export const push = (map: string, flags = 0) =>
  `r1 = ${map} ll\nr2 = r8\nr2 += 8\nr3 = ${flags}\ncall map_push_elem\n${CLEAR}`;

export const pop = (map: string) => `r1 = ${map} ll\nr2 = r8\nr2 += 8\ncall map_pop_elem\n${CLEAR}`;

export const peek = (map: string) => `r1 = ${map} ll\nr2 = r8\nr2 += 8\ncall map_peek_elem\n${CLEAR}`;

/** One of several operations, chosen by the packet's third operand (which `onOperands` puts into r0). */
export function choose(...operations: readonly string[]): string {
  const blocks = operations.map((operation, index) => {
    // Labels of one operation must not be those of another.
    const own = operation.replace(/\b(found|out|inner|missing)\b/g, `$1_${index}`);
    return `choice_${index}: if r9 != ${index} goto choice_${index + 1}\n${own}\ngoto chosen`;
  });
  return `r9 = r0\n${blocks.join("\n")}\nchoice_${operations.length}: r0 = -2\nchosen: ${CLEAR}`;
}

export const program = (body: string) => onOperands(body);

/** Packets in a reproducible order: small keys, so that they meet again; `choices` operations. */
export function operationPackets(count: number, keys: number, choices: number, seed: number): TrialPacket[] {
  let state = seed >>> 0;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: count }, () =>
    operandsPacket(BigInt(next(keys)), BigInt(next(2 ** 32)) << BigInt(next(32)), BigInt(next(choices))),
  );
}
