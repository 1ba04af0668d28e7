import type { LoadedObject } from "../kernel.js";
import type { MapSpec } from "../object/index.js";
import { compareBytes, type Report } from "./compare-runs.js";
import { areEqual, hex } from "./difference.js";
import type { MapElement } from "./map-content.js";
import { masked, placesOf, type Trial } from "./trial.js";

/** Tells `report` of all in which two kernels' copies of the trial's maps differ, as `read` shows them. */
export function compareMaps(
  trial: Trial,
  a: LoadedObject,
  b: LoadedObject,
  read: (object: LoadedObject, spec: MapSpec) => MapElement[],
  report: Report,
): void {
  for (const spec of trial.object.maps) {
    if (placesOf(trial, "map", spec.name).length > 0) continue;
    compareElements(trial, spec.name, read(a, spec), read(b, spec), report);
  }
}

function compareElements(
  trial: Trial,
  map: string,
  a: readonly MapElement[],
  b: readonly MapElement[],
  report: Report,
): void {
  const keys = (elements: readonly MapElement[]) =>
    elements.map(({ key }) => hex(key)).join(" ") || "nothing";
  if (a.length !== b.length || a.some(({ key }, index) => !areEqual(key, b[index].key))) {
    report(`map ${map}, keys`, keys(a), keys(b));
    return;
  }
  const places = placesOf(trial, "map value", map);
  a.forEach(({ key, value }, index) => {
    const where = `map ${map}, ${key.length === 0 ? `value ${index}` : `key ${hex(key)}`}`;
    compareBytes(where, masked(value, places), masked(b[index].value, places), report);
  });
}
