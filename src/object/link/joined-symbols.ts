import { type Btf, BtfKind } from "../../btf/index.js";
import { type ElfSymbol, type ElfWriter, SHN_LORESERVE, SymbolType } from "../../elf/index.js";
import { ObjectFormatError } from "../../errors.js";
import { readMapDefinition, shapeOf } from "../map-definition.js";
import type { JoinedSections, LinkSource } from "./joined-sections.js";
import { disagreement } from "./type-agreement.js";

/** A symbol of one source, with its BTF and the data section that its BTF is in. */
export interface SourceSymbol {
  readonly source: LinkSource;
  readonly symbol: ElfSymbol;
  /** Its VAR or FUNC; undefined in objects without BTF. */
  readonly typeId: number | undefined;
  readonly datasec: string | undefined;
}

/** A symbol that all objects share. */
export interface GlobalSymbol {
  readonly name: string;
  /** The definition, or where there is none, the first declaration. */
  chosen: SourceSymbol;
  isDefined: boolean;
  isWeak: boolean;
  visibility: number;
}

/** The symbols of several objects (libbpf, linker_append_elf_sym). */
export class JoinedSymbols {
  readonly #sections: JoinedSections;
  readonly #globals = new Map<string, GlobalSymbol>();
  readonly #locals: SourceSymbol[] = [];
  /** The number that each source's symbols have in the file, by their index. */
  readonly #numbers = new Map<LinkSource, Map<number, number>>();

  constructor(sources: readonly LinkSource[], sections: JoinedSections) {
    this.#sections = sections;
    for (const source of sources) {
      const types = new SymbolTypes(source.file.btf);
      for (const symbol of source.file.elf.symbols) {
        if (symbol.index === 0 || this.#isLeftOut(source, symbol)) continue;
        if (symbol.binding === "local")
          this.#locals.push({ source, symbol, typeId: undefined, datasec: undefined });
        else this.#resolve({ source, symbol, ...types.of(symbol.name) });
      }
    }
  }

  /** Symbols of sections that are left out go with them. */
  #isLeftOut(source: LinkSource, { section }: ElfSymbol): boolean {
    if (section === 0 || section >= SHN_LORESERVE) return false;
    return this.#sections.place(source, section)?.isRepeated !== false;
  }

  #resolve(found: SourceSymbol): void {
    const { name, binding, visibility, section } = found.symbol;
    const isDefinition = section !== 0;
    const known = this.#globals.get(name);
    if (known === undefined) {
      const isWeak = binding === "weak";
      this.#globals.set(name, { name, chosen: found, isDefined: isDefinition, isWeak, visibility });
      return;
    }
    checkAgreement(known, found, isDefinition);
    const isStrongTwice = isDefinition && known.isDefined && binding !== "weak" && !isWeakSymbol(known);
    if (isStrongTwice) {
      throw new ObjectFormatError(
        `"${name}" is defined in ${known.chosen.source.name} and in ${found.source.name}: make one of them ` +
          "static or weak",
      );
    }
    const isBetter = isDefinition && (!known.isDefined || (binding !== "weak" && isWeakSymbol(known)));
    if (isBetter) known.chosen = found;
    known.isDefined ||= isDefinition;
    // One strong declaration makes the symbol strong, and one hidden declaration hides it.
    known.isWeak &&= binding === "weak";
    known.visibility = Math.max(known.visibility, visibility);
  }

  global(name: string): GlobalSymbol | undefined {
    return this.#globals.get(name);
  }

  globals(): Iterable<GlobalSymbol> {
    return this.#globals.values();
  }

  /** The number of a source's symbol in the file; undefined for one that was left out. */
  number(source: LinkSource, symbol: ElfSymbol): number | undefined {
    return this.#numbers.get(source)?.get(symbol.index);
  }

  /** Adds the symbols to a file whose sections have their indices. */
  write(elf: ElfWriter, sources: readonly LinkSource[]): void {
    const sectionSymbols = new Map<number, number>();
    for (const source of sources) this.#numbers.set(source, new Map());
    for (const { source, symbol } of this.#locals) {
      const { section, value } = this.#place(source, symbol);
      const isSection = symbol.type === SymbolType.Section;
      const known = isSection ? sectionSymbols.get(section) : undefined;
      const number = known ?? elf.addSymbol({ ...symbol, section, value: isSection ? 0 : value });
      if (isSection) sectionSymbols.set(section, number);
      this.#numbers.get(source)?.set(symbol.index, number);
    }
    const numbers = new Map<string, number>();
    for (const { name, chosen, isWeak, visibility } of this.#globals.values()) {
      const place = this.#place(chosen.source, chosen.symbol);
      const binding = isWeak ? "weak" : "global";
      numbers.set(name, elf.addSymbol({ ...chosen.symbol, ...place, binding, visibility }));
    }
    for (const source of sources) {
      for (const symbol of source.file.elf.symbols) {
        const number = symbol.binding === "local" ? undefined : numbers.get(symbol.name);
        if (number !== undefined) this.#numbers.get(source)?.set(symbol.index, number);
      }
    }
  }

  #place(source: LinkSource, { section, value }: ElfSymbol): { section: number; value: number } {
    const place = this.#sections.place(source, section);
    return place === undefined
      ? { section, value }
      : { section: place.joined.index, value: place.offset + value };
  }
}

