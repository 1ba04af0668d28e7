import { ObjectFormatError } from "../errors.js";
import { decodeType, type TypeSource } from "./decode-type.js";
import { BTF_HEADER_SIZE, BTF_MAGIC, TYPE_SIZE, trailerSize } from "./layout.js";
import { BtfKind, type BtfType } from "./types.js";

/** A chain of modifiers or arrays longer than this is a loop. */
const MAX_RESOLVE_DEPTH = 64;
const decoder = new TextDecoder();
const VOID: BtfType = { kind: BtfKind.Void, name: "" };

function fail(message: string, offset?: number): never {
  throw new ObjectFormatError(message, { section: ".BTF", offset });
}

/**
 * BTF of either byte order, split or not. Only the header is checked and the types' places are noted
 * at once; a type is decoded when it is asked for, so that a kernel's 5 MB cost little.
 */
export class Btf implements TypeSource {
  readonly base: Btf | undefined;
  readonly view: DataView;
  readonly littleEndian: boolean;
  /** Number of types, void included; ids are below it. */
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #strings: { readonly start: number; readonly length: number };
  /** Byte of each type of this BTF's own. */
  readonly #places: Uint32Array;
  readonly #types = new Map<number, BtfType>();
  #ids: Map<string, number[]> | undefined;
  readonly #firstId: number;
  readonly #firstString: number;

