import { CodeView, InsnClass, JmpOp, PseudoCall, PseudoLd, SLOT_SIZE } from "../../asm/index.js";
import { ObjectFormatError } from "../../errors.js";
import type {
  CoreRelocationSpec,
  FunctionCode,
  FunctionSpec,
  Reference,
  SourceLine,
} from "../object-spec.js";

/** A call of, or a pointer to, another function of the same program; `target` is its index there. */
export interface FunctionLink {
  readonly slot: number;
  readonly kind: "call" | "function";
  readonly target: number;
}

/** One function of a program; slots count from its start, and its code has no links in it. */
export interface FunctionPart {
  readonly function: FunctionSpec;
  readonly code: Uint8Array;
  readonly links: readonly FunctionLink[];
  readonly references: readonly Reference[];
  readonly lines: readonly SourceLine[];
  readonly coreRelocations: readonly CoreRelocationSpec[];
}

const CALL = InsnClass.Jmp | JmpOp.Call;

/** Takes a program apart into its functions, the main one first: what linkSubprograms put together. */
export function splitFunctions(program: FunctionCode): FunctionPart[] {
  const fail = (why: string): never => {
    throw new ObjectFormatError(`program ${program.name}: ${why}`);
  };
  const length = program.code.length / SLOT_SIZE;
  const functions = [...program.functions].sort((a, b) => a.slot - b.slot);
  if (functions[0]?.slot !== 0 || !Number.isInteger(length)) fail("its functions do not say where it begins");
  const indices = new Map(functions.map(({ slot }, index) => [slot, index]));
  return functions.map((own, index) => {
    const start = own.slot;
    const end = functions[index + 1]?.slot ?? length;
    if (start >= end || end > length) fail(`function ${own.name} has no code`);
    const code = new CodeView(program.code.slice(start * SLOT_SIZE, end * SLOT_SIZE));
    const within = <T extends { readonly slot: number }>(records: readonly T[]): T[] =>
      records
        .filter(({ slot }) => slot >= start && slot < end)
        .map((record) => ({ ...record, slot: record.slot - start }));
    const references = within(program.references);
    const referring = new Set(references.map(({ slot }) => slot));
    const links: FunctionLink[] = [];
    for (let slot = 0; slot < code.length; slot += code.isWide(slot) ? 2 : 1) {
      const kind = referring.has(slot) ? undefined : linkKind(code, slot);
      if (kind === undefined) continue;
      const at = start + slot + code.imm(slot) + 1;
      links.push({
        slot,
        kind,
        target: indices.get(at) ?? fail(`slot ${at}, which is called, is no function`),
      });
      code.setImm(slot, 0);
      if (kind === "function") code.setSrc(slot, 0);
    }
    return {
      function: own,
      code: code.bytes,
      links,
      references,
      lines: within(program.lines),
      coreRelocations: within(program.coreRelocations),
    };
  });
}

function linkKind(code: CodeView, slot: number): FunctionLink["kind"] | undefined {
  if (code.opcode(slot) === CALL && code.src(slot) === PseudoCall.Local) return "call";
  return code.isWide(slot) && code.src(slot) === PseudoLd.Func ? "function" : undefined;
}
