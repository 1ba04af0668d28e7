import type { Btf } from "../../btf/index.js";
import { SyntaxProblem } from "../../errors.js";
import type { ObjectSpec, ProgramSpec } from "../../object/index.js";
import { compileFilter, type Filter } from "../../packet/index.js";
import { readBtf } from "../btf-source.js";
import { setGlobals } from "../globals-option.js";
import type { Io } from "../io.js";
import { type MapContents, placeReferences, readMapContents } from "../map-contents.js";
import { readObject } from "../object-source.js";
import { chooseProgram } from "./choose-program.js";
import { EventTypes } from "./event-type.js";
import { type Hook, hookOf } from "./hook.js";
import type { ProgramFlags } from "./run-flags.js";

/** A run as the command line asks for it, understood but not begun. */
export interface PreparedRun {
  readonly object: string;
  readonly spec: ObjectSpec;
  readonly program: ProgramSpec;
  readonly hook: Hook;
  readonly contents: MapContents;
  /** The kernel's types that CO-RE relocations are resolved against in the user-space kernel. */
  readonly targetBtf: Btf | undefined;
  readonly eventTypes: EventTypes;
  readonly filterText: string | undefined;
  readonly filter: Filter | undefined;
}

/** Reads and checks all that a run needs, before anything is opened or written. */
export function prepareRun(
  object: string,
  filterWords: readonly string[],
  flags: ProgramFlags,
  io: Io,
): PreparedRun {
  checkKernel(flags);
  const filterText = filterWords.length === 0 ? undefined : filterWords.join(" ");
  const filter = filterText === undefined ? undefined : parseFilter(filterText);
  const spec = readObject(object, flags, io);
  const program = chooseProgram(spec, object, flags.program);
  const hook = hookOf(program, flags.egress);
  // chooseProgram has seen to it that there is one.
  if (hook === undefined) throw new RangeError(`program ${program.name} has no hook`);
  if (flags.egress === true && hook.isEgress === undefined) {
    throw new SyntaxProblem(`--egress: ${program.name} is no TC program`);
  }
  // A capture is no traffic: maps that others pinned are not to be changed by it, and none left behind.
  for (const map of spec.maps) map.isPinnedByName = false;
  setGlobals(spec, flags.set ?? []);
  const contents = flags.maps === undefined ? {} : readMapContents(flags.maps);
  placeReferences(spec, contents, flags.maps ?? "");
  const targetBtf = flags.btf === undefined ? undefined : readBtf(flags.btf, undefined, flags, io);
  const eventTypes = new EventTypes(spec, flags.eventType ?? []);
  return { object, spec, program, hook, contents, targetBtf, eventTypes, filterText, filter };
}

/** What cannot be asked of Linux. */
function checkKernel(flags: ProgramFlags): void {
  if (flags.on === "user") return;
  if (flags.trace === true) {
    throw new SyntaxProblem("--trace: Linux writes what programs print to /sys/kernel/tracing/trace_pipe");
  }
  const own = [
    ["--cpus", flags.cpus],
    ["--seed", flags.seed],
    ["--btf", flags.btf],
    ["--clock capture", flags.clock === "capture" ? "capture" : undefined],
  ] as const;
  for (const [option, value] of own) {
    if (value !== undefined)
      throw new SyntaxProblem(`${option} is for the user-space kernel: Linux has its own`);
  }
}

/** A filter expression; what is wrong with it is pointed at. */
function parseFilter(text: string): Filter {
  try {
    return compileFilter(text);
  } catch (error) {
    if (!(error instanceof SyntaxProblem) || error.column === undefined) throw error;
    throw new SyntaxProblem(
      `filter: ${error.message}\n  ${text}\n  ${" ".repeat(error.column)}^`,
      error.column,
    );
  }
}
