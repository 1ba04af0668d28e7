import { Command } from "commander";
import type { ExitCode } from "./exit-code.js";
import type { Io } from "./io.js";
import { packageVersion } from "./package-version.js";
import { wantsColour } from "./show/palette.js";
import { btfCommand } from "./verbs/btf.js";
import { disasmCommand } from "./verbs/disasm.js";
import { doctorCommand } from "./verbs/doctor.js";
import { mapCommand } from "./verbs/map.js";
import { runCommand } from "./verbs/run.js";

const HELP_WIDTH = 80;

const HELP = `
Exit codes: 0 done, 1 refused or failed, 2 the command line was not understood,
3 a tool, a privilege or a kernel's support is missing.

Examples:
  wirebee run firewall.bpf.c -r in.pcap -w out.pcapng 'udp and not port 53'
  wirebee disasm firewall.bpf.o
  wirebee doctor

wirebee VERB --help says more.`;

/** The command line: `done` is told the exit code of the verb that ran. */
export function wirebeeCommand(io: Io, done: (code: ExitCode) => void): Command {
  const command = new Command("wirebee")
    .description("Write, verify, run, watch and ship eBPF packet programs (XDP and TC).")
    .usage("VERB ...")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", HELP)
    .helpCommand(false);
  for (const make of [runCommand, disasmCommand, btfCommand, mapCommand, doctorCommand])
    command.addCommand(make(io, done));
  for (const each of withSubcommands(command)) behave(each, io);
  return command;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** Prints to `io`, never exits, and says errors as all of wirebee does. */
function behave(command: Command, io: Io): void {
  const path = pathOf(command);
  command
    .exitOverride()
    .helpOption("-h, --help", "print help")
    .showHelpAfterError(`(${path} --help says more)`)
    .configureHelp({
      styleTitle: (text) => `\x1b[1m${text}\x1b[22m`,
      minWidthToWrap: 40,
      // Verbs by their names, and options as they are described: choices stand in their flags.
      subcommandTerm: (verb) => verb.name(),
      optionDescription: ({ description, defaultValue }) =>
        typeof defaultValue === "number" ? `${description} (${defaultValue})` : description,
    })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => Math.min(HELP_WIDTH, io.stdout.columns),
      getErrHelpWidth: () => Math.min(HELP_WIDTH, io.stderr.columns),
      getOutHasColors: () => wantsColour(io.stdout, io.env),
      getErrHasColors: () => wantsColour(io.stderr, io.env),
      outputError: (text, write) => write(text.replace(/^error: /, "wirebee: ")),
    });
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
