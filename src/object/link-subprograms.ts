import { CodeView, PseudoCall, PseudoLd, SLOT_SIZE } from "../asm/index.js";
import { ObjectFormatError } from "../errors.js";
import type { CodeUnit, UnitReference } from "./code-unit.js";
import type { CoreRelocationSpec, FunctionSpec, Reference, SourceLine } from "./object-spec.js";

/** A program's code with that of every function it calls, directly or not. */
export interface LinkedCode {
  readonly code: Uint8Array;
  readonly functions: readonly FunctionSpec[];
  readonly lines: readonly SourceLine[];
  readonly references: readonly Reference[];
  readonly coreRelocations: readonly CoreRelocationSpec[];
}

/** The functions of an object by section and slot. */
export class FunctionIndex {
  readonly #units = new Map<string, CodeUnit>();

  constructor(units: readonly CodeUnit[]) {
    for (const unit of units) this.#units.set(`${unit.section}:${unit.start}`, unit);
  }

  at(section: number, slot: number): CodeUnit | undefined {
    return this.#units.get(`${section}:${slot}`);
  }
}

/** Puts a program and its subprograms one after another, in the order of their first call. */
export function linkSubprograms(entry: CodeUnit, index: FunctionIndex): LinkedCode {
  const starts = new Map<CodeUnit, number>();
  const order: CodeUnit[] = [];
  let length = 0;
  const pending: { unit: CodeUnit; next: number }[] = [];
  const place = (unit: CodeUnit) => {
    starts.set(unit, length);
    order.push(unit);
    length += unit.code.length / SLOT_SIZE;
    pending.push({ unit, next: 0 });
  };
  place(entry);
  // Depth first, without recursion: an object may chain any number of calls.
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    const reference = top.unit.references[top.next++];
    if (reference === undefined) {
      pending.pop();
      continue;
    }
    if (!isFunctionReference(reference)) continue;
    const callee = targetOf(top.unit, reference, index);
    if (!starts.has(callee)) place(callee);
  }
  return emit(order, starts, length, index);
}

type FunctionReference = Extract<UnitReference, { readonly kind: "call" | "function" }>;

function isFunctionReference(reference: UnitReference): reference is FunctionReference {
  return reference.kind === "call" || reference.kind === "function";
}

function targetOf(unit: CodeUnit, reference: FunctionReference, index: FunctionIndex): CodeUnit {
  const callee = index.at(reference.section, reference.target);
  if (callee === undefined) {
    throw new ObjectFormatError(`function ${unit.name} calls into the middle of nothing`, {
      section: unit.sectionName,
      offset: (unit.start + reference.slot) * SLOT_SIZE,
    });
  }
  return callee;
}

/** A reference at its place in the whole program. */
function moved(reference: Reference, slot: number): Reference {
  return { ...reference, slot };
}

function emit(
  order: readonly CodeUnit[],
  starts: ReadonlyMap<CodeUnit, number>,
  length: number,
  index: FunctionIndex,
): LinkedCode {
  const bytes = new Uint8Array(length * SLOT_SIZE);
  const code = new CodeView(bytes);
  const references: Reference[] = [];
  for (const unit of order) {
    const start = starts.get(unit) ?? 0;
    bytes.set(unit.code, start * SLOT_SIZE);
    for (const reference of unit.references) {
      const slot = start + reference.slot;
      if (isFunctionReference(reference)) {
        const target = starts.get(targetOf(unit, reference, index)) ?? 0;
        code.setSrc(slot, reference.kind === "call" ? PseudoCall.Local : PseudoLd.Func);
        code.setImm(slot, target - slot - 1);
        if (reference.kind === "function") code.setImm(slot + 1, 0);
      } else {
        references.push(moved(reference, slot));
      }
    }
  }
  return {
    code: bytes,
    references,
    functions: order.map((unit) => ({
      name: unit.name,
      slot: starts.get(unit) ?? 0,
      linkage: unit.binding === "local" || unit.isHidden ? "static" : "global",
      typeId: unit.typeId,
    })),
    lines: order.flatMap((unit) =>
      unit.lines.map(({ slot, file, line, column, text }) => ({
        slot: (starts.get(unit) ?? 0) + slot,
        file,
        line,
        column,
        text,
      })),
    ),
    coreRelocations: order.flatMap((unit) =>
      unit.relocations.map(({ slot, typeId, access, kind }) => ({
        slot: (starts.get(unit) ?? 0) + slot,
        typeId,
        access,
        kind,
      })),
    ),
  };
}
