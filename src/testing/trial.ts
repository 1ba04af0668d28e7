import type { RunOptions } from "../kernel.js";
import type { ObjectSpec } from "../object/index.js";

/** A packet and what the program is run with. */
export interface TrialPacket {
  readonly packet: Uint8Array;
  readonly options?: RunOptions;
}

/** What a map holds before the first packet; an empty key for queues, stacks and bloom filters. */
export interface MapContent {
  readonly map: string;
  readonly key: Uint8Array;
  /** Per-CPU maps: every CPU's value, each rounded up to 8 bytes. */
  readonly value: Uint8Array;
}

/**
 * A place whose content two kernels cannot have in common, so that it is not compared: what holds an
 * address, a time, a random number or an id. Offsets and sizes are in bytes.
 */
export type Incomparable =
  | { readonly what: "return value" }
  | { readonly what: "packet"; readonly offset: number; readonly size: number }
  | { readonly what: "context"; readonly offset: number; readonly size: number }
  /** The map as a whole: its keys, or their number, differ. */
  | { readonly what: "map"; readonly map: string }
  /** Part of each of the map's values. */
  | { readonly what: "map value"; readonly map: string; readonly offset: number; readonly size: number }
  /** Part of each record of a RINGBUF or PERF_EVENT_ARRAY. */
  | { readonly what: "record"; readonly map: string; readonly offset: number; readonly size: number };

/** One program to be run on two kernels, packet after packet: plain data, so that it can be shrunk. */
export interface Trial {
  readonly object: ObjectSpec;
  /** The program that runs; the object's first one by default. */
  readonly program?: string;
  readonly contents?: readonly MapContent[];
  /** Maps that are frozen once they have their contents. */
  readonly frozen?: readonly string[];
  readonly packets: readonly TrialPacket[];
  readonly incomparable?: readonly Incomparable[];
}

/** The incomparable places of one kind, of one map where it is a map's. */
export function placesOf<W extends Incomparable["what"]>(
  trial: Trial,
  what: W,
  map?: string,
): Extract<Incomparable, { readonly what: W }>[] {
  return (trial.incomparable ?? []).filter(
    (place): place is Extract<Incomparable, { readonly what: W }> =>
      place.what === what && (map === undefined || ("map" in place && place.map === map)),
  );
}

/** A copy of bytes with incomparable places zeroed; the bytes themselves where there are none. */
export function masked(
  bytes: Uint8Array,
  places: readonly { readonly offset: number; readonly size: number }[],
): Uint8Array {
  if (places.length === 0) return bytes;
  const copy = bytes.slice();
  for (const { offset, size } of places) copy.fill(0, offset, offset + size);
  return copy;
}
