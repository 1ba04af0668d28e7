import { Command } from "commander";
import { SyntaxProblem } from "../../errors.js";
import type { TypedMap } from "../../object/index.js";
import { ExitCode } from "../exit-code.js";
import { setGlobals } from "../globals-option.js";
import type { Io } from "../io.js";
import { kernelTitle } from "../kernel-title.js";
import { fillMaps, placeReferences, readMapContents } from "../map-contents.js";
import { parseReference, REFERENCE_USAGE } from "../map-reference.js";
import { readObject, withCompileOptions } from "../object-source.js";
import { onLinux } from "../on-linux.js";
import { collected, integer, jsonOption, type KernelChoice, kernelOption } from "../options.js";
import { Printer } from "../printer.js";
import type { RunFlags } from "../run/run-flags.js";
import { runOnce } from "../run/run-once.js";
import { SentCopies } from "../run/sent-copies.js";
import { TraceLog } from "../run/trace-log.js";
import { openRunKernel } from "../run/user-run.js";
import { type Json, jsonDocument } from "../show/json.js";
import { mapDefinitionJson, mapDefinitionText, printMapDefinition } from "../show/map-definition.js";
import { contentJson, printContent, readContent } from "../show/map-dump.js";
import { ElementShower } from "../show/map-element.js";
import { Palette, wantsColour } from "../show/palette.js";

interface DumpFlags extends Omit<RunFlags, "read"> {
  readonly on: KernelChoice;
  readonly read?: string;
  readonly limit: number;
}

const HELP = `
Without -r, the maps are shown as loading leaves them; with -r, as they are once
the program has run for the capture's packets, in the user-space kernel.
--on linux shows a map that Linux holds: ${REFERENCE_USAGE}.

With --json, "elements" are as the --maps option of "wirebee run" takes them.

Examples:
  wirebee map dump firewall.bpf.o blocked -r in.pcap
  wirebee map dump --on linux name blocked`;

/** `wirebee map dump`. */
export function mapDumpCommand(io: Io, done: (code: ExitCode) => void): Command {
  const command = new Command("dump")
    .description("show what maps hold")
    .usage("[options] OBJ [MAP...]\n       wirebee map dump [options] --on linux id N|name NAME|pinned PATH")
    .argument("<OBJ>", "a BPF object, or a C source")
    .argument("[MAP...]", "these maps alone")
    .option("-r, --read <file>", "run this capture first; - for standard input")
    .option("-s, --program <name>", "the program to run, where the object has several")
    .option("-c, --count <n>", "run so many packets at most", integer(1, Number.MAX_SAFE_INTEGER))
    .option("--wrap-raw", "give raw IP packets an Ethernet header")
    .option("--set <name=value>", "set a global variable before loading", collected)
    .option("--maps <file>", "what maps hold at first: JSON")
    .option("--limit <n>", "elements shown of each map", integer(0, Number.MAX_SAFE_INTEGER), 64)
    .addOption(kernelOption())
    .addOption(jsonOption());
  return withCompileOptions(command)
    .addHelpText("after", HELP)
    .action(async (first: string, more: string[], flags: DumpFlags) => {
      const printer = new Printer(io.stdout, new Palette(wantsColour(io.stdout, io.env)));
      if (flags.on === "linux") await dumpLinux(printer, [first, ...more], flags);
      else await dumpObject(printer, first, more, flags, io);
      await printer.drain();
      done(ExitCode.Ok);
    });
}

async function dumpLinux(printer: Printer, words: readonly string[], flags: DumpFlags): Promise<void> {
  const { reference, rest } = parseReference(words);
  if (rest.length > 0) throw new SyntaxProblem(`"${rest.join(" ")}": one map is dumped at a time`);
  const { openMap } = await import("../../linux/index.js");
  await onLinux(async () => {
    using map = openMap(reference);
    const title = `map ${map.raw.id} of ${kernelTitle("linux")}`;
    show(printer, title, "linux", [map], flags);
  });
}

async function dumpObject(
  printer: Printer,
  path: string,
  names: readonly string[],
  flags: DumpFlags,
  io: Io,
): Promise<void> {
  if (flags.read !== undefined) {
    await runOnce(path, { ...flags, read: flags.read }, io, (maps, packets) => {
      const title = `maps of ${path} after ${packets}, ${kernelTitle("user")}`;
      show(printer, title, "user", chosen(maps, names, path), flags);
    });
    return;
  }
  const spec = readObject(path, flags, io);
  setGlobals(spec, flags.set ?? []);
  const contents = flags.maps === undefined ? {} : readMapContents(flags.maps);
  placeReferences(spec, contents, flags.maps ?? "");
  await using kernel = openRunKernel({ spec, contents }, flags, new TraceLog(), new SentCopies());
  using object = await kernel.load(spec, { programs: [] });
  fillMaps(object, contents, flags.maps ?? "");
  const title = `maps of ${path} as loaded, ${kernelTitle("user")}`;
  show(printer, title, "user", chosen(object.maps, names, path), flags);
}

function chosen(maps: ReadonlyMap<string, TypedMap>, names: readonly string[], path: string): TypedMap[] {
  if (names.length === 0) return [...maps.values()];
  return names.map((name) => {
    const map = maps.get(name);
    if (map !== undefined) return map;
    const known = [...maps.keys()].join(", ") || "none";
    throw new SyntaxProblem(`there is no map "${name}" in ${path}: it has ${known}`);
  });
}

function show(
  printer: Printer,
  title: string,
  kernel: KernelChoice,
  maps: readonly TypedMap[],
  flags: DumpFlags,
): void {
  const shown = maps.map((map) => {
    const shower = new ElementShower(map);
    return { map, shower, content: readContent(map, shower) };
  });
  if (flags.json === true) {
    const list = shown.map(
      ({ map, shower, content }): Json => ({
        ...mapDefinitionJson(map.btf, map.spec),
        elements: contentJson(content, shower, flags.limit),
        omitted: content === undefined ? 0 : Math.max(0, content.elements.length - flags.limit),
        zeroes: content?.zeroes ?? 0,
      }),
    );
    printer.line(jsonDocument({ kernel: kernelTitle(kernel), maps: list }));
    return;
  }
  printer.line(title);
  for (const { map, shower, content } of shown) {
    printer.line();
    printMapDefinition(printer, map.name, mapDefinitionText(map.btf, map.spec), "");
    printContent(printer, content, shower, flags.limit);
  }
}
