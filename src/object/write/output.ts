import { type ElfWriter, SymbolType, SymbolVisibility } from "../../elf/index.js";
import { ObjectFormatError } from "../../errors.js";
import type { TypeCopy } from "./type-copy.js";

/** What the parts of writing an object share: the file, its types, and symbols by name. */
export class Output {
  readonly elf: ElfWriter;
  readonly types: TypeCopy;
  readonly #sectionSymbols = new Map<number, number>();
  readonly #symbols = new Map<string, number>();
  /** Data sections that have been written, by their names in BTF. */
  readonly writtenSections = new Set<string>();

  constructor(elf: ElfWriter, types: TypeCopy) {
    this.elf = elf;
    this.types = types;
  }

  /** The symbol of a section as a whole. */
  sectionSymbol(section: number): number {
    let symbol = this.#sectionSymbols.get(section);
    if (symbol === undefined) {
      symbol = this.elf.addSymbol({
        name: "",
        value: 0,
        size: 0,
        type: SymbolType.Section,
        binding: "local",
        visibility: SymbolVisibility.Default,
        section,
      });
      this.#sectionSymbols.set(section, symbol);
    }
    return symbol;
  }

  /** Adds a symbol with a name; one that is not static, for `symbol` to find. Hidden ones are for linkers alone. */
  define(
    name: string,
    place: { readonly section: number; readonly value: number; readonly size: number },
    type: number,
    scope: "static" | "hidden" | "global",
  ): number {
    const binding = scope === "static" ? "local" : "global";
    const visibility = scope === "hidden" ? SymbolVisibility.Hidden : SymbolVisibility.Default;
    const symbol = this.elf.addSymbol({ name, ...place, type, binding, visibility });
    if (scope === "static") return symbol;
    if (this.#symbols.has(name)) {
      throw new ObjectFormatError(`two things are called "${name}": give one of them another name`);
    }
    this.#symbols.set(name, symbol);
    return symbol;
  }

  /** Adds a symbol that a kernel has. */
  declare(name: string, isWeak: boolean): void {
    if (this.#symbols.has(name)) return;
    const symbol = this.elf.addSymbol({
      name,
      value: 0,
      size: 0,
      type: SymbolType.None,
      binding: isWeak ? "weak" : "global",
      visibility: SymbolVisibility.Default,
      section: 0,
    });
    this.#symbols.set(name, symbol);
  }

  has(name: string): boolean {
    return this.#symbols.has(name);
  }

  /** The symbol of a name. Throws ObjectFormatError where there is none. */
  symbol(name: string, user: string): number {
    const symbol = this.#symbols.get(name);
    if (symbol !== undefined) return symbol;
    throw new ObjectFormatError(`${user} refers to "${name}", which the object does not have`);
  }
}
