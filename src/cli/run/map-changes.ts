import type { TypedMap } from "../../object/index.js";
import { elementsOf, isArray, isChangeable, isZero } from "../map-elements.js";
import { ElementShower } from "../show/map-element.js";

/** An element that the run has made, changed or taken away. */
export interface ElementChange {
  readonly key: Uint8Array;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

/** What the run has changed of a map. */
export interface MapChanges {
  readonly map: TypedMap;
  readonly shower: ElementShower;
  /** In the order of the keys. */
  readonly changes: readonly ElementChange[];
  /** Elements that it has now. */
  readonly entries: number;
}

/** The maps' content before a run, for what the run changes to be told afterwards. */
export class MapSnapshot {
  readonly #maps: readonly TypedMap[];
  readonly #before = new Map<TypedMap, ReadonlyMap<string, Uint8Array>>();

  /** `filled` names the maps that were given content since they were made. */
  constructor(maps: Iterable<TypedMap>, filled: ReadonlySet<string>) {
    this.#maps = [...maps].filter(isChangeable);
    for (const map of this.#maps) {
      // An array that was just made is all zeroes: no need to look at a million of them.
      const isFresh = map.spec.data === undefined && !map.spec.isPinnedByName && !filled.has(map.name);
      this.#before.set(map, isArray(map) && isFresh ? new Map() : contentOf(map));
    }
  }

  /** The maps that differ from then. */
  compare(): MapChanges[] {
    return this.#maps.map((map) => this.#compare(map)).filter(({ changes }) => changes.length > 0);
  }

  #compare(map: TypedMap): MapChanges {
    const before = this.#before.get(map) ?? new Map<string, Uint8Array>();
    const wasZero = isArray(map);
    const gone = new Map(before);
    const changes: ElementChange[] = [];
    let entries = 0;
    for (const [key, after] of elementsOf(map)) {
      entries++;
      const name = nameOf(key);
      const old = before.get(name) ?? (wasZero ? new Uint8Array(after.length) : undefined);
      gone.delete(name);
      if (old === undefined || !isEqual(old, after)) changes.push({ key, before: old, after });
    }
    for (const [name, old] of gone) {
      changes.push({ key: Buffer.from(name, "latin1"), before: old, after: undefined });
    }
    const shower = new ElementShower(map);
    changes.sort((a, b) => shower.compareKeys(a.key, b.key));
    return { map, shower, changes, entries };
  }
}

/** What a map holds, by key; zeroes of arrays are left out. */
function contentOf(map: TypedMap): ReadonlyMap<string, Uint8Array> {
  const leavesZeroes = isArray(map);
  const content = new Map<string, Uint8Array>();
  for (const [key, value] of elementsOf(map))
    if (!leavesZeroes || !isZero(value)) content.set(nameOf(key), value);
  return content;
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1");
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
