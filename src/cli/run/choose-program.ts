import { NotSupportedError, SyntaxProblem } from "../../errors.js";
import { contextType, type ObjectSpec, type ProgramSpec } from "../../object/index.js";
import { ProgramType, programTypeName } from "../../uapi/index.js";
import { hookOf } from "./hook.js";

/** The program to run: the one named, or the only one that sees packets, or that which is called as the object is. */
export function chooseProgram(spec: ObjectSpec, path: string, name: string | undefined): ProgramSpec {
  for (const program of spec.programs) {
    // What `ip link set … xdp` says by its name, and a section's name does not: for which hook it is.
    if (program.type === ProgramType.Unspec)
      program.type = contextType(spec.btf, program) ?? ProgramType.Unspec;
  }
  const list = (programs: readonly ProgramSpec[]) =>
    programs.map((program) => `${program.name} (${programTypeName(program.type)})`).join(", ");
  if (name !== undefined) {
    const named = spec.programs.find((program) => program.name === name);
    if (named === undefined) {
      const all = spec.programs.length === 0 ? "it has none" : `it has ${list(spec.programs)}`;
      throw new SyntaxProblem(`there is no program "${name}" in ${path}: ${all}`);
    }
    if (hookOf(named) === undefined) throw notRunnable(path, list([named]));
    return named;
  }
  const runnable = spec.programs.filter((program) => hookOf(program) !== undefined);
  if (runnable.length === 0) throw notRunnable(path, list(spec.programs) || "no program at all");
  if (runnable.length === 1) return runnable[0];
  const namesake = runnable.find((program) => program.name === spec.name);
  if (namesake !== undefined) return namesake;
  throw new SyntaxProblem(`${path} has several programs: choose one with -s: ${list(runnable)}`);
}

function notRunnable(path: string, has: string): NotSupportedError {
  return new NotSupportedError(
    "program type",
    `${path} has ${has}: packets are given to programs of types XDP, SCHED_CLS, SCHED_ACT, SOCKET_FILTER and CGROUP_SKB`,
  );
}
