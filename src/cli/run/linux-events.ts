import { setImmediate } from "node:timers/promises";
import type { LinuxObject } from "../../linux/index.js";
import type { TypedMap } from "../../object/index.js";
import { MapType } from "../../uapi/index.js";
import type { EventTypes } from "./event-type.js";
import {
  type EventCount,
  type EventSource,
  eventOf,
  hasEvents,
  newCount,
  type ProgramEvent,
} from "./events.js";

/** Turns of the event loop without a record after which none is on its way. */
const QUIET_TURNS = 8;

/** Records of Linux's maps, which arrive in turns of the event loop: soon after the packet they are of. */
export class LinuxEvents implements EventSource {
  readonly needsTurns: boolean;
  readonly #object: LinuxObject;
  readonly #types: EventTypes;
  readonly #counts: EventCount[] = [];
  readonly #waiting: { readonly map: TypedMap; readonly record: Uint8Array }[] = [];
  readonly #stop = new AbortController();
  readonly #readers: Promise<void>[] = [];
  #arrived = 0;
  #failure: { readonly cause: unknown } | undefined;

  constructor(object: LinuxObject, types: EventTypes) {
    this.#object = object;
    this.#types = types;
    for (const map of object.maps.values()) {
      if (map.raw.type !== MapType.Ringbuf && map.raw.type !== MapType.PerfEventArray) continue;
      const count = newCount(map.name);
      this.#counts.push(count);
      // Awaited in `settle`; a failure before is thrown by `poll`.
      const reader = this.#read(map, count).catch((cause: unknown) => {
        this.#failure ??= { cause };
      });
      this.#readers.push(reader);
    }
    this.needsTurns = this.#readers.length > 0;
  }

  async #read(map: TypedMap, count: EventCount): Promise<void> {
    const records = this.#object.records(map.name, {
      signal: this.#stop.signal,
      onLost: (lost) => {
        count.lost += Number(lost);
      },
    });
    for await (const record of records) {
      this.#arrived++;
      count.records++;
      count.bytes += record.length;
      this.#waiting.push({ map, record });
    }
  }

  get counts(): readonly EventCount[] {
    return this.#counts.filter(hasEvents);
  }

  poll(consume: ((event: ProgramEvent) => void) | undefined): void {
    if (this.#failure !== undefined) throw this.#failure.cause;
    if (this.#waiting.length === 0) return;
    for (const { map, record } of this.#waiting.splice(0)) {
      consume?.(eventOf(this.#object.spec, this.#types, map, record));
    }
  }

  async settle(): Promise<void> {
    let quiet = 0;
    while (quiet < QUIET_TURNS && this.#readers.length > 0 && this.#failure === undefined) {
      const before = this.#arrived;
      await setImmediate();
      quiet = this.#arrived === before ? quiet + 1 : 0;
    }
    this.#stop.abort();
    await Promise.all(this.#readers);
  }
}
