import { basename } from "node:path";
import { Command } from "commander";
import {
  type Btf,
  BtfKind,
  dumpRaw,
  dumpRawType,
  type HeaderOptions,
  printHeader,
  printTypes,
} from "../../btf/index.js";
import { SyntaxProblem } from "../../errors.js";
import { readBtf } from "../btf-source.js";
import { ExitCode } from "../exit-code.js";
import { namingFile } from "../file-error.js";
import type { Io } from "../io.js";
import { type CompileFlags, withCompileOptions } from "../object-source.js";
import { collected, jsonOption } from "../options.js";
import { Printer } from "../printer.js";
import { btfTypeJson } from "../show/btf-json.js";
import { Palette } from "../show/palette.js";

interface BtfFlags extends CompileFlags {
  readonly type?: readonly string[];
  readonly base?: string;
  readonly raw?: boolean;
  readonly json?: boolean;
}

const HELP = `
FILE is a BPF object, a C source, or BTF that stands alone: the kernel's is
/sys/kernel/btf/vmlinux, those of its modules stand beside it.

All types make a header for BPF programs, as bpftool's "format c" does; -t prints
a type with all that it needs. --raw is bpftool's "format raw". --json has one
type on a line, as BtfType of the package's "wirebee/btf".

Examples:
  wirebee btf firewall.bpf.o
  wirebee btf /sys/kernel/btf/vmlinux -t 'struct iphdr'`;

/** `wirebee btf`. */
export function btfCommand(io: Io, done: (code: ExitCode) => void): Command {
  const command = new Command("btf")
    .description("print BTF types as C")
    .argument("<FILE>", "an object, a C source, or BTF")
    .option("-t, --type <name>", "this type alone, with what it needs", collected)
    .option("-B, --base <file>", "the BTF that split BTF goes on from")
    .option("--raw", "print type by type, with ids")
    .addOption(jsonOption());
  return withCompileOptions(command)
    .addHelpText("after", HELP)
    .action(async (path: string, flags: BtfFlags) => {
      const btf = readBtf(path, flags.base, flags, io);
      const printer = new Printer(io.stdout, new Palette(false));
      try {
        for (const text of textOf(btf, path, flags)) {
          printer.line(text);
          if (printer.isBusy) await printer.drain();
          if (printer.isClosed) break;
        }
      } catch (error) {
        throw namingFile(error, path);
      }
      await printer.drain();
      done(ExitCode.Ok);
    });
}

function* textOf(btf: Btf, path: string, flags: BtfFlags): Generator<string> {
  const ids = flags.type === undefined ? undefined : flags.type.flatMap((name) => idsOf(btf, path, name));
  if (flags.json === true) {
    for (const id of ids ?? ownIds(btf)) yield JSON.stringify(btfTypeJson(btf, id));
  } else if (flags.raw === true) {
    if (ids === undefined) yield* dumpRaw(btf);
    else for (const id of ids) yield dumpRawType(btf, id);
  } else {
    const text = ids === undefined ? printHeader(btf, headerOptions(path)) : printTypes(btf, ids);
    yield text.trimEnd();
  }
}

/** The kernel's header is vmlinux.h to everybody; others have a guard of their own. */
function headerOptions(path: string): HeaderOptions {
  if (basename(path) === "vmlinux") return {};
  return { guard: `__${basename(path).replaceAll(/\W/g, "_").toUpperCase()}_H__` };
}

function* ownIds(btf: Btf): Generator<number> {
  for (let id = btf.firstId; id < btf.length; id++) yield id;
}

const KEYWORDS = new Map<string, readonly BtfKind[]>([
  ["struct", [BtfKind.Struct, BtfKind.Fwd]],
  ["union", [BtfKind.Union, BtfKind.Fwd]],
  ["enum", [BtfKind.Enum, BtfKind.Enum64]],
]);

/** Named like types, but not types themselves. */
const DECLARED: readonly number[] = [BtfKind.Func, BtfKind.Var, BtfKind.Datasec, BtfKind.DeclTag];

/** The types that a person calls "iphdr" or "struct iphdr"; where there is none, functions and variables. */
function idsOf(btf: Btf, path: string, name: string): number[] {
  const [, keyword = "", bare] = /^(?:(struct|union|enum)\s+)?(.*)$/.exec(name) ?? [];
  const ids = btf.findAll(bare, ...(KEYWORDS.get(keyword) ?? []));
  if (ids.length === 0) throw new SyntaxProblem(`there is no type "${name}" in ${path}`);
  const types = ids.filter((id) => !DECLARED.includes(btf.kind(id)));
  return types.length > 0 ? types : ids;
}
