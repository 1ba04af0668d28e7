import { ObjectFormatError } from "../../errors.js";
import type { FunctionCode, ProgramSpec } from "../object-spec.js";
import { type FunctionPart, splitFunctions } from "./split-functions.js";

/** A function to write: once, however many programs have it. */
export interface SharedFunction {
  readonly part: FunctionPart;
  /** The program that begins with it; undefined for functions of .text. */
  readonly program: ProgramSpec | undefined;
  /** Whether it is for other objects. */
  readonly isLibrary: boolean;
  /** What each of the part's links goes to. */
  readonly targets: SharedFunction[];
}

interface Instance {
  readonly part: FunctionPart;
  readonly program: ProgramSpec | undefined;
  readonly isLibrary: boolean;
  /** Instances that the part's links go to, by index among all. */
  readonly targets: readonly number[];
}

/**
 * The functions of programs and of a library, each once. Two programs have the same function if its
 * code is the same, down to every function that it calls. Throws ObjectFormatError for two different
 * global functions of one name.
 */
export function shareFunctions(
  programs: readonly ProgramSpec[],
  library: readonly FunctionCode[],
): SharedFunction[] {
  const instances: Instance[] = [];
  const add = (owner: FunctionCode, program: ProgramSpec | undefined) => {
    const first = instances.length;
    for (const [index, part] of splitFunctions(owner).entries()) {
      const targets = part.links.map(({ target }) => first + target);
      const isLibrary = index === 0 && program === undefined;
      instances.push({ part, program: index === 0 ? program : undefined, isLibrary, targets });
    }
  };
  for (const program of programs) add(program, program);
  for (const owner of library) add(owner, undefined);

  const classes = equalityClasses(instances);
  const shared = new Map<number, SharedFunction>();
  const result: SharedFunction[] = [];
  // A program may be called by another one: the copy that begins a program stands for all.
  const rank = ({ program, isLibrary }: Instance) => (program !== undefined ? 0 : isLibrary ? 1 : 2);
  const order = [...instances.keys()].sort((a, b) => rank(instances[a]) - rank(instances[b]));
  for (const index of order) {
    const { part, program, isLibrary } = instances[index];
    if (program === undefined && shared.has(classes[index])) continue;
    const own: SharedFunction = { part, program, isLibrary, targets: [] };
    shared.set(classes[index], own);
    result.push(own);
  }
  const byInstance = (index: number) => shared.get(classes[index]) as SharedFunction;
  for (const [index, { targets }] of instances.entries()) {
    const own = byInstance(index);
    if (own.targets.length === 0) own.targets.push(...targets.map(byInstance));
  }
  checkNames(result);
  return result;
}

/** A number for each instance, the same for those that are the same function. */
function equalityClasses(instances: readonly Instance[]): number[] {
  let classes = numbered(instances.map(({ part }) => contentOf(part)));
  for (let count = 0; ; ) {
    const known = new Set(classes).size;
    if (known === count) return classes;
    count = known;
    // Two are told apart if what they call has been.
    const previous = classes;
    classes = numbered(
      instances.map(({ targets }, index) =>
        [previous[index], ...targets.map((target) => previous[target])].join(","),
      ),
    );
  }
}

function numbered(keys: readonly string[]): number[] {
  const numbers = new Map<string, number>();
  return keys.map((key) => {
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    return number;
  });
}

/** All that a function is but for what it calls. */
function contentOf({ function: own, code, links, references, lines, coreRelocations }: FunctionPart): string {
  const { name, linkage, typeId } = own;
  const places = links.map(({ slot, kind }) => [slot, kind]);
  const facts = [name, linkage, typeId ?? 0, places, references, lines, coreRelocations];
  return `${JSON.stringify(facts)} ${code.join(",")}`;
}

/** Whether its name is its object's own affair. */
export function isLocal({ part, program, isLibrary }: SharedFunction): boolean {
  return part.function.linkage === "static" && program === undefined && !isLibrary;
}

function checkNames(functions: readonly SharedFunction[]): void {
  const globals = new Map<string, SharedFunction>();
  for (const shared of functions) {
    const { name } = shared.part.function;
    if (isLocal(shared)) continue;
    if (globals.has(name)) {
      throw new ObjectFormatError(
        `two different global functions are called ${name}: programs of one object share them, so change ` +
          "both alike or make them static",
      );
    }
    globals.set(name, shared);
  }
}
