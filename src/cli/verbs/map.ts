import { Command } from "commander";
import type { ExitCode } from "../exit-code.js";
import type { Io } from "../io.js";
import { mapDumpCommand } from "./map-dump.js";
import { mapDeleteCommand, mapGetCommand, mapSetCommand } from "./map-element.js";
import { mapListCommand } from "./map-list.js";

const HELP = `
Examples:
  wirebee map dump firewall.bpf.o blocked -r in.pcap
  wirebee map dump --on linux name blocked
  wirebee map set --on linux pinned /sys/fs/bpf/blocked 10.0.0.0/8 1`;

/** `wirebee map`: one file for each of its verbs but those on one element. */
export function mapCommand(io: Io, done: (code: ExitCode) => void): Command {
  const command = new Command("map")
    .description("look into maps, of an object or of Linux, and change Linux's")
    .usage("dump|get|set|delete|list ...")
    .addHelpText("after", HELP)
    .helpCommand(false);
  for (const make of [mapDumpCommand, mapGetCommand, mapSetCommand, mapDeleteCommand, mapListCommand]) {
    command.addCommand(make(io, done));
  }
  return command;
}
