import {
  BtfBuilder,
  type BtfDatasec,
  type BtfFunc,
  BtfKind,
  type BtfType,
  type BtfVar,
} from "../../btf/index.js";
import type { JoinedSections, LinkSource } from "./joined-sections.js";
import type { GlobalSymbol, JoinedSymbols } from "./joined-symbols.js";

type DatasecEntry = BtfDatasec["variables"][number];

/** The BTF of several objects as one, with their functions, lines and CO-RE relocations. */
export class JoinedTypes {
  readonly builder: BtfBuilder;
  readonly #sections: JoinedSections;
  readonly #symbols: JoinedSymbols;
  /** The ids that each source's functions and variables have now. */
  readonly #ids = new Map<LinkSource, Map<number, number>>();
  readonly #globals = new Map<GlobalSymbol, number>();
  readonly #tags = new Set<string>();
  readonly #datasecs = new Map<string, DatasecEntry[]>();

  constructor(
    sources: readonly LinkSource[],
    sections: JoinedSections,
    symbols: JoinedSymbols,
    littleEndian: boolean,
  ) {
    this.builder = new BtfBuilder({ littleEndian });
    this.#sections = sections;
    this.#symbols = symbols;
    for (const source of sources) this.#addTypes(source);
    for (const source of sources) this.#addDatasecs(source);
    for (const [name, variables] of this.#datasecs) {
      const size = sections.named(name)?.size ?? 0;
      variables.sort((a, b) => a.offset - b.offset);
      this.builder.add({ kind: BtfKind.Datasec, name, size, variables });
    }
    for (const source of sources) this.#addRecords(source);
  }

  #addTypes(source: LinkSource): void {
    const { btf } = source.file;
    const ids = new Map<number, number>();
    this.#ids.set(source, ids);
    const tags: number[] = [];
    for (const id of btf?.ids() ?? []) {
      const kind = btf?.kind(id);
      // Prototypes come with what they are of: those of declarations that were not chosen have no use.
      if (btf === undefined || kind === BtfKind.Datasec || kind === BtfKind.FuncProto) continue;
      if (kind === BtfKind.DeclTag) {
        tags.push(id);
        continue;
      }
      const type = btf.type(id);
      const isNamed = type.kind === BtfKind.Var || type.kind === BtfKind.Func;
      const newId = isNamed ? this.#named(source, id, type) : this.builder.import(btf, id);
      if (newId !== undefined) ids.set(id, newId);
    }
    // A tag may stand before what it is on.
    for (const id of tags) this.#addTag(source, id);
  }

  /** A function or variable: each static one by itself, of global ones the chosen one for all. */
  #named(source: LinkSource, id: number, type: BtfVar | BtfFunc): number | undefined {
    const { btf } = source.file;
    if (btf === undefined) return undefined;
    if (type.linkage === "static") return this.builder.import(btf, id);
    // Without a symbol it belonged to a section that was left out.
    const global = this.#symbols.global(type.name);
    if (global === undefined) return undefined;
    const known = this.#globals.get(global);
    if (known !== undefined) return known;
    const { chosen, isDefined } = global;
    const own = chosen.source.file.btf;
    const best = own === undefined || chosen.typeId === undefined ? undefined : own.type(chosen.typeId);
    if (own === undefined || (best?.kind !== BtfKind.Var && best?.kind !== BtfKind.Func)) return undefined;
    const linkage = isDefined ? "global" : "extern";
    const newId = this.builder.add({ ...best, linkage, type: this.builder.import(own, best.type) });
    this.#globals.set(global, newId);
    return newId;
  }

  #addTag(source: LinkSource, id: number): void {
    const tag = source.file.btf?.type(id);
    const target = tag?.kind === BtfKind.DeclTag ? this.#ids.get(source)?.get(tag.type) : undefined;
    if (tag?.kind !== BtfKind.DeclTag || target === undefined) return;
    const key = `${target}:${tag.componentIndex}:${tag.name}`;
    if (this.#tags.has(key)) return;
    this.#tags.add(key);
    this.builder.add({ ...tag, type: target });
  }

  #addDatasecs(source: LinkSource): void {
    const { btf } = source.file;
    for (const id of btf?.ids() ?? []) {
      const datasec = btf?.kind(id) === BtfKind.Datasec ? btf.type(id) : undefined;
      if (btf === undefined || datasec?.kind !== BtfKind.Datasec) continue;
      const place = this.#sections.placeNamed(source, datasec.name);
      if (place?.isRepeated === true) continue;
      for (const entry of datasec.variables) {
        const newId = this.#ids.get(source)?.get(entry.type);
        if (newId === undefined || !this.#isChosen(source, btf.type(entry.type), entry.type)) continue;
        const entries = this.#datasecs.get(datasec.name) ?? [];
        this.#datasecs.set(datasec.name, entries);
        entries.push({ type: newId, offset: entry.offset + (place?.offset ?? 0), size: entry.size });
      }
      // A section without variables of its own has its size all the same.
      if (place !== undefined && !this.#datasecs.has(datasec.name)) this.#datasecs.set(datasec.name, []);
    }
  }

  /** Of a global symbol's declarations, the chosen one stands in a data section. */
  #isChosen(source: LinkSource, type: BtfType, typeId: number): boolean {
    if (type.kind !== BtfKind.Var && type.kind !== BtfKind.Func) return false;
    if (type.linkage === "static") return true;
    const chosen = this.#symbols.global(type.name)?.chosen;
    return chosen?.source === source && chosen.typeId === typeId;
  }

  #addRecords(source: LinkSource): void {
    const { btf, btfExt } = source.file;
    if (btf === undefined) return;
    for (const [name, info] of btfExt?.sections ?? []) {
      const place = this.#sections.placeNamed(source, name);
      if (place === undefined) continue;
      const { joined, offset } = place;
      for (const record of info.functions) {
        const typeId = this.#ids.get(source)?.get(record.typeId);
        if (typeId !== undefined) joined.functions.push({ offset: record.offset + offset, typeId });
      }
      for (const line of info.lines) joined.lines.push({ ...line, offset: line.offset + offset });
      for (const record of info.relocations) {
        const typeId = this.builder.import(btf, record.typeId);
        joined.relocations.push({ ...record, offset: record.offset + offset, typeId });
      }
    }
  }
}
