import type { Btf } from "./btf.js";
import { declaredAs, isAnchor, typeKey, typeShape } from "./type-shape.js";
import { BtfKind, type BtfType } from "./types.js";

/** The BTF that types are imported into. */
export interface ImportTarget {
  readonly base: Btf | undefined;
  readonly firstId: number;
  lengthNow(): number;
  /** Undefined for an id that is only reserved. */
  type(id: number): BtfType | undefined;
  reserve(): number;
  define(id: number, type: BtfType): void;
  /** Makes a forward declaration a reserved id again. */
  undefine(id: number): void;
}

/** The types of the BTF that is imported into, by what they look like and by what they declare. */
export class TypeIndex {
  readonly #target: ImportTarget;
  /** Types by shape and, for those that combine others, by their parts too. */
  readonly #byKey = new Map<string, number[]>();
  /** Definitions of "struct foo", begun ones among them. */
  readonly #definitions = new Map<string, number[]>();
  /** Forward declarations of "struct foo". */
  readonly #forwards = new Map<string, number>();
  #next = 1;

  constructor(target: ImportTarget) {
    this.#target = target;
  }

  /** Notes what was added since by other means. */
  update(): void {
    for (; this.#next < this.#target.lengthNow(); this.#next++) {
      const type = this.#target.type(this.#next);
      if (type !== undefined) this.add(this.#next, type);
    }
  }

  add(id: number, type: BtfType): void {
    if (type.kind === BtfKind.Var || type.kind === BtfKind.Datasec) return;
    const key = isAnchor(type.kind) ? typeShape(type) : typeKey(type);
    if (this.#byKey.get(key)?.includes(id) === true) return;
    append(this.#byKey, key, id);
    const declared = declaredAs(type);
    if (declared?.isForward === true) this.#forwards.set(declared.what, id);
    else if (declared !== undefined) this.beginDefinition(declared.what, id);
  }

  beginDefinition(what: string, id: number): void {
    if (this.#definitions.get(what)?.includes(id) !== true) append(this.#definitions, what, id);
  }

  /** Types that may be this one. */
  candidates(key: string): readonly number[] {
    return this.#byKey.get(key) ?? [];
  }

  /** The one definition of "struct foo", if there is one and not several. */
  definition(what: string): number | undefined {
    const ids = this.#definitions.get(what) ?? [];
    return ids.length === 1 ? ids[0] : undefined;
  }

  /** A forward declaration of "struct foo" that can still become its definition. */
  forward(what: string): number | undefined {
    const id = this.#forwards.get(what);
    const isOwn = id !== undefined && id >= this.#target.firstId;
    return isOwn && !this.#definitions.has(what) ? id : undefined;
  }

  /** Makes a forward declaration the id of what it declares. */
  resolveForward(what: string, id: number): void {
    const type = this.#target.type(id);
    const ids = type === undefined ? undefined : this.#byKey.get(typeShape(type));
    ids?.splice(ids.indexOf(id), 1);
    this.#forwards.delete(what);
    this.#target.undefine(id);
    this.beginDefinition(what, id);
  }
}

function append(index: Map<string, number[]>, key: string, id: number): void {
  const ids = index.get(key);
  if (ids === undefined) index.set(key, [id]);
  else ids.push(id);
}
