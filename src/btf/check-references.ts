import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { isIdentifier } from "./check-meta.js";
import { TYPE_SIZE } from "./layout.js";
import { isModifier } from "./type-references.js";
import { type BtfComposite, type BtfInt, BtfKind, type BtfMember, type BtfType } from "./types.js";

/** How deep the kernel follows types (MAX_RESOLVE_DEPTH of kernel/bpf/btf.c). */
const MAX_DEPTH = 32;
const MAX_SIZE = 0xffffffff;
const POINTER = 8;

const State = { New: 0, Begun: 1, Done: 2 } as const;
/** What is followed: pointers to pointers, or what structs and arrays contain. */
type Mode = "open" | "pointer" | "content";

interface Vertex {
  readonly id: number;
  /** The member or variable to go on with. */
  next: number;
}

/**
 * Checks that every type refers to types of kinds that it may refer to, that none contains itself, that
 * members are within their structs. Types are followed in the kernel's order, since its limit of depth
 * counts what is not known by then. Throws ObjectFormatError.
 */
export function checkReferences(btf: Btf): void {
  new ReferenceCheck(btf).run();
}

class ReferenceCheck {
  readonly #btf: Btf;
  readonly #states: Uint8Array;
  #stack: Vertex[] = [];
  #mode: Mode = "open";

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#states = new Uint8Array(btf.length - btf.firstId);
  }

  run(): void {
    for (let id = this.#btf.firstId; id < this.#btf.length; id++) {
      const type = this.#btf.type(id);
      this.#resolveNew(id, type);
      if (type.kind === BtfKind.FuncProto) this.#prototype(id, type.returnType, type.params);
    }
  }

  #fail(id: number, why: string): never {
    const offset = id < this.#btf.firstId ? undefined : this.#btf.place(id);
    throw new ObjectFormatError(`type ${id} ("${this.#btf.name(id)}"): ${why}`, { section: ".BTF", offset });
  }

  #isDone(id: number): boolean {
    return id < this.#btf.firstId || this.#states[id - this.#btf.firstId] === State.Done;
  }

  #resolveNew(id: number, type: BtfType): void {
    if (!isFollowed(type.kind) || this.#isDone(id)) return;
    this.#mode = "open";
    this.#stack = [];
    this.#push(id);
    for (let top = this.#stack.at(-1); top !== undefined; top = this.#stack.at(-1)) {
      if (!this.#step(top)) continue;
      this.#states[top.id - this.#btf.firstId] = State.Done;
      this.#stack.pop();
    }
  }

  #push(id: number): void {
    if (this.#stack.length === MAX_DEPTH) this.#fail(id, `it is nested deeper than ${MAX_DEPTH} types`);
    if (this.#states[id - this.#btf.firstId] !== State.New) this.#fail(id, "it refers to itself");
    this.#states[id - this.#btf.firstId] = State.Begun;
    this.#stack.push({ id, next: 0 });
    if (this.#mode !== "open") return;
    const { kind } = this.#btf.type(id);
    if (kind === BtfKind.Ptr) this.#mode = "pointer";
    else if (isContainer(kind)) this.#mode = "content";
  }

  /** Follows a reference first, if that is not done yet; whether it is. */
  #isFollowed(id: number): boolean {
    if (this.#isSink(this.#btf.kind(id)) || this.#isDone(id)) return true;
    this.#push(id);
    return false;
  }

  #isSink(kind: BtfKind): boolean {
    if (this.#mode === "pointer") return !isModifier(kind) && kind !== BtfKind.Ptr;
    if (this.#mode === "content") return !isModifier(kind) && !isContainer(kind);
    return !isFollowed(kind);
  }

  /** One step of a type; whether it is done with it. */
  #step(vertex: Vertex): boolean {
    const { id } = vertex;
    const type = this.#btf.type(id);
    switch (type.kind) {
      case BtfKind.Ptr:
      case BtfKind.Typedef:
      case BtfKind.Volatile:
      case BtfKind.Const:
      case BtfKind.Restrict:
      case BtfKind.TypeTag:
        return this.#reference(id, type.kind, type.type);
      case BtfKind.Array:
        return this.#array(id, type.type, type.indexType, type.length);
      case BtfKind.Struct:
      case BtfKind.Union:
        return this.#members(vertex, type);
      case BtfKind.Var:
        if (isSource(this.#btf.kind(type.type))) this.#fail(id, "a variable is of no such type");
        if (!this.#isFollowed(type.type) || !this.#isPointerFollowed(type.type)) return false;
        if (!this.#hasSize(type.type)) this.#fail(id, "a variable has a size");
        return true;
      case BtfKind.Datasec:
        for (; vertex.next < type.variables.length; vertex.next++) {
          const { type: variable, size } = type.variables[vertex.next];
          const variableType = this.#btf.type(variable);
          if (variableType.kind !== BtfKind.Var) return this.#fail(id, "a section has variables only");
          if (!this.#isFollowed(variable)) return false;
          if (size < this.#btf.sizeOf(variableType.type))
            this.#fail(id, "a variable is larger than its place");
        }
        return true;
      case BtfKind.Func: {
        const proto = this.#btf.type(type.type);
        if (proto.kind !== BtfKind.FuncProto) return this.#fail(id, "a function has a prototype");
        const isNamed = proto.params.every((param, i) => this.#hasName(type.type, i) || param.type === 0);
        if (!isNamed) this.#fail(id, "a function's parameters have names");
        return true;
      }
      case BtfKind.DeclTag:
        return this.#tag(id, type.type, type.componentIndex);
      default:
        return true;
    }
  }

  #reference(id: number, kind: BtfKind, to: number): boolean {
    if (isSource(this.#btf.kind(to))) this.#fail(id, "it refers to what is no type");
    if (!this.#isFollowed(to)) return false;
    if (kind === BtfKind.Ptr && !this.#isPointerFollowed(to)) return false;
    if (this.#hasSize(to)) return true;
    const last = this.#btf.resolve(to);
    const lastType = this.#btf.type(last);
    // A function that is done with counts for its prototype.
    const end = lastType.kind === BtfKind.Func && this.#isDone(last) ? lastType.type : last;
    const endKind = this.#btf.kind(end);
    const isAllowed = endKind === BtfKind.Void || endKind === BtfKind.Fwd || endKind === BtfKind.FuncProto;
    return isAllowed || this.#fail(id, "it refers to what is no type");
  }

  /** Modifiers that were done with as parts of a struct may end at a pointer that was not. */
  #isPointerFollowed(id: number): boolean {
    if (!isModifier(this.#btf.kind(id))) return true;
    const end = this.#btf.resolve(id);
    return this.#btf.kind(end) !== BtfKind.Ptr || this.#isFollowed(end);
  }

  #array(id: number, element: number, index: number, length: number): boolean {
    for (const part of [index, element]) {
      const kind = this.#btf.kind(part);
      if (isSource(kind) || !hasSizeAtAll(kind)) this.#fail(id, "elements and indices have sizes");
      if (!this.#isFollowed(part)) return false;
      if (!this.#hasSize(part)) this.#fail(id, "elements and indices have sizes");
      const type = this.#btf.resolved(part);
      if (part === index && type.kind !== BtfKind.Int) this.#fail(id, "an index is an integer");
      if (type.kind === BtfKind.Int && !isRegular(type)) this.#fail(id, "its integers are not whole bytes");
    }
    const size = this.#btf.sizeOf(element);
    if (size * length > MAX_SIZE) this.#fail(id, "it is larger than any type");
    return true;
  }

  #members(vertex: Vertex, type: BtfComposite): boolean {
    for (; vertex.next < type.members.length; vertex.next++) {
      const member = type.members[vertex.next];
      const kind = this.#btf.kind(member.type);
      if (isSource(kind) || !hasSizeAtAll(kind)) this.#fail(vertex.id, `member "${member.name}" has no size`);
      if (!this.#isFollowed(member.type)) return false;
      if (!this.#hasSize(member.type)) this.#fail(vertex.id, `member "${member.name}" has no size`);
      const why = this.#whyMisplaced(type, member);
      if (why !== undefined) this.#fail(vertex.id, `member "${member.name}" ${why}`);
    }
    return true;
  }

  /** What is wrong with a member's place; undefined if nothing is. */
  #whyMisplaced(parent: BtfComposite, { type: id, bitOffset, bitFieldSize }: BtfMember): string | undefined {
    const type = this.#btf.resolved(id);
    const isInt = type.kind === BtfKind.Int;
    const isEnum = type.kind === BtfKind.Enum || type.kind === BtfKind.Enum64;
    const size = this.#btf.sizeOf(id);
    let first = bitOffset;
    let bits = isInt ? type.bits : size * 8;
    if (bitFieldSize > 0) {
      if (!isInt && !isEnum) return "is a bit-field of what is no integer";
      if (isInt && !isRegular(type)) return "is a bit-field of what is one by itself";
      // Enums of all sizes count as int (btf_enum_check_kflag_member).
      if (bitFieldSize > (isEnum ? 32 : bits)) return "has more bits than its type";
      bits = bitFieldSize;
    } else if (isInt && !parent.hasBitFields) {
      first += type.bitOffset;
    } else {
      if (bitOffset % 8 !== 0) return "does not begin at a byte";
      if (isInt && !isRegular(type)) return "is not of whole bytes";
      if (isEnum && parent.hasBitFields) bits = 32;
    }
    if (type.kind === BtfKind.Float && bitOffset % (Math.min(POINTER, type.size) * 8) !== 0)
      return "is not aligned";
    const lastByte = Math.ceil((first + bits) / 8);
    if (isInt && (first % 8) + bits > 128) return "has more than 128 bits";
    return lastByte > parent.size ? "is not within it" : undefined;
  }

  #tag(id: number, target: number, component: number): boolean {
    const type = this.#btf.type(target);
    const isComposite = type.kind === BtfKind.Struct || type.kind === BtfKind.Union;
    const isTarget = isComposite || type.kind === BtfKind.Func || type.kind === BtfKind.Var;
    if (!isTarget && type.kind !== BtfKind.Typedef) this.#fail(id, "it is a tag on what takes none");
    if (!this.#isFollowed(target)) return false;
    if (component === -1) return true;
    const proto = type.kind === BtfKind.Func ? this.#btf.type(type.type) : undefined;
    const parts = isComposite
      ? type.members.length
      : proto?.kind === BtfKind.FuncProto
        ? proto.params.length
        : 0;
    if (component >= parts) this.#fail(id, `it is a tag on part ${component} of ${parts}`);
    return true;
  }

  #prototype(id: number, returns: number, params: readonly { name: string; type: number }[]): void {
    const isSized = (part: number) => {
      if (isSource(this.#btf.kind(part))) return false;
      this.#resolveNew(part, this.#btf.type(part));
      return this.#hasSize(part);
    };
    if (returns !== 0 && !isSized(returns)) this.#fail(id, "what it returns has no size");
    for (const [i, { name, type }] of params.entries()) {
      if (type === 0 && i === params.length - 1) {
        if (this.#hasName(id, i)) this.#fail(id, "what stands for more parameters has no name");
        continue;
      }
      if (this.#hasName(id, i) && !isIdentifier(name))
        this.#fail(id, `the name of parameter ${i} is no identifier`);
      if (!isSized(type)) this.#fail(id, `parameter ${i} has no size`);
    }
  }

  /** Whether a prototype's parameter says where its name is, be that empty. */
  #hasName(proto: number, index: number): boolean {
    let btf = this.#btf;
    while (proto < btf.firstId && btf.base !== undefined) btf = btf.base;
    return btf.view.getUint32(btf.place(proto) + TYPE_SIZE + index * 8, btf.littleEndian) !== 0;
  }

  #hasSize(id: number): boolean {
    const type = this.#btf.resolved(id);
    return type.kind === BtfKind.Var ? this.#hasSize(type.type) : hasSizeAtAll(type.kind);
  }
}

function isContainer(kind: BtfKind): boolean {
  return kind === BtfKind.Struct || kind === BtfKind.Union || kind === BtfKind.Array;
}

/** What refers to types but is not referred to as one. */
function isSource(kind: BtfKind): boolean {
  return kind === BtfKind.Var || kind === BtfKind.Datasec || kind === BtfKind.DeclTag;
}

function isFollowed(kind: BtfKind): boolean {
  return (
    isModifier(kind) || isContainer(kind) || isSource(kind) || kind === BtfKind.Ptr || kind === BtfKind.Func
  );
}

function hasSizeAtAll(kind: BtfKind): boolean {
  switch (kind) {
    case BtfKind.Void:
    case BtfKind.Fwd:
    case BtfKind.Func:
    case BtfKind.FuncProto:
    case BtfKind.Datasec:
    case BtfKind.DeclTag:
      return false;
    default:
      return true;
  }
}

/** An integer of 1, 2, 4, 8 or 16 whole bytes (btf_type_int_is_regular). */
function isRegular(type: BtfInt): boolean {
  return type.bitOffset === 0 && [8, 16, 32, 64, 128].includes(type.bits);
}
