import { BtfKind, essentialName } from "../btf/index.js";
import { NotSupportedError } from "../errors.js";
import { TypeComparison } from "../object/core/type-comparison.js";
import type { ObjectSpec, ProgramSpec, ReferenceResolver } from "../object/index.js";
import type { KernelBtf, KernelType } from "./kernel-btf.js";
import type { KernelSymbols } from "./kernel-symbols.js";

/** What a program's references are filled in with. */
export interface KernelNames {
  readonly kernel: KernelBtf;
  readonly symbols: KernelSymbols;
  mapFd(name: string): number;
}

/** Fills in a program's references: maps of the object, functions and variables of the kernel. */
export class KernelReferences implements ReferenceResolver {
  /** File descriptors of the BTF of modules whose functions are called; index 0 is vmlinux's. */
  readonly moduleFds: number[] = [0];
  readonly #spec: ObjectSpec;
  readonly #program: ProgramSpec;
  readonly #names: KernelNames;

  constructor(spec: ObjectSpec, program: ProgramSpec, names: KernelNames) {
    this.#spec = spec;
    this.#program = program;
    this.#names = names;
  }

  mapFd(name: string): number {
    return this.#names.mapFd(name);
  }

  kfunc(name: string, typeId?: number): { readonly id: number; readonly module: number } | undefined {
    const found = this.#find(name, BtfKind.Func, typeId);
    return found === undefined ? undefined : { id: found.id, module: this.#moduleIndex(found.fd) };
  }

  #moduleIndex(fd: number): number {
    const known = this.moduleFds.indexOf(fd);
    return known >= 0 ? known : this.moduleFds.push(fd) - 1;
  }

  ksym(
    name: string,
    typeId?: number,
  ): { readonly id: number; readonly fd: number } | { readonly address: bigint } | undefined {
    if (typeId !== undefined) {
      const isFunction = this.#spec.btf?.kind(typeId) === BtfKind.FuncProto;
      return this.#find(essentialName(name), isFunction ? BtfKind.Func : BtfKind.Var, typeId);
    }
    const address = this.#names.symbols.address(name);
    return address === undefined ? undefined : { address };
  }

  /**
   * A function or variable of the kernel; undefined where there is none, and where it is not what the
   * object declares and the object can do without it, as it may have another declaration for this kernel.
   */
  #find(name: string, kind: BtfKind, typeId: number | undefined): KernelType | undefined {
    const found = this.#names.kernel.find(name, kind);
    const { btf } = this.#spec;
    if (found === undefined || btf === undefined || typeId === undefined) return found;
    const type = found.btf.type(found.id);
    if (type.kind !== BtfKind.Func && type.kind !== BtfKind.Var) return undefined;
    const own = found.btf.resolve(type.type);
    if (new TypeComparison(btf, found.btf).areTypesCompatible(typeId, own)) return found;
    const isWeak = this.#program.references.some(
      (reference) => "isWeak" in reference && reference.isWeak && essentialName(reference.name) === name,
    );
    if (isWeak) return undefined;
    throw new NotSupportedError(
      `kernel symbol ${name}`,
      `program ${this.#program.name}: this kernel's ${name} is not of the type that the object declares`,
    );
  }
}
