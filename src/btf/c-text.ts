import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { safeName, spellFloat, spellInt } from "./c-base-type.js";
import { attribute, declare, type Extent, nested } from "./c-declaration.js";
import type { CLayout, CLayouts } from "./c-layout.js";
import { type CNames, tagWord } from "./c-names.js";
import { isInline, type Step } from "./c-order.js";
import { type BtfComposite, type BtfEnum, BtfKind, type BtfMember, type BtfType } from "./types.js";
import { bitFieldOf } from "./value-walker.js";

/** Writes declarations and definitions, in the names and layouts that were found for them. */
export class CText {
  readonly #btf: Btf;
  readonly #names: CNames;
  readonly #layouts: CLayouts;

  constructor(btf: Btf, names: CNames, layouts: CLayouts) {
    this.#btf = btf;
    this.#names = names;
    this.#layouts = layouts;
  }

  /** A step as C, without the semicolon. */
  step({ id, action }: Step): string {
    const type = this.#btf.type(id);
    const extent = { depth: 0, count: 0 };
    switch (type.kind) {
      case BtfKind.Typedef:
        return `typedef ${this.#declare(type.type, this.#names.of(id), 0, extent)}${this.#tags(id)}`;
      case BtfKind.Func:
      case BtfKind.Var:
        return `extern ${this.#declare(type.type, this.#names.of(id), 0, extent)}`;
      case BtfKind.Enum:
      case BtfKind.Enum64:
        return this.#enum(id, type, 0);
      case BtfKind.Struct:
      case BtfKind.Union:
        if (action === "define") return this.#composite(id, type, this.#names.of(id), 0, extent);
        return `${tagWord(type)} ${this.#names.of(id)}`;
      default:
        return `${tagWord(type)} ${this.#names.of(id)}`;
    }
  }

  #declare(id: number, name: string, level: number, extent: Extent): string {
    const spell = (base: number, type: BtfType) => this.#spell(base, type, level, extent);
    return declare(this.#btf, id, name, spell, extent);
  }

  /** A type at the end of a chain: its name, or what it is where it has none. */
  #spell(id: number, type: BtfType, level: number, extent: Extent): string {
    switch (type.kind) {
      case BtfKind.Void:
        return "void";
      case BtfKind.Int:
        return spellInt(type);
      case BtfKind.Float:
        return spellFloat(type);
      case BtfKind.Typedef:
        return this.#names.of(id);
      case BtfKind.Struct:
      case BtfKind.Union:
        if (isInline(type)) return this.#composite(id, type, "", level, extent);
        return `${tagWord(type)} ${this.#names.of(id)}`;
      case BtfKind.Enum:
      case BtfKind.Enum64:
        return type.name === "" ? this.#enum(id, type, level) : `enum ${this.#names.of(id)}`;
      case BtfKind.Fwd:
        return `${tagWord(type)} ${this.#names.of(id)}`;
      default:
        throw new ObjectFormatError(`type ${id} ("${type.name}") is nothing that a declaration can have`, {
          section: ".BTF",
        });
    }
  }

  #composite(id: number, type: BtfComposite, tag: string, level: number, extent: Extent): string {
    return nested(extent, id, () => {
      const layout = this.#layouts.of(id);
      const lines: string[] = [];
      if (layout.isOpaque) {
        lines.push(`/* its members overlap as C's cannot */`, `unsigned char bytes[${type.size}];`);
      } else {
        type.members.forEach((member, index) => {
          lines.push(...paddingLines(layout, index));
          const line = this.#member(id, member, index, level + 1, extent);
          if (line !== undefined) lines.push(line);
        });
        lines.push(...paddingLines(layout, type.members.length));
        if (layout.filler > 0) lines.push(`unsigned char __filler[${layout.filler}];`);
      }
      const attributes = [
        ...(layout.isPacked ? ["packed"] : []),
        ...(layout.alignedTo === undefined ? [] : [`aligned(${layout.alignedTo})`]),
      ];
      const suffix = attributes.length === 0 ? "" : ` __attribute__((${attributes.join(", ")}))`;
      const head = tag === "" ? tagWord(type) : `${tagWord(type)} ${tag}`;
      return `${head} ${block(lines, level)}${suffix}${this.#tags(id)}`;
    });
  }

  /** A member's line; undefined for a nameless one, which is a gap that is filled. */
  #member(id: number, member: BtfMember, index: number, level: number, extent: Extent): string | undefined {
    const { name, type } = member;
    const inner = this.#btf.resolve(type);
    const innerType = this.#btf.type(inner);
    const tags = this.#tags(id, index);
    if (name === "") {
      if (!("members" in innerType)) return undefined;
      // C has no nameless members of types with names: they are written out.
      return `${this.#composite(inner, innerType, "", level, extent)}${tags};`;
    }
    const bitField = bitFieldOf(this.#btf, member);
    const bits = bitField === undefined ? "" : `: ${bitField.bits}`;
    return `${this.#declare(type, safeName(name), level, extent)}${bits}${tags};`;
  }

  #enum(id: number, type: BtfEnum, level: number): string {
    const name = type.name === "" ? "" : ` ${this.#names.of(id)}`;
    if (type.values.length === 0) return `enum${name}`;
    const lines = type.values.map(
      (value) => `${this.#names.identifier(value.name)} = ${enumerator(type, value.value)},`,
    );
    return `enum${name} ${block(lines, level)}${enumMode(type)}`;
  }

  #tags(id: number, component = -1): string {
    return this.#btf
      .declTags(id, component)
      .map((tag) => ` ${attribute("btf_decl_tag", tag.name, tag.isAttribute === true)}`)
      .join("");
  }
}

function block(lines: readonly string[], level: number): string {
  if (lines.length === 0) return "{}";
  const indent = "\t".repeat(level);
  return `{\n${lines.map((line) => `${indent}\t${line}\n`).join("")}${indent}}`;
}

function paddingLines(layout: CLayout, index: number): string[] {
  return (layout.paddings.get(index) ?? []).map((padding) =>
    padding.type === "bytes"
      ? `unsigned char __filler${index}[${padding.bytes}];`
      : `${padding.type}: ${padding.bits};`,
  );
}

function enumerator(type: BtfEnum, value: bigint): string {
  if (type.kind === BtfKind.Enum) return String(value);
  // The smallest number has no literal: it would be the negative of one that is too large.
  if (value === -(1n << 63n)) return `(${value + 1n}LL - 1)`;
  return `${value}${type.signed ? "LL" : "ULL"}`;
}

/** What gives an enum a size that its values do not: C takes int, or long if that is too small. */
function enumMode(type: BtfEnum): string {
  const hasNegative = type.values.some(({ value }) => value < 0n);
  const most = hasNegative ? 1n << 31n : 1n << 32n;
  const isWide = type.values.some(({ value }) => value < -(1n << 31n) || value >= most);
  if (type.size === (isWide ? 8 : 4)) return "";
  const mode = new Map([
    [1, "QI"],
    [2, "HI"],
    [4, "SI"],
    [8, "DI"],
  ]).get(type.size);
  if (mode === undefined) {
    throw new ObjectFormatError(`enum "${type.name}" of ${type.size} bytes`, { section: ".BTF" });
  }
  return ` __attribute__((mode(${mode})))`;
}
