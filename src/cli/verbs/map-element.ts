import { Command } from "commander";
import type { BtfInput } from "../../btf/index.js";
import { KernelError, SyntaxProblem } from "../../errors.js";
import type { FoundMap, MapReference } from "../../linux/index.js";
import { Errno, UpdateFlag } from "../../uapi/index.js";
import { ExitCode } from "../exit-code.js";
import type { Io } from "../io.js";
import { kernelTitle } from "../kernel-title.js";
import { isQueue } from "../map-elements.js";
import { keyInput } from "../map-key.js";
import { parseReference, REFERENCE_USAGE } from "../map-reference.js";
import { onLinux } from "../on-linux.js";
import { jsonOption, type KernelChoice, linuxOption, requireLinux } from "../options.js";
import { Printer } from "../printer.js";
import { elementLines } from "../show/element-lines.js";
import { jsonDocument } from "../show/json.js";
import { ElementShower, elementJson } from "../show/map-element.js";
import { Palette, wantsColour } from "../show/palette.js";
import { valueJson } from "../show/shown-value.js";
import { parseValueText } from "../value-text.js";

interface ElementFlags {
  readonly on: KernelChoice;
  readonly json?: boolean;
  readonly noexist?: boolean;
  readonly exist?: boolean;
}

const VALUES = `
KEY and VALUE are numbers, text, addresses, JSON for structs and arrays, or
"hex:0a000009" for bytes; keys of LPM tries may be prefixes ("10.0.0.0/8").
Queues and stacks have no keys.
`;

const REFERENCE = "id N|name NAME|pinned PATH";

/** `wirebee map get`. */
export function mapGetCommand(io: Io, done: (code: ExitCode) => void): Command {
  return new Command("get")
    .description("show an element of a map of Linux")
    .usage(`[options] ${REFERENCE} KEY`)
    .argument("<MAP...>", `the map (${REFERENCE_USAGE}) and the key`)
    .addOption(linuxOption())
    .addOption(jsonOption())
    .addHelpText("after", `${VALUES}\nExample:\n  wirebee map get --on linux name traffic 2048`)
    .action(async (words: string[], flags: ElementFlags) => {
      requireLinux(flags.on);
      const { reference, rest } = parseReference(words);
      const printer = new Printer(io.stdout, new Palette(wantsColour(io.stdout, io.env)));
      await withMap(reference, (map) => {
        const shower = new ElementShower(map);
        const [key] = keyAnd(map, rest, []);
        const element = shower.value(found(map, () => map.raw.lookupElem(key)));
        if (flags.json === true) {
          printer.line(
            jsonDocument({
              kernel: kernelTitle("linux"),
              key: valueJson(shower.key(key)),
              ...elementJson(element),
            }),
          );
        } else {
          for (const line of elementLines(shower.keyForPeople(key), element, printer.columns, ""))
            printer.line(line);
        }
      });
      await printer.drain();
      done(ExitCode.Ok);
    });
}

/** `wirebee map set`. */
export function mapSetCommand(_io: Io, done: (code: ExitCode) => void): Command {
  return new Command("set")
    .description("set an element of a map of Linux")
    .usage(`[options] ${REFERENCE} KEY VALUE`)
    .argument("<MAP...>", `the map (${REFERENCE_USAGE}), key and value`)
    .addOption(linuxOption())
    .option("--noexist", "only if the key is not there yet")
    .option("--exist", "only if the key is there")
    .addHelpText("after", `${VALUES}\nExample:\n  wirebee map set --on linux name blocked 10.0.0.0/8 1`)
    .action(async (words: string[], flags: ElementFlags) => {
      requireLinux(flags.on);
      if (flags.noexist === true && flags.exist === true)
        throw new SyntaxProblem("--noexist or --exist, not both");
      const { reference, rest } = parseReference(words);
      await withMap(reference, (map) => {
        const [key, value] = keyAnd(map, rest, ["VALUE"]);
        const flag =
          flags.noexist === true ? UpdateFlag.NoExist : flags.exist === true ? UpdateFlag.Exist : 0;
        map.raw.updateElem(key, map.encodeValue(value), flag);
      });
      done(ExitCode.Ok);
    });
}

/** `wirebee map delete`. */
export function mapDeleteCommand(_io: Io, done: (code: ExitCode) => void): Command {
  return new Command("delete")
    .description("delete an element of a map of Linux")
    .usage(`[options] ${REFERENCE} KEY`)
    .argument("<MAP...>", `the map (${REFERENCE_USAGE}) and the key`)
    .addOption(linuxOption())
    .addHelpText("after", `${VALUES}\nExample:\n  wirebee map delete --on linux name blocked 10.0.0.0/8`)
    .action(async (words: string[], flags: ElementFlags) => {
      requireLinux(flags.on);
      const { reference, rest } = parseReference(words);
      await withMap(reference, (map) => {
        const [key] = keyAnd(map, rest, []);
        found(map, () => map.raw.deleteElem(key));
      });
      done(ExitCode.Ok);
    });
}

async function withMap(reference: MapReference, work: (map: FoundMap) => void): Promise<void> {
  const { openMap } = await import("../../linux/index.js");
  await onLinux(async () => {
    using map = openMap(reference);
    work(map);
  });
}

/** The key that the words give, and what stands behind it. */
function keyAnd(
  map: FoundMap,
  words: readonly string[],
  more: readonly string[],
): [key: Uint8Array, value: BtfInput] {
  const names = [...(isQueue(map) ? [] : ["KEY"]), ...more];
  if (words.length !== names.length) {
    throw new SyntaxProblem(`map ${map.name}: ${names.length === 0 ? "no key" : names.join(" and ")} wanted`);
  }
  const inputs = words.map((word, i) => parseValueText(word, names[i].toLowerCase()));
  if (isQueue(map)) return [new Uint8Array(0), inputs[0]];
  return [map.encodeKey(keyInput(map, inputs[0])), inputs[1]];
}

/** A missing element is said in words. */
function found<T>(map: FoundMap, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== Errno.ENOENT) throw error;
    throw new KernelError(error.call, error.errno, `map ${map.name} has no such element`, { cause: error });
  }
}
