import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { type ImportTarget, TypeIndex } from "./type-index.js";
import { typeReferences, withReferences } from "./type-references.js";
import { declaredAs, isAnchor, typeKey, typeShape } from "./type-shape.js";
import { BtfKind, type BtfType } from "./types.js";

/** A struct that looks like more others than this is not compared with the rest, but copied. */
const MAX_COMPARISONS = 64;

/** One step of an import: to look at a type, to finish one whose parts are there, or to define one. */
interface Step {
  readonly id: number;
  readonly action: "visit" | "finish" | "define";
}

/**
 * Copies types into BTF that may have them already.
 *
 * Types that only combine others (pointers, arrays, prototypes …) are imported after their parts and
 * are the same if their parts are. What is recursive in C is recursive through structs and unions, so
 * these are compared as graphs: two are the same if nothing that can be reached from them differs,
 * taking for equal what is being compared already. Nothing here recurses, since a kernel's types hang
 * together in chains of thousands.
 */
export class TypeImporter {
  readonly #target: ImportTarget;
  readonly #index: TypeIndex;
  readonly #mappings = new WeakMap<Btf, Map<number, number>>();

  constructor(target: ImportTarget) {
    this.#target = target;
    this.#index = new TypeIndex(target);
  }

  import(source: Btf, id: number): number {
    this.#index.update();
    let mapping = this.#mappings.get(source);
    if (mapping === undefined) {
      mapping = new Map([[0, 0]]);
      this.#mappings.set(source, mapping);
    }
    new Import(source, mapping, this.#target, this.#index).run(id);
    return mapping.get(id) ?? 0;
  }
}

/** The import of one type with all that it needs. */
class Import {
  readonly #source: Btf;
  readonly #mapping: Map<number, number>;
  readonly #target: ImportTarget;
  readonly #index: TypeIndex;
  readonly #steps: Step[] = [];
  /** Combining types that wait for their parts, with how much was mapped when they began to. */
  readonly #waiting = new Map<number, number>();

  constructor(source: Btf, mapping: Map<number, number>, target: ImportTarget, index: TypeIndex) {
    this.#source = source;
    this.#mapping = mapping;
    this.#target = target;
    this.#index = index;
  }

  run(id: number): void {
    this.#steps.push({ id, action: "visit" });
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      if (step.action === "visit") this.#visit(step.id);
      else if (step.action === "define") this.#define(step.id);
      else this.#finish(step.id);
    }
  }

  #visit(id: number): void {
    if (this.#mapping.has(id)) return;
    // The base's own types, and those of split BTF on the same base, are there already.
    if (id < this.#target.firstId && (this.#source.base ?? this.#source) === this.#target.base) {
      this.#mapping.set(id, id);
      return;
    }
    const type = this.#source.type(id);
    if (isAnchor(type.kind)) this.#anchor(id, type);
    else this.#wait(id, type);
  }

  /** A type that is compared as a whole, before its parts. */
  #anchor(id: number, type: BtfType): void {
    const declared = declaredAs(type);
    if (declared?.isForward === true) {
      const definition = this.#index.definition(declared.what);
      if (definition !== undefined) {
        this.#mapping.set(id, definition);
        return;
      }
    }
    for (const candidate of this.#index.candidates(typeShape(type)).slice(0, MAX_COMPARISONS)) {
      if (this.#accept(id, candidate)) return;
    }
    const forward =
      declared === undefined || declared.isForward ? undefined : this.#index.forward(declared.what);
    if (forward !== undefined && declared !== undefined) this.#become(id, declared.what, forward);
    else this.#begin(id, this.#target.reserve(), declared?.isForward === false ? declared.what : undefined);
  }

  /** Defines a forward declaration of the target's. */
  #become(id: number, what: string, forward: number): void {
    this.#index.resolveForward(what, forward);
    this.#begin(id, forward, undefined);
  }

  #begin(id: number, newId: number, what: string | undefined): void {
    this.#mapping.set(id, newId);
    if (what !== undefined) this.#index.beginDefinition(what, newId);
    this.#steps.push({ id, action: "define" });
    this.#visitParts(this.#source.type(id));
  }

  #visitParts(type: BtfType): void {
    for (const part of typeReferences(type)) {
      if (!this.#mapping.has(part)) this.#steps.push({ id: part, action: "visit" });
    }
  }

  /** A type that combines others waits until these are there. */
  #wait(id: number, type: BtfType): void {
    const since = this.#waiting.get(id);
    if (since === undefined) {
      this.#waiting.set(id, this.#mapping.size);
      this.#steps.push({ id, action: "finish" });
      this.#visitParts(type);
      return;
    }
    if (since === this.#mapping.size) {
      throw new ObjectFormatError(`type ${id} refers to itself`, { section: ".BTF" });
    }
    // It is a part of a struct that is being added, and so it is new itself.
    this.#mapping.set(id, this.#target.reserve());
  }

  #finish(id: number): void {
    this.#waiting.delete(id);
    const known = this.#mapping.get(id);
    if (known !== undefined) {
      if (this.#target.type(known) === undefined) this.#define(id);
      return;
    }
    const type = this.#mapped(id);
    const found = hasIdentity(type.kind) ? undefined : this.#index.candidates(typeKey(type))[0];
    this.#mapping.set(id, found ?? this.#target.reserve());
    if (found === undefined) this.#define(id);
  }

  #define(id: number): void {
    const newId = this.#mapping.get(id) ?? 0;
    const type = this.#mapped(id);
    this.#target.define(newId, type);
    this.#index.add(newId, type);
  }

  #mapped(id: number): BtfType {
    return withReferences(this.#source.type(id), (part) => {
      const mapped = this.#mapping.get(part);
      if (mapped === undefined)
        throw new ObjectFormatError(`type ${id} refers to itself`, { section: ".BTF" });
      return mapped;
    });
  }

  /** Takes a type for one of the target's, with everything that hangs on it, if nothing differs. */
  #accept(id: number, candidate: number): boolean {
    const pairs = new Map<number, number>();
    const defined = new Map<number, { readonly what: string; readonly from: number }>();
    const pending: [number, number][] = [[id, candidate]];
    for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
      const [from, to] = pair;
      const known = this.#mapping.get(from) ?? pairs.get(from);
      if (known !== undefined) {
        if (known !== to) return false;
        continue;
      }
      const theirs = this.#source.type(from);
      const ours = this.#target.type(to);
      if (ours === undefined || hasIdentity(theirs.kind)) return false;
      pairs.set(from, to);
      if (typeShape(theirs) === typeShape(ours)) {
        const parts = typeReferences(ours);
        typeReferences(theirs).forEach((part, i) => {
          pending.push([part, parts[i]]);
        });
        continue;
      }
      const [declared, have] = [declaredAs(theirs), declaredAs(ours)];
      if (declared === undefined || have === undefined || declared.what !== have.what) return false;
      if (declared.isForward) continue;
      // Ours is declared only: it becomes theirs, if it can, and not two different ones.
      if (this.#index.forward(declared.what) !== to || defined.has(to)) return false;
      defined.set(to, { what: declared.what, from });
    }
    for (const [from, to] of pairs) this.#mapping.set(from, to);
    for (const [to, { what, from: definition }] of defined) this.#become(definition, what, to);
    return true;
  }
}

/** Variables and sections are not the same only because they look the same. */
function hasIdentity(kind: BtfKind): boolean {
  return kind === BtfKind.Var || kind === BtfKind.Datasec;
}
