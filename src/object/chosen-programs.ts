import { SyntaxProblem } from "../errors.js";
import type { MapSpec, ObjectSpec, ProgramSpec } from "./object-spec.js";

/**
 * The programs of an object to load: those that are named, else all that are loaded automatically.
 * Throws SyntaxProblem for a name that it does not have.
 */
export function chosenPrograms(spec: ObjectSpec, names: readonly string[] | undefined): ProgramSpec[] {
  if (names === undefined) return spec.programs.filter((program) => program.isAutoloaded);
  return names.map((name) => {
    const program = spec.programs.find((entry) => entry.name === name);
    if (program !== undefined) return program;
    const known = spec.programs.map((entry) => entry.name).join(", ") || "none";
    throw new SyntaxProblem(`there is no program "${name}": the object has ${known}`);
  });
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