function isWeakSymbol({ chosen }: GlobalSymbol): boolean {
  return chosen.symbol.binding === "weak";
}

/** Throws where two objects mean different things by one name. */
function checkAgreement(known: GlobalSymbol, found: SourceSymbol, isDefinition: boolean): void {
  const { chosen, name } = known;
  const between = `${chosen.source.name} and ${found.source.name}`;
  const kernels = [chosen, found].filter(({ datasec }) => datasec === ".ksyms" || datasec === ".kconfig");
  const isKernels = kernels.length > 0;
  if (isKernels && (isDefinition || known.isDefined || chosen.datasec !== found.datasec)) {
    throw new ObjectFormatError(
      `"${name}" is the kernel's in ${kernels[0].source.name} alone: declare it alike`,
    );
  }
  const [a, b] = [chosen.source.file.btf, found.source.file.btf];
  if (a === undefined || b === undefined || chosen.typeId === undefined || found.typeId === undefined) return;
  const why =
    chosen.datasec === ".maps" || found.datasec === ".maps"
      ? mapDisagreement(a, chosen.typeId, b, found.typeId, name)
      : disagreement({ a, b }, chosen.typeId, found.typeId);
  if (why === undefined) return;
  throw new ObjectFormatError(`${between} declare "${name}" differently (${why}): share a header`);
}

/** Definitions of a map must be the same all over. */
function mapDisagreement(a: Btf, aId: number, b: Btf, bId: number, name: string): string | undefined {
  const [first, second] = [definitionOf(a, aId, name), definitionOf(b, bId, name)];
  if (first === undefined || second === undefined) return "one of them is no map";
  if (shapeOf(first) !== shapeOf(second)) return `maps ${shapeOf(first)} and ${shapeOf(second)}`;
  for (const part of ["keyTypeId", "valueTypeId"] as const) {
    const [x, y] = [first[part], second[part]];
    if ((x === undefined) !== (y === undefined))
      return `a type for ${part === "keyTypeId" ? "keys" : "values"}`;
    const why = x === undefined || y === undefined ? undefined : disagreement({ a, b }, x, y);
    if (why !== undefined) return why;
  }
  return undefined;
}

function definitionOf(btf: Btf, id: number, name: string) {
  const variable = btf.type(id);
  const struct = variable.kind === BtfKind.Var ? btf.resolved(variable.type) : variable;
  return struct.kind === BtfKind.Struct ? readMapDefinition(btf, name, struct).spec : undefined;
}

/** What BTF says of the global symbols of one object. */
class SymbolTypes {
  readonly #types = new Map<string, number>();
  readonly #datasecs = new Map<number, string>();

  constructor(btf: Btf | undefined) {
    for (const id of btf?.ids() ?? []) {
      const type = btf?.type(id);
      if (type?.kind === BtfKind.Datasec) {
        for (const { type: variable } of type.variables) {
          if (!this.#datasecs.has(variable)) this.#datasecs.set(variable, type.name);
        }
      }
      const isVariable = type?.kind === BtfKind.Var || type?.kind === BtfKind.Func;
      if (isVariable && type.linkage !== "static" && !this.#types.has(type.name))
        this.#types.set(type.name, id);
    }
  }

  of(name: string): Pick<SourceSymbol, "typeId" | "datasec"> {
    const typeId = this.#types.get(name);
    return { typeId, datasec: typeId === undefined ? undefined : this.#datasecs.get(typeId) };
  }
}
