import { CodeView, PseudoCall, PseudoLd } from "../asm/index.js";
import { essentialName } from "../btf/index.js";
import { NotSupportedError } from "../errors.js";
import type { ProgramSpec, Reference } from "./object-spec.js";

/** What a kernel puts in place of a program's references. */
export interface ReferenceResolver {
  /** The file descriptor of a map of the object. */
  mapFd(name: string): number;
  /**
   * A kernel function's BTF id, and the index of its module's BTF; undefined where there is none.
   * `typeId` is the prototype that the object declares it with.
   */
  kfunc(name: string, typeId?: number): { readonly id: number; readonly module: number } | undefined;
  /**
   * A kernel variable or function: by BTF id and the file descriptor of its BTF, or by address. Without
   * a `typeId` the object knows its name alone.
   */
  ksym(
    name: string,
    typeId?: number,
  ): { readonly id: number; readonly fd: number } | { readonly address: bigint } | undefined;
}

/** What stands in a call of a weak kernel function that is missing: a helper that no kernel has. */
export const MISSING_KFUNC = 2002000000;

/** A program's code with every reference filled in: what BPF_PROG_LOAD takes. */
export function instantiate(program: ProgramSpec, resolver: ReferenceResolver): Uint8Array {
  const code = new CodeView(program.code.slice());
  for (const reference of program.references) fill(code, program, reference, resolver);
  return code.bytes;
}

function fill(code: CodeView, program: ProgramSpec, reference: Reference, resolver: ReferenceResolver): void {
  const { slot } = reference;
  switch (reference.kind) {
    case "map":
      code.setSrc(slot, PseudoLd.MapFd);
      code.setImm(slot, resolver.mapFd(reference.map));
      code.setImm(slot + 1, 0);
      return;
    case "map-value":
      code.setSrc(slot, PseudoLd.MapValue);
      code.setImm(slot, resolver.mapFd(reference.map));
      code.setImm(slot + 1, reference.offset);
      return;
    case "kfunc": {
      const found = resolver.kfunc(essentialName(reference.name), reference.typeId);
      if (found === undefined) {
        if (!reference.isWeak) throw missing("kernel function", reference.name, program);
        code.setSrc(slot, 0);
        code.setImm(slot, MISSING_KFUNC);
        return;
      }
      code.setSrc(slot, PseudoCall.Kfunc);
      code.setImm(slot, found.id);
      code.setOffset(slot, found.module);
      return;
    }
    default: {
      const found = resolver.ksym(reference.name, reference.typeId);
      if (found === undefined && !reference.isWeak) throw missing("kernel symbol", reference.name, program);
      if (found !== undefined && "id" in found) {
        code.setSrc(slot, PseudoLd.BtfId);
        code.setImm(slot, found.id);
        code.setImm(slot + 1, found.fd);
        return;
      }
      const address = found?.address ?? 0n;
      code.setSrc(slot, PseudoLd.Imm64);
      code.setImm(slot, Number(BigInt.asIntN(32, address)));
      code.setImm(slot + 1, Number(BigInt.asIntN(32, address >> 32n)));
    }
  }
}

function missing(what: string, name: string, program: ProgramSpec): NotSupportedError {
  return new NotSupportedError(
    `${what} ${name}`,
    `program ${program.name} needs ${what} ${name}, which is not there`,
  );
}
