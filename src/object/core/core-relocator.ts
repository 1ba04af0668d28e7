import { CodeView } from "../../asm/index.js";
import { type Btf, formatType } from "../../btf/index.js";
import { CoreRelocationError, ObjectFormatError } from "../../errors.js";
import type { CoreRelocationSpec, ProgramSpec } from "../object-spec.js";
import { type Access, formatAccess, parseAccess } from "./access.js";
import { type Candidate, type CoreTarget, findCandidates } from "./core-target.js";
import { matchAccess } from "./match-access.js";
import { patchInstruction, poison } from "./patch-instruction.js";
import { CoreRelocationKind, relocationSubject } from "./relocation-kind.js";
import { type RelocationValue, relocationValue } from "./relocation-value.js";

/** What one candidate makes of a relocation. */
interface Outcome {
  readonly candidate: Candidate;
  readonly access: Access;
  /** Undefined where the instruction is to be poisoned. */
  readonly value: RelocationValue | undefined;
}

/**
 * Applies CO-RE relocations of an object's programs to the types of a kernel, as libbpf does
 * (relo_core.c). Types that do not match a relocation of an object are no candidates for its later ones.
 *
 * Without a target the code stays as it was compiled: the object's own types are the only ones that
 * there are, and compilers write what is true of these. Only ids of local types are put in.
 */
export class CoreRelocator {
  readonly #local: Btf;
  readonly #target: CoreTarget | undefined;
  readonly #candidates = new Map<number, Candidate[]>();

  /** Throws ObjectFormatError where the target's byte order is not the object's. */
  constructor(local: Btf, target: CoreTarget | undefined) {
    this.#local = local;
    this.#target = target;
    if (target !== undefined && target.vmlinux.littleEndian !== local.littleEndian) {
      throw new ObjectFormatError("the kernel's types have another byte order than the object's", {
        section: ".BTF",
      });
    }
  }

  /**
   * A program's code with all its relocations applied. Throws ObjectFormatError where a relocation makes
   * no sense, CoreRelocationError where the target leaves open what it is to be.
   */
  relocate(program: ProgramSpec): Uint8Array {
    const code = new CodeView(program.code.slice());
    for (const relocation of program.coreRelocations) this.#apply(code, program, relocation);
    return code.bytes;
  }

  #apply(code: CodeView, program: ProgramSpec, relocation: CoreRelocationSpec): void {
    const { slot, kind, typeId } = relocation;
    if (slot < 0 || slot >= code.length) {
      throw new ObjectFormatError(
        `CO-RE relocation of instruction ${slot}, which program ${program.name} lacks`,
        {
          section: ".BTF.ext",
        },
      );
    }
    const local = parseAccess(this.#local, relocation);
    if (kind !== CoreRelocationKind.TypeIdLocal && this.#target === undefined) return;
    const own = relocationValue(kind, local);
    const found =
      kind === CoreRelocationKind.TypeIdLocal
        ? { access: local, value: own }
        : this.#resolve(program, relocation, local);
    const value = found === undefined ? relocationValue(kind, undefined) : found.value;
    if (own === undefined || value === undefined) {
      poison(code, slot);
      return;
    }
    const typeOf = (btf: Btf, memory: RelocationValue["memory"]) => ({
      size: memory.size,
      type: btf.type(memory.typeId),
    });
    const result = patchInstruction(code, slot, {
      expected: own.isCertain ? own.value : undefined,
      value: value.value,
      isWord: own.isWord && value.isWord,
      memory: {
        from: typeOf(this.#local, own.memory),
        to: typeOf(found?.access.btf ?? this.#local, value.memory),
      },
    });
    if (result === "patched") return;
    const where = found === undefined ? formatType(this.#local, typeId) : formatAccess(found.access);
    throw new CoreRelocationError(
      program.name,
      slot,
      `${where} is at byte ${value.value} in the kernel, which is further than an instruction reaches`,
    );
  }

  /** The target's answer, on which all candidates that match must agree; undefined where none does. */
  #resolve(program: ProgramSpec, relocation: CoreRelocationSpec, local: Access): Outcome | undefined {
    const { kind, typeId } = relocation;
    const outcomes: Outcome[] = [];
    for (const candidate of this.#candidatesOf(typeId)) {
      const access = matchAccess(local, kind, candidate.btf, candidate.id);
      if (access === undefined) continue;
      outcomes.push({ candidate, access, value: relocationValue(kind, access) });
    }
    const [first] = outcomes;
    const other = outcomes.find((outcome) => !doAgree(outcome, first));
    if (other !== undefined) throw ambiguous(program, relocation, local, first, other);
    if (first !== undefined)
      this.#candidates.set(
        typeId,
        outcomes.map((outcome) => outcome.candidate),
      );
    return first;
  }

  #candidatesOf(typeId: number): readonly Candidate[] {
    let candidates = this.#candidates.get(typeId);
    if (candidates === undefined) {
      if (this.#local.name(typeId) === "") {
        throw new ObjectFormatError(
          `CO-RE relocation of ${formatType(this.#local, typeId)}, which has no name`,
          {
            section: ".BTF.ext",
          },
        );
      }
      candidates = this.#target === undefined ? [] : findCandidates(this.#local, typeId, this.#target);
      this.#candidates.set(typeId, candidates);
    }
    return candidates;
  }
}

function doAgree(a: Outcome, b: Outcome): boolean {
  return a.access.bitOffset === b.access.bitOffset && a.value?.value === b.value?.value;
}

function ambiguous(
  program: ProgramSpec,
  { slot, kind }: CoreRelocationSpec,
  local: Access,
  ...outcomes: Outcome[]
): CoreRelocationError {
  const isField = relocationSubject(kind) === "field";
  const titles = outcomes.map(({ candidate, access, value }) => {
    const place = candidate.module === undefined ? "the kernel" : `module ${candidate.module}`;
    const at = isField ? ` at bit ${access.bitOffset}` : "";
    return `${formatAccess(access)} (type ${candidate.id} of ${place})${at} gives ${value?.value ?? "nothing"}`;
  });
  const reason = `${formatAccess(local)} is ambiguous: ${titles.join(", but ")}`;
  return new CoreRelocationError(program.name, slot, reason, titles);
}

/**
 * A program's code with its CO-RE relocations applied to the types of a kernel; as it was compiled where
 * no kernel is given. For several programs of an object use one CoreRelocator. Throws ObjectFormatError
 * and CoreRelocationError.
 */
export function relocateCore(program: ProgramSpec, local: Btf, target?: CoreTarget): Uint8Array {
  return new CoreRelocator(local, target).relocate(program);
}
