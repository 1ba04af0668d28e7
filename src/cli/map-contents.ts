import { z } from "zod";
import type { BtfInput } from "../btf/index.js";
import { SyntaxProblem } from "../errors.js";
import type { LoadedObject } from "../kernel.js";
import type { MapSpec, ObjectSpec } from "../object/index.js";
import { MapType } from "../uapi/index.js";
import { keyInput } from "./map-key.js";
import { readInput } from "./read-input.js";
import { jsonValue, parseJson } from "./value-text.js";

const element = z.strictObject({
  /** Left out for queues, stacks and bloom filters. */
  key: jsonValue.optional(),
  value: jsonValue,
});
const contents = z.record(z.string(), z.array(element));

/** What maps are to hold before the first packet, by map name. */
export type MapContents = z.infer<typeof contents>;

const HOLDS_NAMES: readonly number[] = [MapType.ProgArray, MapType.ArrayOfMaps, MapType.HashOfMaps];
const HOLDS_DEVICES: readonly number[] = [MapType.Devmap, MapType.DevmapHash];

/** Reads a --maps file: `{"blocked": [{"key": "10.0.0.0/8", "value": 1}]}`. */
export function readMapContents(path: string): MapContents {
  return parseJson(new TextDecoder().decode(readInput(path)), contents, path);
}

/**
 * What must be known before the object is loaded: the programs and maps that entries name. Throws
 * SyntaxProblem for a map or entry that is not there.
 */
export function placeReferences(spec: ObjectSpec, file: MapContents, path: string): void {
  for (const [name, elements] of Object.entries(file)) {
    const map = specOf(spec, name, path);
    if (!HOLDS_NAMES.includes(map.type)) continue;
    const values = elements.map(({ key, value }, i) => {
      if (typeof key !== "number" || typeof value !== "string") {
        throw new SyntaxProblem(`${path} at ${name}[${i}]: an index and a name are wanted`);
      }
      const isKnown = [...spec.programs, ...spec.maps].some((entry) => entry.name === value);
      if (!isKnown) throw new SyntaxProblem(`${path} at ${name}[${i}]: there is no "${value}" in the object`);
      return { index: key, name: value };
    });
    const isTaken = (index: number) => values.some((entry) => entry.index === index);
    map.values = [...map.values.filter(({ index }) => !isTaken(index)), ...values];
  }
}

function specOf(spec: ObjectSpec, name: string, path: string): MapSpec {
  const map = spec.maps.find((entry) => entry.name === name);
  if (map !== undefined) return map;
  const known = spec.maps.map((entry) => entry.name).join(", ") || "none";
  throw new SyntaxProblem(`${path}: there is no map "${name}": the object has ${known}`);
}

/** Interface indices that entries of device maps redirect to. */
export function devicesInMaps(spec: ObjectSpec, file: MapContents): number[] {
  return Object.entries(file).flatMap(([name, elements]) => {
    const map = spec.maps.find((entry) => entry.name === name);
    if (map === undefined || !HOLDS_DEVICES.includes(map.type)) return [];
    return elements.map(({ value }) => deviceOf(value)).filter((ifindex) => ifindex !== undefined);
  });
}

function deviceOf(value: BtfInput): number | undefined {
  if (typeof value === "number") return value;
  const isStruct = typeof value === "object" && !Array.isArray(value) && !(value instanceof Uint8Array);
  const ifindex = isStruct ? (value as Record<string, BtfInput>).ifindex : undefined;
  return typeof ifindex === "number" ? ifindex : undefined;
}

/** Writes the contents to the maps of the loaded object. */
export function fillMaps(object: LoadedObject, file: MapContents, path: string): void {
  for (const [name, elements] of Object.entries(file)) {
    const map = object.map(name);
    if (HOLDS_NAMES.includes(map.raw.type)) continue;
    elements.forEach(({ key, value }, i) => {
      try {
        map.set(key === undefined ? new Uint8Array(0) : keyInput(map, key), value);
      } catch (error) {
        if (!(error instanceof SyntaxProblem)) throw error;
        throw new SyntaxProblem(`${path} at ${name}[${i}]: ${error.message}`);
      }
    });
  }
}
