import type { ObjectSpec, TypedMap } from "../../object/index.js";
import { hexText, type Json } from "../show/json.js";
import { type ShownValue, valueJson } from "../show/shown-value.js";
import { typedValue, untypedValue } from "../show/typed-value.js";
import type { EventTypes } from "./event-type.js";

/** A record that a program sent by a ring buffer or perf event. */
export interface ProgramEvent {
  readonly map: string;
  readonly value: ShownValue;
  /** What follows the typed part: the bytes of the packet that bpf_perf_event_output appends. */
  readonly rest: Uint8Array;
}

/** What became of one map's records. */
export interface EventCount {
  readonly map: string;
  records: number;
  bytes: number;
  /** Records that a full buffer lost. */
  lost: number;
}

/** Where the records of a run come from. */
export interface EventSource {
  /** Of the maps that had any. */
  readonly counts: readonly EventCount[];
  /** Whether records come in turns of the event loop, rather than at once. */
  readonly needsTurns: boolean;
  /** Takes what has come; gives it to `consume` where somebody wants to see it. */
  poll(consume: ((event: ProgramEvent) => void) | undefined): void;
  /** Waits for what is still on its way when the run is over. */
  settle(): Promise<void>;
}

export function newCount(map: string): EventCount {
  return { map, records: 0, bytes: 0, lost: 0 };
}

export function hasEvents({ records, lost }: EventCount): boolean {
  return records > 0 || lost > 0;
}

/** A record with what is known of its type. */
export function eventOf(
  spec: ObjectSpec,
  types: EventTypes,
  map: TypedMap,
  record: Uint8Array,
): ProgramEvent {
  const { btf, littleEndian } = spec;
  const typeId = types.typeOf(map.spec, record.length);
  if (btf === undefined || typeId === undefined) {
    return { map: map.name, value: untypedValue(record), rest: new Uint8Array(0) };
  }
  const size = btf.sizeOf(typeId);
  const value = typedValue(btf, typeId, record.subarray(0, size), littleEndian);
  return { map: map.name, value, rest: withoutPadding(record.subarray(size)) };
}

/** Linux pads perf records with zeroes, to 4 bytes less than a multiple of 8. */
function withoutPadding(rest: Uint8Array): Uint8Array {
  return rest.length < 8 && rest.every((byte) => byte === 0) ? rest.subarray(rest.length) : rest;
}

export function eventJson(event: ProgramEvent): { readonly [name: string]: Json } {
  const { map, value, rest } = event;
  return { map, value: valueJson(value), ...(rest.length === 0 ? {} : { rest: hexText(rest) }) };
}
