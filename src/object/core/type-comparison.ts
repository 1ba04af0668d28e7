import {
  type Btf,
  type BtfComposite,
  type BtfEnum,
  BtfKind,
  type BtfType,
  essentialName,
} from "../../btf/index.js";
import { ObjectFormatError } from "../../errors.js";
import { areKindsCompatible } from "./core-target.js";

/** How deep types are followed (libbpf's limits of relo_core.c). */
const MAX_DEPTH = 32;
/** Prototypes of prototypes multiply as they nest: none of C's come to so many. */
const MAX_COMPARISONS = 100_000;

/** Compares types of an object with those of a target, by the rules that CO-RE has for it. */
export class TypeComparison {
  readonly local: Btf;
  readonly target: Btf;
  #comparisons = 0;

  constructor(local: Btf, target: Btf) {
    this.local = local;
    this.target = target;
  }

  #count(id: number): void {
    if (this.#comparisons++ >= MAX_COMPARISONS) tooDeep(id);
  }

  /**
   * Whether a field may have another's place: structs and unions any, numbers of any width and sign,
   * pointers to anything; enums and forward declarations of one name, or without any; arrays by their
   * elements (libbpf's bpf_core_fields_are_compat).
   */
  areFieldsCompatible(localId: number, targetId: number): boolean {
    const { local, target } = this;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const a = local.resolved(localId);
      const b = target.resolved(targetId);
      if (isComposite(a) && isComposite(b)) return true;
      if (!areKindsCompatible(a.kind, b.kind)) return false;
      switch (a.kind) {
        case BtfKind.Ptr:
        case BtfKind.Float:
          return true;
        case BtfKind.Fwd:
        case BtfKind.Enum:
        case BtfKind.Enum64:
          return a.name === "" || b.name === "" || haveSameName(a, b);
        case BtfKind.Int:
          return a.bitOffset === 0 && b.kind === BtfKind.Int && b.bitOffset === 0;
        case BtfKind.Array:
          if (b.kind !== BtfKind.Array) return false;
          localId = a.type;
          targetId = b.type;
          break;
        default:
          return false;
      }
    }
    return tooDeep(localId);
  }

  /**
   * Whether two types are of one kind down to what they point to, whatever names and sizes (libbpf's
   * bpf_core_types_are_compat); that their own names are the same is known.
   */
  areTypesCompatible(localId: number, targetId: number, level = MAX_DEPTH): boolean {
    const { local, target } = this;
    this.#count(localId);
    if (!areKindsCompatible(local.kind(localId), target.kind(targetId))) return false;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const a = local.resolved(localId);
      const b = target.resolved(targetId);
      if (!areKindsCompatible(a.kind, b.kind)) return false;
      switch (a.kind) {
        case BtfKind.Void:
        case BtfKind.Struct:
        case BtfKind.Union:
        case BtfKind.Enum:
        case BtfKind.Enum64:
        case BtfKind.Fwd:
          return true;
        case BtfKind.Int:
          return a.bitOffset === 0 && b.kind === BtfKind.Int && b.bitOffset === 0;
        case BtfKind.Ptr:
        case BtfKind.Array:
          if (b.kind !== a.kind) return false;
          localId = a.type;
          targetId = b.type;
          break;
        case BtfKind.FuncProto: {
          if (b.kind !== BtfKind.FuncProto || a.params.length !== b.params.length) return false;
          if (level <= 0) return tooDeep(localId);
          const areParams = a.params.every((param, i) => {
            const [from, to] = [local.resolve(param.type), target.resolve(b.params[i].type)];
            return this.areTypesCompatible(from, to, level - 1);
          });
          if (!areParams) return false;
          localId = local.resolve(a.returnType);
          targetId = target.resolve(b.returnType);
          break;
        }
        default:
          return false;
      }
    }
    return tooDeep(localId);
  }

  /**
   * Whether a type has all that the local one has, by name: members (in depth, but not behind pointers),
   * enumerators, parameters; numbers of one width and sign (libbpf's bpf_core_types_match).
   */
  doTypesMatch(localId: number, targetId: number, isBehindPointer = false, level = MAX_DEPTH): boolean {
    const { local, target } = this;
    this.#count(localId);
    if (level <= 0) return tooDeep(localId);
    let behindPointer = isBehindPointer;
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const a = local.resolved(localId);
      const b = target.resolved(targetId);
      if (!haveSameName(a, b)) return false;
      switch (a.kind) {
        case BtfKind.Void:
          return b.kind === BtfKind.Void;
        case BtfKind.Fwd:
          if (b.kind === BtfKind.Fwd) return a.isUnion === b.isUnion;
          return behindPointer && b.kind === (a.isUnion ? BtfKind.Union : BtfKind.Struct);
        case BtfKind.Enum:
        case BtfKind.Enum64:
          return isEnum(b) && hasEnumerators(a, b);
        case BtfKind.Struct:
        case BtfKind.Union:
          if (behindPointer && b.kind === BtfKind.Fwd) return b.isUnion === (a.kind === BtfKind.Union);
          if (b.kind !== a.kind) return false;
          return behindPointer || this.#hasMembers(a, b, level);
        case BtfKind.Int:
          return b.kind === BtfKind.Int && a.size === b.size && a.encoding.signed === b.encoding.signed;
        case BtfKind.Ptr:
          if (b.kind !== BtfKind.Ptr) return false;
          behindPointer = true;
          localId = a.type;
          targetId = b.type;
          break;
        case BtfKind.Array:
          if (b.kind !== BtfKind.Array || a.length !== b.length) return false;
          localId = a.type;
          targetId = b.type;
          break;
        case BtfKind.FuncProto: {
          if (b.kind !== BtfKind.FuncProto || a.params.length !== b.params.length) return false;
          const areParams = a.params.every((param, i) =>
            this.doTypesMatch(param.type, b.params[i].type, behindPointer, level - 1),
          );
          if (!areParams) return false;
          localId = a.returnType;
          targetId = b.returnType;
          break;
        }
        default:
          return false;
      }
    }
    return tooDeep(localId);
  }

  #hasMembers(a: BtfComposite, b: BtfComposite, level: number): boolean {
    if (a.members.length > b.members.length) return false;
    const theirs = byEssentialName(b.members);
    return a.members.every((member) =>
      theirs
        .get(essentialName(member.name))
        ?.some((other) => this.doTypesMatch(member.type, other.type, false, level - 1)),
    );
  }
}

function isEnum(type: BtfType): type is BtfEnum {
  return type.kind === BtfKind.Enum || type.kind === BtfKind.Enum64;
}

function isComposite(type: BtfType): type is BtfComposite {
  return type.kind === BtfKind.Struct || type.kind === BtfKind.Union;
}

/** Names are the same when flavours are left out. */
function haveSameName(local: BtfType, target: BtfType): boolean {
  return essentialName(local.name) === essentialName(target.name);
}

function hasEnumerators(a: BtfEnum, b: BtfEnum): boolean {
  const theirs = byEssentialName(b.values);
  return a.size === b.size && a.values.every((value) => theirs.has(essentialName(value.name)));
}

function byEssentialName<T extends { readonly name: string }>(parts: readonly T[]): Map<string, T[]> {
  const named = new Map<string, T[]>();
  for (const part of parts) {
    const name = essentialName(part.name);
    const known = named.get(name);
    if (known === undefined) named.set(name, [part]);
    else known.push(part);
  }
  return named;
}

function tooDeep(id: number): never {
  throw new ObjectFormatError(`type ${id} is nested too deep to be compared`, { section: ".BTF" });
}
