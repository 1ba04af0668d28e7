import { basename } from "node:path";
import type { Command } from "commander";
import { compile } from "../compile/index.js";
import { type ObjectSpec, parseObject } from "../object/index.js";
import { namingFile } from "./file-error.js";
import type { Io } from "./io.js";
import { collected } from "./options.js";
import { readInput } from "./read-input.js";

/** How a C source is compiled. */
export interface CompileFlags {
  readonly clang?: string;
  readonly include?: readonly string[];
  readonly define?: readonly string[];
}

/** Adds the options for an OBJ that is a C source. */
export function withCompileOptions(command: Command): Command {
  return command
    .optionsGroup("If OBJ is a C source:")
    .option("--clang <path>", "the clang to compile it with")
    .option("-I, --include <dir>", "look for #include files here first", collected)
    .option("-D, --define <name[=value]>", "define a macro", collected);
}

/** The bytes of an object: of the file, or of what clang makes of a C source. Warnings are shown. */
export function objectBytes(path: string, flags: CompileFlags, io: Io): Uint8Array {
  if (!path.endsWith(".c")) return readInput(path);
  // Clang's own words about a missing file are worse than ours.
  readInput(path);
  const { object, diagnostics } = compile(path, {
    includes: flags.include ?? [],
    defines: Object.fromEntries((flags.define ?? []).map(definition)),
    ...(flags.clang === undefined ? {} : { clang: flags.clang }),
  });
  for (const { file, line, column, severity, message } of diagnostics) {
    io.stderr.write(`${file}:${line}:${column}: ${severity}: ${message}\n`);
  }
  return object;
}

/** As the compiler has it, a macro without a value is 1. */
function definition(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, "1"] : [text.slice(0, at), text.slice(at + 1)];
}

/** An OBJ of the command line, read. */
export function readObject(path: string, flags: CompileFlags, io: Io): ObjectSpec {
  const bytes = objectBytes(path, flags, io);
  try {
    return parseObject(bytes, { name: objectName(path) });
  } catch (error) {
    throw namingFile(error, path);
  }
}

function objectName(path: string): string {
  return basename(path).replace(/(\.bpf)?\.[co]$/, "");
}
