import { type Btf, BtfKind } from "../btf/index.js";
import { type ElfSymbol, SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import { kconfigKind, layKconfigOut, type UnplacedKconfig } from "./kconfig.js";
import type { ObjectFile } from "./object-file.js";
import type { KconfigExtern, KernelSymbol } from "./object-spec.js";

/** What the undefined symbols of an object stand for. */
export interface Externs {
  /** Variables of the kernel's configuration, laid out in the .kconfig map. */
  readonly kconfig: readonly KconfigExtern[];
  /** Kernel functions and variables, by the index of their symbol. */
  readonly kernelSymbols: ReadonlyMap<number, KernelSymbol>;
}

/** Whether a symbol is defined elsewhere: in the kernel, or in another object. */
export function isExtern(symbol: ElfSymbol): boolean {
  return (
    symbol.section === 0 &&
    symbol.binding !== "local" &&
    symbol.type === SymbolType.None &&
    symbol.name !== ""
  );
}

/**
 * Finds out from BTF what each undefined symbol means: .kconfig or .ksyms (libbpf,
 * bpf_object__collect_externs). Throws ObjectFormatError for one that another object must define.
 */
export function readExterns(file: ObjectFile): Externs {
  const kconfig: UnplacedKconfig[] = [];
  const kernelSymbols = new Map<number, KernelSymbol>();
  const symbols = file.elf.symbols.filter(isExtern);
  const sections = symbols.length === 0 || file.btf === undefined ? undefined : sectionsOf(file.btf);
  for (const symbol of symbols) {
    const { btf } = file;
    if (btf === undefined || sections === undefined) {
      throw new ObjectFormatError(
        `"${symbol.name}" is defined elsewhere, and without BTF nothing says where: compile with -g`,
      );
    }
    const typeId = btf.find(symbol.name, BtfKind.Var, BtfKind.Func);
    const type = typeId === undefined ? undefined : btf.type(typeId);
    if (typeId === undefined || (type?.kind !== BtfKind.Var && type?.kind !== BtfKind.Func)) {
      throw new ObjectFormatError(
        `"${symbol.name}" is neither defined nor declared: there is no C library in BPF, and functions of ` +
          "the kernel are declared as extern … __ksym",
      );
    }
    const isWeak = symbol.binding === "weak";
    const section = sections.get(typeId);
    if (section === ".ksyms") {
      const own = btf.resolve(type.type);
      const isTyped = btf.kind(own) !== BtfKind.Void;
      kernelSymbols.set(symbol.index, { name: symbol.name, isWeak, typeId: isTyped ? own : undefined });
    } else if (section === ".kconfig" && type.kind === BtfKind.Var) {
      kconfig.push({
        name: symbol.name,
        isWeak,
        size: btf.sizeOf(type.type),
        align: btf.alignOf(type.type),
        ...kconfigKind(btf, type.type, symbol.name),
      });
    } else {
      const what = type.kind === BtfKind.Var ? "variable" : "function";
      throw new ObjectFormatError(
        `${what} "${symbol.name}" is declared here and defined elsewhere: link this object with the one ` +
          "that defines it (linkObjects), or declare it __ksym or __kconfig",
      );
    }
  }
  return { kconfig: layKconfigOut(kconfig), kernelSymbols };
}

/** The data section of each variable and function that is in one. */
function sectionsOf(btf: Btf): ReadonlyMap<number, string> {
  const sections = new Map<number, string>();
  for (const id of btf.ids()) {
    if (btf.kind(id) !== BtfKind.Datasec) continue;
    const type = btf.type(id);
    if (type.kind !== BtfKind.Datasec) continue;
    for (const variable of type.variables) {
      if (!sections.has(variable.type)) sections.set(variable.type, type.name);
    }
  }
  return sections;
}
