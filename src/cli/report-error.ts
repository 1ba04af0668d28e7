import { CommanderError } from "commander";
import { MissingToolError, NotSupportedError, SyntaxProblem, WirebeeError } from "../errors.js";
import { ExitCode } from "./exit-code.js";
import type { Io } from "./io.js";

/** Says on standard error what went wrong, and returns the exit code that it means. */
export function reportError(error: unknown, io: Io): ExitCode {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
  if (error instanceof WirebeeError) {
    io.stderr.write(`wirebee: ${error.message.trimEnd()}\n`);
    return codeOf(error);
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  io.stderr.write(`wirebee: internal error: ${text}\n`);
  if (io.env.WIREBEE_DEBUG === "1" && error instanceof Error) {
    io.stderr.write(`${error.stack ?? ""}\n`);
  } else {
    io.stderr.write(
      "This is a bug of wirebee's: please report it with the command, its files and the stack that\n" +
        "WIREBEE_DEBUG=1 shows.\n",
    );
  }
  return ExitCode.Failed;
}

function codeOf(error: WirebeeError): ExitCode {
  if (error instanceof SyntaxProblem) return ExitCode.Usage;
  if (error instanceof MissingToolError) return ExitCode.Missing;
  if (error instanceof NotSupportedError && error.minimumKernel !== undefined) return ExitCode.Missing;
  return ExitCode.Failed;
}
