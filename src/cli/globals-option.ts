import { SyntaxProblem } from "../errors.js";
import type { ObjectSpec } from "../object/index.js";
import { parseValueText } from "./value-text.js";

/** Sets global variables as --set NAME=VALUE says, before the object is loaded. */
export function setGlobals(spec: ObjectSpec, assignments: readonly string[]): void {
  for (const assignment of assignments) {
    const at = assignment.indexOf("=");
    if (at < 1) throw new SyntaxProblem(`--set ${assignment}: NAME=VALUE is wanted`);
    const name = assignment.slice(0, at);
    try {
      spec.globals.set(name, parseValueText(assignment.slice(at + 1), name));
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      throw new SyntaxProblem(`--set ${assignment}: ${error.message}`);
    }
  }
}
