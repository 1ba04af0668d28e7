import { Command } from "commander";
import type { MapInfo } from "../../linux/index.js";
import { mapTypeName } from "../../uapi/index.js";
import { ExitCode } from "../exit-code.js";
import type { Io } from "../io.js";
import { kernelTitle } from "../kernel-title.js";
import { onLinux } from "../on-linux.js";
import { jsonOption, type KernelChoice, linuxOption, requireLinux } from "../options.js";
import { Printer } from "../printer.js";
import { jsonDocument } from "../show/json.js";
import { mapFlagNames } from "../show/map-definition.js";
import { Palette, wantsColour } from "../show/palette.js";
import { type Column, columnWidths, tableRow } from "../show/table.js";

const COLUMNS: readonly Column[] = [
  { title: "ID", align: "right" },
  { title: "TYPE" },
  { title: "NAME" },
  { title: "KEY", align: "right" },
  { title: "VALUE", align: "right" },
  { title: "MAX", align: "right" },
  { title: "FLAGS" },
];

const HELP = `
KEY and VALUE are sizes in bytes.

Example:
  wirebee map list --on linux`;

/** `wirebee map list`. */
export function mapListCommand(io: Io, done: (code: ExitCode) => void): Command {
  return new Command("list")
    .description("list the maps that Linux holds")
    .addOption(linuxOption())
    .addOption(jsonOption())
    .addHelpText("after", HELP)
    .action(async (flags: { readonly on: KernelChoice; readonly json?: boolean }) => {
      requireLinux(flags.on);
      const { listMaps } = await import("../../linux/index.js");
      const maps = await onLinux(async () => listMaps());
      const printer = new Printer(io.stdout, new Palette(wantsColour(io.stdout, io.env)));
      if (flags.json === true)
        printer.line(jsonDocument({ kernel: kernelTitle("linux"), maps: maps.map(infoJson) }));
      else print(printer, maps);
      await printer.drain();
      done(ExitCode.Ok);
    });
}

function print(printer: Printer, maps: readonly MapInfo[]): void {
  printer.line(`${kernelTitle("linux")}: ${maps.length === 1 ? "1 map" : `${maps.length} maps`}`);
  if (maps.length === 0) return;
  const rows = maps.map(({ id, type, name, keySize, valueSize, maxEntries, flags }) => [
    String(id),
    mapTypeName(type),
    name,
    String(keySize),
    String(valueSize),
    String(maxEntries),
    mapFlagNames(flags),
  ]);
  const widths = columnWidths(COLUMNS, rows);
  const titles = COLUMNS.map(({ title }) => title);
  printer.line();
  printer.line(tableRow(COLUMNS, widths, titles, (cell) => printer.palette.paint("bold", cell)));
  for (const row of rows) printer.line(tableRow(COLUMNS, widths, row));
}

function infoJson({ id, name, type, keySize, valueSize, maxEntries, flags, btfId }: MapInfo) {
  return { id, name, type: mapTypeName(type), keySize, valueSize, maxEntries, flags, btfId };
}
