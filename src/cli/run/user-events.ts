import type { LoadedObject } from "../../kernel.js";
import { PerfEventArray, RingBuffer } from "../../maps/index.js";
import type { ObjectSpec, TypedMap } from "../../object/index.js";
import type { EventTypes } from "./event-type.js";
import {
  type EventCount,
  type EventSource,
  eventOf,
  hasEvents,
  newCount,
  type ProgramEvent,
} from "./events.js";

interface Source {
  readonly map: TypedMap;
  readonly raw: RingBuffer | PerfEventArray;
  readonly count: EventCount;
}

/** Records of the user-space kernel's maps: taken after each packet, so that it is known whose they are. */
export class UserEvents implements EventSource {
  readonly needsTurns = false;
  readonly #spec: ObjectSpec;
  readonly #types: EventTypes;
  readonly #sources: Source[] = [];

  constructor(object: LoadedObject, types: EventTypes) {
    this.#spec = object.spec;
    this.#types = types;
    for (const map of object.maps.values()) {
      const { raw } = map;
      if (!(raw instanceof RingBuffer || raw instanceof PerfEventArray)) continue;
      if (raw instanceof PerfEventArray) raw.open();
      this.#sources.push({ map, raw, count: newCount(map.name) });
    }
  }

  get counts(): readonly EventCount[] {
    for (const { raw, count } of this.#sources) if (raw instanceof PerfEventArray) count.lost = raw.lost;
    return this.#sources.map(({ count }) => count).filter(hasEvents);
  }

  poll(consume: ((event: ProgramEvent) => void) | undefined): void {
    for (const { map, raw, count } of this.#sources) {
      const take = (record: Uint8Array) => {
        count.records++;
        count.bytes += record.length;
        consume?.(eventOf(this.#spec, this.#types, map, record));
      };
      if (raw instanceof RingBuffer) raw.drain(take);
      else for (const { data } of raw.drain()) take(data);
    }
  }

  async settle(): Promise<void> {}
}
