import type { Btf } from "./btf.js";
import { safeName } from "./c-base-type.js";
import type { Step } from "./c-order.js";
import { BtfKind, type BtfType } from "./types.js";

/** The word that a tagged type's name follows; undefined for types without tags. */
export function tagWord(type: BtfType): "struct" | "union" | "enum" | undefined {
  switch (type.kind) {
    case BtfKind.Struct:
      return "struct";
    case BtfKind.Union:
      return "union";
    case BtfKind.Enum:
    case BtfKind.Enum64:
      return "enum";
    case BtfKind.Fwd:
      return type.isUnion ? "union" : "struct";
    default:
      return undefined;
  }
}

/**
 * The names that types have in one header. C has two spaces of names, one for tags and one for typedefs,
 * enumerators, functions and variables; BTF may have a name in either several times. The second `foo` is
 * `foo___2`, which CO-RE takes for the same (as bpftool names them).
 */
export class CNames {
  readonly #names = new Map<number, string>();
  readonly #tags = new Set<string>();
  readonly #identifiers = new Set<string>();

  constructor(btf: Btf, steps: readonly Step[]) {
    const ids = [...new Set(steps.map((step) => step.id))].sort((a, b) => a - b);
    /** The first "struct foo" of each name, which declarations of it mean. */
    const meant = new Map<string, string>();
    const forwards: number[] = [];
    for (const id of ids) {
      const type = btf.type(id);
      const word = tagWord(type);
      if (type.kind === BtfKind.Fwd) {
        forwards.push(id);
      } else if (word === undefined) {
        this.#names.set(id, this.identifier(type.name));
      } else if (type.name !== "") {
        const name = unused(this.#tags, type.name);
        this.#names.set(id, name);
        const key = `${word} ${type.name}`;
        if (!meant.has(key)) meant.set(key, name);
      }
    }
    for (const id of forwards) {
      const type = btf.type(id);
      const key = `${tagWord(type)} ${type.name}`;
      const name = meant.get(key) ?? unused(this.#tags, type.name);
      meant.set(key, name);
      this.#names.set(id, name);
    }
  }

  /** The name of a tagged type or typedef that is in the header; "" for those that have none. */
  of(id: number): string {
    return this.#names.get(id) ?? "";
  }

  /** A name among typedefs, enumerators and functions that nothing else has. */
  identifier(name: string): string {
    return unused(this.#identifiers, name);
  }
}

function unused(taken: Set<string>, wanted: string): string {
  const base = safeName(wanted);
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}___${number}`;
  taken.add(name);
  return name;
}
