import { CodeView, PseudoCall, PseudoLd, SLOT_SIZE } from "../asm/index.js";
import { ObjectFormatError } from "../errors.js";
import type { CodeUnit, UnitReference } from "./code-unit.js";
import type { FunctionCode, Reference } from "./object-spec.js";

/** A program's code with that of every function it calls, and the functions. */
export interface LinkedCode {
  readonly code: Omit<FunctionCode, "name">;
  readonly units: readonly CodeUnit[];
}

/** Slots of one program with all its functions: far more than Linux takes (BPF_COMPLEXITY_LIMIT_INSNS). */
const MOST_SLOTS = 1 << 22;

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

/**
 * Puts a program and its subprograms one after another, in the order of their first call (libbpf,
 * bpf_object__reloc_code), and last those that the kernel calls: `callbacks`.
 */
export function linkSubprograms(
  entry: CodeUnit,
  index: FunctionIndex,
  callbacks: readonly CodeUnit[] = [],
): LinkedCode {
  const starts = new Map<CodeUnit, number>();
  const order: CodeUnit[] = [];
  let length = 0;
  const pending: { unit: CodeUnit; next: number }[] = [];
  const place = (unit: CodeUnit) => {
    starts.set(unit, length);
    order.push(unit);
    length += unit.code.length / SLOT_SIZE;
    if (length > MOST_SLOTS) {
      throw new ObjectFormatError(
        `program ${entry.name} has more than ${MOST_SLOTS} instructions: split it`,
        {
          section: entry.sectionName,
        },
      );
    }
    pending.push({ unit, next: 0 });
  };
  for (const root of [entry, ...callbacks]) {
    if (starts.has(root)) continue;
    place(root);
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
  }
  return { code: emit(order, starts, length, index), units: order };
}

type FunctionReference = Extract<UnitReference, { readonly kind: "call" | "function" }>;

function isFunctionReference(reference: UnitReference): reference is FunctionReference {
  return reference.kind === "call" || reference.kind === "function";
}

function targetOf(unit: CodeUnit, reference: FunctionReference, index: FunctionIndex): CodeUnit {
  const callee = index.at(reference.section, reference.target);
  if (callee === undefined) {
    throw new ObjectFormatError(`function ${unit.name} calls what is no function: compile it again`, {
      section: unit.sectionName,
      offset: (unit.start + reference.slot) * SLOT_SIZE,
    });
  }
  return callee;
}

/** Takes out what compilers and linkers leave in an instruction that refers to something. */
function empty(code: CodeView, reference: Reference, slot: number): void {
  code.setImm(slot, 0);
  if (reference.kind === "kfunc") {
    code.setSrc(slot, PseudoCall.Kfunc);
    return;
  }
  code.setSrc(slot, PseudoLd.Imm64);
  code.setImm(slot + 1, 0);
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
): LinkedCode["code"] {
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
        empty(code, reference, slot);
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
