import { SyntaxProblem } from "../errors.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "./object-spec.js";

/**
 * The programs of an object to load: those that are named, with what they can tail-call from the start;
 * else all that are loaded automatically. Throws SyntaxProblem for a name that it does not have.
 */
export function chosenPrograms(spec: ObjectSpec, names: readonly string[] | undefined): ProgramSpec[] {
  if (names === undefined) return spec.programs.filter((program) => program.isAutoloaded);
  const known = new Map(spec.programs.map((program) => [program.name, program]));
  const chosen = new Set<ProgramSpec>();
  for (const name of names) {
    const program = known.get(name);
    if (program === undefined) {
      const all = [...known.keys()].join(", ") || "none";
      throw new SyntaxProblem(`there is no program "${name}": the object has ${all}`);
    }
    chosen.add(program);
  }
  const maps = new Map(spec.maps.map((map) => [map.name, map]));
  // What is added to a set while it is walked is walked too.
  for (const program of chosen) {
    for (const map of mapsOf(spec, [program])) {
      for (const { name } of maps.get(map)?.values ?? []) {
        const called = known.get(name);
        if (called !== undefined) chosen.add(called);
      }
    }
  }
  return [...chosen];
}

/** The names of the maps that programs refer to, with the maps that are in these from the start. */
export function mapsOf(spec: ObjectSpec, programs: readonly ProgramSpec[]): ReadonlySet<string> {
  const maps = new Map<string, MapSpec>(spec.maps.map((map) => [map.name, map]));
  const found = new Set<string>();
  const add = (name: string) => {
    const map = maps.get(name);
    if (map === undefined || found.has(name)) return;
    found.add(name);
    for (const value of map.values) add(value.name);
  };
  for (const { references } of programs) {
    for (const reference of references) {
      if (reference.kind === "map" || reference.kind === "map-value") add(reference.map);
    }
  }
  return found;
}
