import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { isModifier } from "./type-references.js";
import { BtfKind } from "./types.js";

/** A chain of modifiers or arrays longer than this is a loop. */
export const MAX_CHAIN = 64;
/** Types of C are no larger, nor are they in Linux (kernel/bpf/btf.c, btf_array_resolve). */
const MAX_SIZE = 0xffffffff;
/** Alignments of C's largest scalar types. */
const MAX_SCALAR_ALIGNMENT = 16;

function fail(message: string): never {
  throw new ObjectFormatError(message, { section: ".BTF" });
}

/** Follows typedefs, const, volatile, restrict and type tags to the type behind them. */
export function resolveType(btf: Btf, id: number): number {
  let current = id;
  for (let depth = 0; depth < MAX_CHAIN; depth++) {
    const type = btf.type(current);
    if (!isModifier(type.kind) || !("type" in type)) return current;
    current = type.type;
  }
  return fail(`type ${id} refers to itself`);
}

/** What an array's elements are, however many dimensions it has; other types themselves. */
export function elementType(btf: Btf, id: number): number {
  // An array that contains itself has no size: this throws for it.
  btf.sizeOf(id);
  let current = btf.resolve(id);
  for (let type = btf.type(current); type.kind === BtfKind.Array; type = btf.type(current)) {
    current = btf.resolve(type.type);
  }
  return current;
}

/** A type's size in bytes. */
export function sizeOfType(btf: Btf, id: number): number {
  let factor = 1;
  let current = id;
  for (let depth = 0; depth < MAX_CHAIN; depth++) {
    const type = btf.resolved(current);
    switch (type.kind) {
      case BtfKind.Int:
      case BtfKind.Struct:
      case BtfKind.Union:
      case BtfKind.Enum:
      case BtfKind.Enum64:
      case BtfKind.Datasec:
      case BtfKind.Float:
        return checkedSize(id, factor * type.size);
      case BtfKind.Ptr:
        return checkedSize(id, factor * btf.pointerSize);
      case BtfKind.Array:
        factor *= type.length;
        current = type.type;
        break;
      case BtfKind.Var:
        current = type.type;
        break;
      default:
        return fail(`type ${current} ("${type.name}") has no size`);
    }
  }
  return fail(`type ${id} contains itself`);
}

function checkedSize(id: number, size: number): number {
  return size <= MAX_SIZE ? size : fail(`type ${id} of ${size} bytes is larger than any type`);
}

/** Alignments as C has them; each type is measured once, since structs share their members' types. */
export class Alignments {
  readonly #btf: Btf;
  /** 0 while a type is being measured. */
  readonly #known = new Map<number, number>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  of(id: number, depth = 0): number {
    const known = this.#known.get(id);
    if (known === 0 || depth > MAX_CHAIN) return fail(`type ${id} contains itself`);
    if (known !== undefined) return known;
    this.#known.set(id, 0);
    try {
      const align = this.#measure(id, depth);
      this.#known.set(id, align);
      return align;
    } finally {
      if (this.#known.get(id) === 0) this.#known.delete(id);
    }
  }

  #measure(id: number, depth: number): number {
    const type = this.#btf.resolved(id);
    switch (type.kind) {
      case BtfKind.Int:
      case BtfKind.Enum:
      case BtfKind.Enum64:
      case BtfKind.Float:
        // A power of two: of the 12 bytes of i386's long double, 4.
        return Math.max(1, Math.min(MAX_SCALAR_ALIGNMENT, type.size & -type.size));
      case BtfKind.Ptr:
        return this.#btf.pointerSize;
      case BtfKind.Array:
      case BtfKind.Var:
        return this.of(type.type, depth + 1);
      case BtfKind.Struct:
      case BtfKind.Union: {
        let most = 1;
        for (const member of type.members) {
          const align = this.of(member.type, depth + 1);
          // A member off its alignment, or a size that does not suit it, means that the struct is packed.
          if (member.bitFieldSize === 0 && member.bitOffset % (align * 8) !== 0) return 1;
          most = Math.max(most, align);
        }
        return type.size % most === 0 ? most : 1;
      }
      default:
        return fail(`type ${id} ("${type.name}") has no alignment`);
    }
  }
}

/** Names of the integer types that are as wide as a pointer, in every order of their words. */
const LONG = /^(?=.*\blong\b)(?!.*\blong\b.*\blong\b)(\b(long|int|unsigned)\b ?)+$/;

/** Bytes of a pointer: as many as `long` has, and 8 where nothing says (libbpf's determine_ptr_size). */
export function findPointerSize(btf: Btf): number {
  for (const id of btf.ids()) {
    if (btf.kind(id) !== BtfKind.Int) continue;
    const type = btf.type(id);
    if (type.kind === BtfKind.Int && LONG.test(type.name) && (type.size === 4 || type.size === 8)) {
      return type.size;
    }
  }
  return 8;
}
