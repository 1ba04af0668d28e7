import { SLOT_SIZE } from "../asm/index.js";
import { BtfKind } from "../btf/index.js";
import { ObjectFormatError } from "../errors.js";
import { ProgramType } from "../uapi/index.js";
import type { CodeUnit } from "./code-unit.js";
import { FunctionIndex, linkSubprograms } from "./link-subprograms.js";
import { type ObjectFile, TEXT } from "./object-file.js";
import type { FunctionCode, ProgramSpec } from "./object-spec.js";
import { readCode, type SymbolMeaning } from "./read-code.js";
import { sectionKind } from "./section-names.js";

/** Slots of all programs together; those that share subprograms have a copy each. */
const MOST_SLOTS = 1 << 23;
const EXCEPTION_CALLBACK = "exception_callback:";

/** What the code of an object comes to. */
export interface ProgramsOfObject {
  readonly programs: readonly ProgramSpec[];
  /** Global functions of .text that no program calls. */
  readonly functions: readonly FunctionCode[];
}

/**
 * The programs of an object: every global function outside of `.text`. Static functions there and all
 * of `.text` are subprograms of who calls them.
 */
export function readPrograms(file: ObjectFile, meaning: SymbolMeaning): ProgramsOfObject {
  const sections = file.elf.sections.filter((section) => file.isCode(section));
  const units = sections.flatMap((section) => readCode(file, section, meaning));
  const index = new FunctionIndex(units);
  const callbacks = exceptionCallbacks(file, units);
  const used = new Set<CodeUnit>();
  let slots = 0;
  const link = (unit: CodeUnit) => {
    const linked = linkSubprograms(unit, index, callbacks.get(unit));
    slots += linked.code.code.length / SLOT_SIZE;
    if (slots > MOST_SLOTS) {
      throw new ObjectFormatError(
        `the programs have more than ${MOST_SLOTS} instructions: split the object`,
        {
          section: unit.sectionName,
        },
      );
    }
    for (const part of linked.units) used.add(part);
    return linked.code;
  };
  const programs = units.filter(isProgram).map((unit) => ({ ...programFacts(unit), ...link(unit) }));
  const functions: FunctionCode[] = [];
  for (const unit of units) {
    const isLibrary = unit.sectionName === TEXT && unit.binding !== "local" && !used.has(unit);
    if (isLibrary) functions.push({ name: unit.name, ...link(unit) });
  }
  return { programs, functions };
}

function isProgram(unit: CodeUnit): boolean {
  return unit.sectionName !== TEXT && unit.binding !== "local";
}

/** What a program's section says of it; a "?" before the name, that it is loaded on demand. */
function programFacts(unit: CodeUnit) {
  const kind = sectionKind(unit.sectionName);
  const isOnDemand = unit.sectionName.startsWith("?");
  return {
    name: unit.name,
    section: isOnDemand ? unit.sectionName.slice(1) : unit.sectionName,
    type: kind?.type ?? ProgramType.Unspec,
    attachType: kind?.attachType,
    attachTarget: kind?.target,
    isSleepable: kind?.isSleepable ?? false,
    hasFrags: kind?.hasFrags ?? false,
    isAutoloaded: !isOnDemand,
  };
}

/**
 * The function that the kernel calls when a program throws, which a declaration tag on the program
 * names (libbpf, bpf_prog_assign_exc_cb).
 */
function exceptionCallbacks(file: ObjectFile, units: readonly CodeUnit[]): ReadonlyMap<CodeUnit, CodeUnit[]> {
  const callbacks = new Map<CodeUnit, CodeUnit[]>();
  const { btf } = file;
  if (btf === undefined) return callbacks;
  const programs = new Map(units.filter(isProgram).map((unit) => [unit.typeId, unit]));
  const subprograms = new Map(
    units.filter(({ sectionName }) => sectionName === TEXT).map((u) => [u.name, u]),
  );
  for (const id of btf.ids()) {
    if (btf.kind(id) !== BtfKind.DeclTag) continue;
    const tag = btf.type(id);
    if (tag.kind !== BtfKind.DeclTag || !tag.name.startsWith(EXCEPTION_CALLBACK)) continue;
    const name = tag.name.slice(EXCEPTION_CALLBACK.length);
    const program = programs.get(tag.type);
    if (program === undefined) continue;
    const callback = subprograms.get(name);
    if (callback === undefined || callback.binding === "local" || callback.isHidden) {
      throw new ObjectFormatError(`exception callback "${name}" is no global function of ${TEXT}`, {
        section: program.sectionName,
      });
    }
    callbacks.set(program, [callback]);
  }
  return callbacks;
}
