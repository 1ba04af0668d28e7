import { WirebeeError } from "../errors.js";

/** What clang said of a place in a source. */
export interface Diagnostic {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly severity: "note" | "warning" | "error" | "fatal error";
  readonly message: string;
}

/** A source that clang refused. */
export class CompileError extends WirebeeError {
  override name = "CompileError";
  readonly diagnostics: readonly Diagnostic[];
  /** All that clang printed, with the source lines that it shows. */
  readonly output: string;

  constructor(source: string, output: string) {
    super(`${source} does not compile:\n${output.trimEnd()}`);
    this.output = output;
    this.diagnostics = parseDiagnostics(output);
  }
}

const LINE = /^(.+?):(\d+):(\d+): (note|warning|error|fatal error): (.*)$/gm;

/** The diagnostics in what clang printed. */
export function parseDiagnostics(output: string): Diagnostic[] {
  return [...output.matchAll(LINE)].map(([, file, line, column, severity, message]) => ({
    file,
    line: Number(line),
    column: Number(column),
    severity: severity as Diagnostic["severity"],
    message,
  }));
}
