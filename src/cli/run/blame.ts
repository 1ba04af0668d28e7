import { VerifierError } from "../../errors.js";
import type { ObjectSpec } from "../../object/index.js";

/** Adds to a verifier's refusal where in the source it is, if the object knows. */
export function withSource(error: unknown, spec: ObjectSpec): unknown {
  if (!(error instanceof VerifierError) || error.slot === undefined) return error;
  const { slot } = error;
  const program = spec.programs.find(({ name }) => name === error.program);
  const line = program?.lines.findLast((entry) => entry.slot <= slot);
  if (line === undefined) return error;
  const text = line.text.trim() === "" ? "" : `: ${line.text.trim()}`;
  error.message = `${error.message}\n  at ${line.file.replace(/^(\.\/)+/, "")}:${line.line}${text}`;
  return error;
}
