import { Command } from "commander";
import { SLOT_SIZE } from "../../asm/index.js";
import { SyntaxProblem } from "../../errors.js";
import type { ObjectSpec, ProgramSpec, SourceLine } from "../../object/index.js";
import { programTypeName } from "../../uapi/index.js";
import { ExitCode } from "../exit-code.js";
import type { Io } from "../io.js";
import { type CompileFlags, readObject, withCompileOptions } from "../object-source.js";
import { jsonOption } from "../options.js";
import { Printer } from "../printer.js";
import { disassembleProgram, type ShownFunction, type ShownInstruction } from "../show/disassembly.js";
import { hexText, type Json, jsonDocument } from "../show/json.js";
import { mapDefinitionJson, mapDefinitionText, printMapDefinition } from "../show/map-definition.js";
import { Palette, wantsColour } from "../show/palette.js";

interface DisasmFlags extends CompileFlags {
  readonly program?: string;
  /** Commander's --no-… options are there and true by default. */
  readonly source: boolean;
  readonly showRawInsn: boolean;
  readonly json?: boolean;
}

const HELP = `
The text is llvm-objdump's, with the names of helpers, maps, global variables
and kernel functions in place of relocations. A program is shown with all
functions that it calls.

Example:
  wirebee disasm firewall.bpf.o -s firewall`;

/** `wirebee disasm`. */
export function disasmCommand(io: Io, done: (code: ExitCode) => void): Command {
  const command = new Command("disasm")
    .description("show an object's programs as assembly, with their source")
    .argument("<OBJ>", "a BPF object, or a C source")
    .option("-s, --program <name>", "this program alone")
    .option("--no-source", "leave the source lines out")
    .option("--no-show-raw-insn", "leave the instructions' bytes out")
    .addOption(jsonOption());
  return withCompileOptions(command)
    .addHelpText("after", HELP)
    .action(async (path: string, flags: DisasmFlags) => {
      const spec = readObject(path, flags, io);
      const programs = chosen(spec, path, flags.program);
      const printer = new Printer(io.stdout, new Palette(wantsColour(io.stdout, io.env)));
      if (flags.json === true) printer.line(jsonDocument(objectJson(path, spec, programs)));
      else printObject(printer, path, spec, programs, flags);
      await printer.drain();
      done(ExitCode.Ok);
    });
}

function chosen(spec: ObjectSpec, path: string, name: string | undefined): readonly ProgramSpec[] {
  if (name === undefined) return spec.programs;
  const found = spec.programs.filter((program) => program.name === name);
  if (found.length > 0) return found;
  const known = spec.programs.map((program) => program.name).join(", ") || "none";
  throw new SyntaxProblem(`there is no program "${name}" in ${path}: it has ${known}`);
}

function printObject(
  printer: Printer,
  path: string,
  spec: ObjectSpec,
  programs: readonly ProgramSpec[],
  flags: DisasmFlags,
): void {
  const { palette } = printer;
  printer.line(`${path}: file format elf64-bpf, ${spec.littleEndian ? "little" : "big"} endian`);
  if (spec.maps.length > 0) {
    printer.line();
    printer.line(palette.paint("bold", "Maps:"));
    for (const map of spec.maps)
      printMapDefinition(printer, map.name, mapDefinitionText(spec.btf, map), "  ");
  }
  for (const program of programs) {
    printer.line();
    const title = `Program ${program.name} (${programTypeName(program.type)}, section ${program.section}):`;
    printer.line(palette.paint("bold", title));
    for (const shown of disassembleProgram(spec, program)) printFunction(printer, shown, flags);
  }
}

function printFunction(printer: Printer, { spec, instructions }: ShownFunction, flags: DisasmFlags): void {
  const { palette } = printer;
  printer.line();
  const address = (spec.slot * SLOT_SIZE).toString(16).padStart(16, "0");
  printer.line(palette.paint("yellow", `${address} <${spec.name}>:`));
  for (const instruction of instructions) {
    const { source } = instruction;
    if (flags.source && source !== undefined) {
      printer.line(palette.paint("dim", `; ${sourceText(source)}`));
    }
    for (const line of instructionLines(instruction, flags.showRawInsn)) printer.line(line);
  }
}

/** A source line and its place; the place alone where the compiler did not find the text again. */
function sourceText({ file, line, text }: SourceLine): string {
  // Compilers write "./counter.bpf.c" for a file in the folder that they run in.
  const place = `${file.replace(/^(\.\/)+/, "")}:${line}`;
  return text.trim() === "" ? place : `${text.trim()} @ ${place}`;
}

function instructionLines({ slot, bytes, text }: ShownInstruction, withBytes: boolean): string[] {
  const row = (at: number, content: string) => {
    const label = `${String(slot + at).padStart(8)}:`;
    const hex = hexText(bytes.subarray(at * SLOT_SIZE, (at + 1) * SLOT_SIZE)).replaceAll(/..(?!$)/g, "$& ");
    return withBytes ? `${label} ${hex}  ${content}`.trimEnd() : `${label} ${content}`;
  };
  // The second half of a wide instruction is nothing but bytes.
  return bytes.length > SLOT_SIZE && withBytes ? [row(0, text), row(1, "")] : [row(0, text)];
}

function objectJson(path: string, spec: ObjectSpec, programs: readonly ProgramSpec[]): Json {
  return {
    object: path,
    littleEndian: spec.littleEndian,
    license: spec.license,
    maps: spec.maps.map((map) => mapDefinitionJson(spec.btf, map)),
    programs: programs.map((program) => ({
      name: program.name,
      type: programTypeName(program.type),
      section: program.section,
      functions: disassembleProgram(spec, program).map((shown) => ({
        name: shown.spec.name,
        slot: shown.spec.slot,
        linkage: shown.spec.linkage,
        instructions: shown.instructions.map(instructionJson),
      })),
    })),
  };
}

function instructionJson({ slot, bytes, text, source, reference }: ShownInstruction): Json {
  return {
    slot,
    bytes: hexText(bytes),
    text,
    source:
      source === undefined
        ? undefined
        : { file: source.file, line: source.line, column: source.column, text: source.text },
    reference: reference === undefined ? undefined : { ...reference },
  };
}
