import { Command } from "commander";
import { examine } from "../doctor/examine.js";
import type { Finding } from "../doctor/finding.js";
import { ExitCode } from "../exit-code.js";
import type { Io } from "../io.js";
import { jsonOption } from "../options.js";
import { Printer } from "../printer.js";
import { jsonDocument } from "../show/json.js";
import { Palette, wantsColour } from "../show/palette.js";
import { wrap } from "../show/wrap.js";

const HELP = `
Exits with 3 where something is missing that all of wirebee needs; what some
verbs need (clang, root, Linux) is said, and counts for nothing.

Example:
  wirebee doctor`;

/** `wirebee doctor`. */
export function doctorCommand(io: Io, done: (code: ExitCode) => void): Command {
  return new Command("doctor")
    .description("say what this machine can do, and what to install for the rest")
    .addOption(jsonOption())
    .addHelpText("after", HELP)
    .action(async (flags: { readonly json?: boolean }) => {
      const findings = await examine(io.env);
      const printer = new Printer(io.stdout, new Palette(wantsColour(io.stdout, io.env)));
      if (flags.json === true)
        printer.line(jsonDocument({ checks: findings.map((finding) => ({ ...finding })) }));
      else print(printer, findings);
      await printer.drain();
      const isFit = findings.every(({ isFine, isBasic }) => isFine || !isBasic);
      done(isFit ? ExitCode.Ok : ExitCode.Missing);
    });
}

function print(printer: Printer, findings: readonly Finding[]): void {
  const { palette } = printer;
  const nameWidth = Math.max(...findings.map(({ name }) => name.length));
  const indent = " ".repeat(4 + nameWidth);
  let group = "";
  for (const finding of findings) {
    if (finding.group !== group) {
      if (group !== "") printer.line();
      group = finding.group;
      printer.line(palette.paint("bold", group));
    }
    const sign = finding.isFine
      ? palette.paint("green", "✓")
      : palette.paint(finding.isBasic ? "red" : "yellow", "✗");
    const [first, ...more] = wrap(finding.detail, printer.columns - indent.length);
    printer.line(`${sign} ${finding.name.padEnd(nameWidth)}  ${first}`);
    for (const line of more) printer.line(indent + line);
    if (finding.remedy === undefined) continue;
    for (const line of wrap(finding.remedy, printer.columns - indent.length)) {
      printer.line(indent + palette.paint("dim", line));
    }
  }
}
