import { wirebeeCommand } from "./command.js";
import { ExitCode } from "./exit-code.js";
import type { Io } from "./io.js";
import { processIo } from "./process-io.js";
import { reportError } from "./report-error.js";

/** Runs one command line, without the program's name; returns the exit code and never throws. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let code: ExitCode = ExitCode.Ok;
  try {
    const command = wirebeeCommand(io, (result) => {
      code = result;
    });
    await command.parseAsync(argv, { from: "user" });
    await io.stdout.drain();
  } catch (error) {
    code = reportError(error, io);
  }
  return code;
}
