import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { type BtfComposite, BtfKind, type BtfType } from "./types.js";

/** Types within types by value, typedefs and prototypes: C sources do not come near it. */
const MAX_DEPTH = 500;

/** What a header says of a type next: that there is one, or what it is. */
export interface Step {
  readonly id: number;
  readonly action: "declare" | "define";
}

/** A struct or union that is written where it is used: without a name, or as a member without one. */
export function isInline(type: BtfType, memberName?: string): boolean {
  return type.kind === BtfKind.Struct || type.kind === BtfKind.Union
    ? type.name === "" || memberName === ""
    : false;
}

/**
 * The order in which C wants types: before a type come the definitions of all that it contains, and
 * declarations of all that it points to.
 */
export class TypeOrder {
  readonly steps: Step[] = [];
  /** The structs and unions whose members are written, those without a name among them. */
  readonly composites = new Set<number>();
  readonly #btf: Btf;
  readonly #declared = new Set<number>();
  readonly #defined = new Set<number>();
  /** What is being defined, the innermost last, and what is being written within that. */
  readonly #defining: number[] = [];
  readonly #inlining = new Set<number>();
  #depth = 0;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** Adds a type with all that it needs. Throws ObjectFormatError for types that contain themselves. */
  add(id: number): void {
    const type = this.#btf.type(id);
    // What `#need` leaves to the declaration that it is part of; asked for by itself, it stands alone.
    const isNameless = type.name === "" && ("members" in type || "values" in type);
    if (isNameless || type.kind === BtfKind.Func || type.kind === BtfKind.Var) this.#define(id);
    else this.#need(id, true);
  }

  #need(id: number, isWhole: boolean): void {
    if (++this.#depth > MAX_DEPTH) this.#fail(id);
    const type = this.#btf.type(id);
    switch (type.kind) {
      case BtfKind.Ptr:
        this.#need(type.type, false);
        break;
      case BtfKind.Const:
      case BtfKind.Volatile:
      case BtfKind.Restrict:
      case BtfKind.TypeTag:
        this.#need(type.type, isWhole);
        break;
      case BtfKind.Array:
        // Elements must be whole even where the array is only pointed to.
        this.#need(type.type, true);
        break;
      case BtfKind.FuncProto:
        for (const part of [type.returnType, ...type.params.map((param) => param.type)]) {
          this.#need(part, false);
        }
        break;
      case BtfKind.Struct:
      case BtfKind.Union:
        if (isInline(type)) this.#inline(id, type);
        else if (isWhole) this.#define(id);
        else this.#declare(id);
        break;
      case BtfKind.Enum:
      case BtfKind.Enum64:
        if (type.name !== "") this.#define(id);
        break;
      case BtfKind.Fwd:
        this.#declare(id);
        break;
      case BtfKind.Typedef:
        this.#define(id);
        if (isWhole) this.#need(type.type, true);
        break;
    }
    this.#depth--;
  }

  #declare(id: number): void {
    if (this.#defined.has(id) || this.#declared.has(id)) return;
    // A struct knows its own name.
    if (this.#defining[this.#defining.length - 1] === id) return;
    this.#declared.add(id);
    this.steps.push({ id, action: "declare" });
  }

  #define(id: number): void {
    if (this.#defined.has(id)) return;
    if (this.#defining.includes(id) || this.#inlining.has(id)) this.#fail(id);
    this.#defining.push(id);
    const type = this.#btf.type(id);
    if ("members" in type) this.#members(id, type);
    else if (type.kind === BtfKind.Typedef) this.#need(type.type, false);
    else if (type.kind === BtfKind.Func || type.kind === BtfKind.Var) this.#need(type.type, false);
    this.#defining.pop();
    this.#defined.add(id);
    this.steps.push({ id, action: "define" });
  }

  /** What is written where it is used has its needs before that; once is enough. */
  #inline(id: number, type: BtfComposite): void {
    if (this.#inlining.has(id) || this.#defining.includes(id)) this.#fail(id);
    if (this.composites.has(id)) return;
    this.#inlining.add(id);
    this.#members(id, type);
    this.#inlining.delete(id);
  }

  #members(id: number, type: BtfComposite): void {
    this.composites.add(id);
    for (const member of type.members) {
      const inner = this.#btf.resolve(member.type);
      const innerType = this.#btf.type(inner);
      if (member.name === "" && "members" in innerType) this.#inline(inner, innerType);
      else this.#need(member.type, true);
    }
  }

  #fail(id: number): never {
    throw new ObjectFormatError(`type ${id} ("${this.#btf.name(id)}") contains itself`, { section: ".BTF" });
  }
}