  private constructor(bytes: Uint8Array, base: Btf | undefined) {
    this.#bytes = bytes;
    this.base = base;
    this.#firstId = base?.length ?? 1;
    this.#firstString = base === undefined ? 0 : base.#firstString + base.#strings.length;
    if (bytes.length < BTF_HEADER_SIZE) fail(`${bytes.length} bytes are no BTF header`, 0);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.littleEndian = this.view.getUint16(0, true) === BTF_MAGIC;
    if (!this.littleEndian && this.view.getUint16(0, false) !== BTF_MAGIC) fail("no BTF magic number", 0);
    const u32 = (at: number) => this.view.getUint32(at, this.littleEndian);
    if (bytes[2] !== 1) fail(`version ${bytes[2]} is unknown; only 1 exists`, 2);
    const headerLength = u32(4);
    if (headerLength < BTF_HEADER_SIZE || headerLength > bytes.length)
      fail(`header length ${headerLength}`, 4);
    const [typeOffset, typeLength, stringOffset, stringLength] = [u32(8), u32(12), u32(16), u32(20)];
    const room = bytes.length - headerLength;
    if (typeOffset + typeLength > room || typeOffset % 4 !== 0)
      fail("the types are not within the section", 8);
    if (stringOffset + stringLength > room) fail("the strings are not within the section", 16);
    if (typeOffset < stringOffset + stringLength && stringOffset < typeOffset + typeLength) {
      fail("types and strings overlap", 8);
    }
    this.#strings = { start: headerLength + stringOffset, length: stringLength };
    const isTerminated = stringLength > 0 && bytes[this.#strings.start + stringLength - 1] === 0;
    if (stringLength > 0 && !isTerminated) fail("the strings do not end with a NUL", this.#strings.start);
    if (base === undefined && (stringLength === 0 || bytes[this.#strings.start] !== 0)) {
      fail("the first string is not empty", this.#strings.start);
    }
    this.#places = this.#findTypes(headerLength + typeOffset, typeLength);
    this.length = this.#firstId + this.#places.length;
  }

  /** Reads BTF; with `base`, split BTF whose ids and strings go on from it. Throws ObjectFormatError. */
  static parse(bytes: Uint8Array, options: { base?: Btf } = {}): Btf {
    // Node's Buffer is a Uint8Array with methods of its own: take the plain one.
    return new Btf(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), options.base);
  }

  /** The bytes that it was read from. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  #findTypes(start: number, length: number): Uint32Array {
    const end = start + length;
    let places = new Uint32Array(Math.floor(length / TYPE_SIZE));
    let count = 0;
    for (let at = start; at < end; ) {
      if (at + TYPE_SIZE > end) fail("a type is cut off", at);
      const info = this.view.getUint32(at + 4, this.littleEndian);
      const kind = (info >>> 24) & 0x1f;
      const trailer = trailerSize(kind, info & 0xffff);
      if (trailer === undefined) fail(`kind ${kind} is unknown`, at);
      places[count++] = at;
      at += TYPE_SIZE + trailer;
      if (at > end) fail("a type is cut off", places[count - 1]);
    }
    places = places.slice(0, count);
    return places;
  }

  string(offset: number): string {
    if (offset < this.#firstString && this.base !== undefined) return this.base.string(offset);
    const at = offset - this.#firstString;
    if (at < 0 || at >= Math.max(1, this.#strings.length)) fail(`string ${offset} does not exist`);
    if (this.#strings.length === 0) return "";
    const start = this.#strings.start + at;
    const end = this.#bytes.indexOf(0, start);
    return decoder.decode(this.#bytes.subarray(start, end));
  }

  /** The type with that id; 0 is void. Throws ObjectFormatError where there is none. */
  type(id: number): BtfType {
    if (id === 0) return VOID;
    if (id < this.#firstId && this.base !== undefined) return this.base.type(id);
    let type = this.#types.get(id);
    if (type === undefined) {
      if (!Number.isInteger(id) || id < 0 || id >= this.length) fail(`type ${id} does not exist`);
      type = decodeType(this, this.#places[id - this.#firstId]);
      this.#types.set(id, type);
    }
    return type;
  }

  /** A type's name; "" where it has none. */
  name(id: number): string {
    return this.type(id).name;
  }

  /** A type's kind, read without decoding the rest of it. */
  kind(id: number): BtfKind {
    if (id === 0) return BtfKind.Void;
    if (id < this.#firstId && this.base !== undefined) return this.base.kind(id);
    if (id >= this.length) fail(`type ${id} does not exist`);
    const info = this.view.getUint32(this.#places[id - this.#firstId] + 4, this.littleEndian);
    return ((info >>> 24) & 0x1f) as BtfKind;
  }

  /** Where one of this BTF's own types begins in its bytes. */
  place(id: number): number {
    const place = this.#places[id - this.#firstId];
    return place ?? fail(`type ${id} does not exist`);
  }

  /** Ids of this BTF's own types, and of its base's. */
  *ids(): Generator<number> {
    for (let id = 1; id < this.length; id++) yield id;
  }

  /** The ids of all types with a name, in order; of these kinds alone where any are given. */
  findAll(name: string, ...kinds: BtfKind[]): number[] {
    const inBase = this.base?.findAll(name, ...kinds) ?? [];
    const own = this.#idsNamed(name);
    const ids = kinds.length === 0 ? own : own.filter((id) => kinds.includes(this.kind(id)));
    return [...inBase, ...ids];
  }

  /** The id of the first type with a name, of these kinds where any are given. */
  find(name: string, ...kinds: BtfKind[]): number | undefined {
    return this.findAll(name, ...kinds)[0];
  }

  #idsNamed(name: string): readonly number[] {
    if (this.#ids !== undefined) return this.#ids.get(name) ?? [];
    if (this.#places.length > INDEX_ABOVE) return this.#scan(name);
    this.#ids = new Map();
    for (let i = 0; i < this.#places.length; i++) {
      const own = this.name(this.#firstId + i);
      const ids = this.#ids.get(own);
      if (ids === undefined) this.#ids.set(own, [this.#firstId + i]);
      else ids.push(this.#firstId + i);
    }
    return this.#ids.get(name) ?? [];
  }

  readonly #scanned = new Map<string, readonly number[]>();

  /** Finds a name among very many types: its string first, then the types that refer to it. */
  #scan(name: string): readonly number[] {
    const known = this.#scanned.get(name);
    if (known !== undefined) return known;
    const ids: number[] = [];
    for (const offset of this.#stringOffsets(name)) {
      for (let i = 0; i < this.#places.length; i++) {
        if (this.view.getUint32(this.#places[i], this.littleEndian) === offset) ids.push(this.#firstId + i);
      }
    }
    ids.sort((a, b) => a - b);
    this.#scanned.set(name, ids);
    return ids;
  }

  /** Every place in the strings where a name stands, as a whole or as another one's end. */
  #stringOffsets(name: string): number[] {
    const wanted = new TextEncoder().encode(`${name}\0`);
    const { start, length } = this.#strings;
    const strings = this.#bytes.subarray(start, start + length);
    const offsets: number[] = this.base === undefined ? [] : this.base.#stringOffsets(name);
    for (let at = strings.indexOf(wanted[0]); at >= 0; at = strings.indexOf(wanted[0], at + 1)) {
      let i = 1;
      while (i < wanted.length && strings[at + i] === wanted[i]) i++;
      if (i === wanted.length) offsets.push(this.#firstString + at);
    }
    return offsets;
  }

  /** Follows typedefs, const, volatile, restrict and type tags to the type behind them. */
  resolve(id: number): number {
    let current = id;
    for (let depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
      const type = this.type(current);
      switch (type.kind) {
        case BtfKind.Typedef:
        case BtfKind.Volatile:
        case BtfKind.Const:
        case BtfKind.Restrict:
        case BtfKind.TypeTag:
          current = type.type;
          break;
        default:
          return current;
      }
    }
    return fail(`type ${id} refers to itself`);
  }

  /** The type behind an id's typedefs and qualifiers. */
  resolved(id: number): BtfType {
    return this.type(this.resolve(id));
  }

  /** A type's size in bytes; pointers have 8. Throws ObjectFormatError where it has none. */
  sizeOf(id: number): number {
    let factor = 1;
    let current = id;
    for (let depth = 0; depth < MAX_RESOLVE_DEPTH; depth++) {
      const type = this.resolved(current);
      switch (type.kind) {
        case BtfKind.Int:
        case BtfKind.Struct:
        case BtfKind.Union:
        case BtfKind.Enum:
        case BtfKind.Enum64:
        case BtfKind.Datasec:
        case BtfKind.Float:
          return factor * type.size;
        case BtfKind.Ptr:
          return factor * 8;
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

  /** A type's alignment in bytes, as C has it on a 64-bit machine; 1 for packed structs. */
  alignOf(id: number): number {
    return this.#align(id, 0);
  }

  #align(id: number, depth: number): number {
    if (depth > MAX_RESOLVE_DEPTH) fail(`type ${id} contains itself`);
    const type = this.resolved(id);
    switch (type.kind) {
      case BtfKind.Int:
      case BtfKind.Enum:
      case BtfKind.Enum64:
      case BtfKind.Float:
        return Math.min(16, type.size);
      case BtfKind.Ptr:
        return 8;
      case BtfKind.Array:
      case BtfKind.Var:
        return this.#align(type.type, depth + 1);
      case BtfKind.Struct:
      case BtfKind.Union: {
        let most = 1;
        for (const member of type.members) {
          const align = this.#align(member.type, depth + 1);
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

  /** Names of the declaration tags on a type, or on its member or parameter `component`. */
  declTags(id: number, component = -1): string[] {
    return [...this.ids()]
      .map((tag) => (this.kind(tag) === BtfKind.DeclTag ? this.type(tag) : undefined))
      .filter((tag) => tag?.kind === BtfKind.DeclTag && tag.type === id && tag.componentIndex === component)
      .map((tag) => tag?.name ?? "");
  }
}

/** Above so many types, an index of all names costs more than a few searches. */
const INDEX_ABOVE = 20000;
