import { BtfKind, essentialName } from "../btf/index.js";
import type { ObjectSpec, ReferenceResolver } from "../object/index.js";
import type { KernelBtf } from "./kernel-btf.js";
import { KernelSymbols } from "./kernel-symbols.js";

/** Fills in a program's references: maps of the object, functions and variables of the kernel. */
export class KernelReferences implements ReferenceResolver {
  /** File descriptors of the BTF of modules whose functions are called; index 0 is vmlinux's. */
  readonly moduleFds: number[] = [0];
  readonly #spec: ObjectSpec;
  readonly #kernel: KernelBtf;
  readonly #mapFd: (name: string) => number;
  readonly #symbols = new KernelSymbols();

  constructor(spec: ObjectSpec, kernel: KernelBtf, mapFd: (name: string) => number) {
    this.#spec = spec;
    this.#kernel = kernel;
    this.#mapFd = mapFd;
  }

  mapFd(name: string): number {
    return this.#mapFd(name);
  }

  kfunc(name: string): { readonly id: number; readonly module: number } | undefined {
    const found = this.#kernel.find(essentialName(name), BtfKind.Func);
    return found === undefined ? undefined : { id: found.id, module: this.#moduleIndex(found.fd) };
  }

  #moduleIndex(fd: number): number {
    const known = this.moduleFds.indexOf(fd);
    return known >= 0 ? known : this.moduleFds.push(fd) - 1;
  }

  ksym(
    name: string,
  ): { readonly id: number; readonly fd: number } | { readonly address: bigint } | undefined {
    const kinds = this.#declaredKinds(name);
    if (kinds.length > 0) return this.#kernel.find(essentialName(name), ...kinds);
    const address = this.#symbols.address(essentialName(name));
    return address === undefined ? undefined : { address };
  }

  /** What a symbol is declared as: a function, a variable with a type, or (`extern void`) an address alone. */
  #declaredKinds(name: string): BtfKind[] {
    const { btf } = this.#spec;
    const id = btf?.find(name, BtfKind.Var, BtfKind.Func);
    const type = id === undefined ? undefined : btf?.type(id);
    if (type?.kind === BtfKind.Func) return [BtfKind.Func];
    if (type?.kind !== BtfKind.Var || btf?.resolved(type.type).kind === BtfKind.Void) return [];
    return [BtfKind.Var];
  }
}
