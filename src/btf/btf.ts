import { ObjectFormatError } from "../errors.js";
import { decodeType, type TypeSource } from "./decode-type.js";
import { BTF_HEADER_SIZE, BTF_MAGIC, TYPE_SIZE, trailerSize } from "./layout.js";
import { Alignments, findPointerSize, resolveType, sizeOfType } from "./measure.js";
import { essentialHash, essentialName, NameIndex } from "./name-index.js";
import { type BtfDeclTag, BtfKind, type BtfType } from "./types.js";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();
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
  /** The first id of its own types: 1, or the base's length. */
  readonly firstId: number;
  /** The offset of its own first string: 0, or the length of the base's strings. */
  readonly stringsStart: number;
  readonly #bytes: Uint8Array;
  readonly #strings: { readonly start: number; readonly length: number };
  /** Byte of each type of this BTF's own. */
  readonly #places: Uint32Array;
  readonly #types = new Map<number, BtfType>();
  readonly #alignments = new Alignments(this);
  #names: NameIndex | undefined;
  #stringOffsets: ReadonlyMap<string, number> | undefined;
  #tagsOf: ReadonlyMap<number, BtfDeclTag[]> | undefined;
  #pointerSize: number | undefined;

  private constructor(bytes: Uint8Array, base: Btf | undefined) {
    this.#bytes = bytes;
    this.base = base;
    this.firstId = base?.length ?? 1;
    this.stringsStart = base === undefined ? 0 : base.stringsEnd;
    if (bytes.length < BTF_HEADER_SIZE) fail(`${bytes.length} bytes are no BTF header`, 0);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.littleEndian = this.view.getUint16(0, true) === BTF_MAGIC;
    if (!this.littleEndian && this.view.getUint16(0, false) !== BTF_MAGIC) fail("no BTF magic number", 0);
    if (base !== undefined && base.littleEndian !== this.littleEndian)
      fail("its base has another byte order", 0);
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
    this.length = this.firstId + this.#places.length;
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
    const places = new Uint32Array(Math.floor(length / TYPE_SIZE));
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
    return places.slice(0, count);
  }

  string(offset: number): string {
    const [bytes, start] = this.#stringAt(offset);
    return start < 0 ? "" : decoder.decode(bytes.subarray(start, bytes.indexOf(0, start)));
  }

  /** The bytes that hold a string, and where it starts in them; -1 for the one of an empty section. */
  #stringAt(offset: number): readonly [bytes: Uint8Array, start: number] {
    if (offset < this.stringsStart && this.base !== undefined) return this.base.#stringAt(offset);
    const at = offset - this.stringsStart;
    if (at < 0 || at >= Math.max(1, this.#strings.length)) fail(`string ${offset} does not exist`);
    return [this.#bytes, this.#strings.length === 0 ? -1 : this.#strings.start + at];
  }

  /** The type with that id; 0 is void. Throws ObjectFormatError where there is none. */
  type(id: number): BtfType {
    if (id === 0) return VOID;
    if (id < this.firstId && this.base !== undefined) return this.base.type(id);
    let type = this.#types.get(id);
    if (type === undefined) {
      if (!Number.isInteger(id) || id < 0 || id >= this.length) fail(`type ${id} does not exist`);
      type = decodeType(this, this.#places[id - this.firstId]);
      this.#types.set(id, type);
    }
    return type;
  }

  /** A type's name; "" where it has none. */
  name(id: number): string {
    const kind = this.kind(id);
    if (kind === BtfKind.Void || kind === BtfKind.Array || kind === BtfKind.FuncProto) return "";
    if (id < this.firstId && this.base !== undefined) return this.base.name(id);
    return this.string(this.view.getUint32(this.place(id), this.littleEndian));
  }

  /** A type's kind, read without decoding the rest of it. */
  kind(id: number): BtfKind {
    if (id === 0) return BtfKind.Void;
    if (id < this.firstId && this.base !== undefined) return this.base.kind(id);
    if (id >= this.length) fail(`type ${id} does not exist`);
    const info = this.view.getUint32(this.#places[id - this.firstId] + 4, this.littleEndian);
    return ((info >>> 24) & 0x1f) as BtfKind;
  }

  /** Where one of this BTF's own types begins in its bytes. */
  place(id: number): number {
    const place = this.#places[id - this.firstId];
    return place ?? fail(`type ${id} does not exist`);
  }

  /** Ids of this BTF's own types, and of its base's. */
  *ids(): Generator<number> {
    for (let id = 1; id < this.length; id++) yield id;
  }

  /** The ids of all types with a name, in order; of these kinds alone where any are given. */
  findAll(name: string, ...kinds: BtfKind[]): number[] {
    return this.findFlavors(essentialName(name), ...kinds).filter((id) => this.name(id) === name);
  }

  /** The id of the first type with a name, of these kinds where any are given. */
  find(name: string, ...kinds: BtfKind[]): number | undefined {
    return this.findAll(name, ...kinds)[0];
  }

  /** The ids of all named types whose name is this one when its flavour, "___old", is left out. */
  findFlavors(essential: string, ...kinds: BtfKind[]): number[] {
    const found = this.base?.findFlavors(essential, ...kinds) ?? [];
    if (essential === "") return [...found, ...this.#anonymous(kinds)];
    this.#names ??= new NameIndex(this.#places.length, (index) => this.#essentialHash(index));
    for (const index of this.#names.candidates(essentialHash(encoder.encode(essential), 0))) {
      const id = this.firstId + index;
      const isWanted = kinds.length === 0 || kinds.includes(this.kind(id));
      if (isWanted && essentialName(this.name(id)) === essential) found.push(id);
    }
    return found;
  }

  #anonymous(kinds: readonly BtfKind[]): number[] {
    const own = Array.from(this.#places, (_, index) => this.firstId + index);
    return own.filter((id) => (kinds.length === 0 || kinds.includes(this.kind(id))) && this.name(id) === "");
  }

  #essentialHash(index: number): number {
    const offset = this.view.getUint32(this.#places[index], this.littleEndian);
    if (offset === 0) return 0;
    const own = offset - this.stringsStart;
    // This is asked of every type there is: a kernel's are all its own.
    if (own >= 0 && own < this.#strings.length) return essentialHash(this.#bytes, this.#strings.start + own);
    const [bytes, start] = this.#stringAt(offset);
    return essentialHash(bytes, start);
  }

  /** Where the strings of split BTF on this one begin. */
  get stringsEnd(): number {
    return this.stringsStart + this.#strings.length;
  }

  /** Where a string stands in the string section; undefined where it does not. */
  stringOffset(text: string): number | undefined {
    this.#stringOffsets ??= this.#indexStrings();
    return this.base?.stringOffset(text) ?? this.#stringOffsets.get(text);
  }

  #indexStrings(): ReadonlyMap<string, number> {
    const offsets = new Map<string, number>();
    for (let at = 0; at < this.#strings.length; ) {
      const text = this.string(this.stringsStart + at);
      if (!offsets.has(text)) offsets.set(text, this.stringsStart + at);
      at = this.#bytes.indexOf(0, this.#strings.start + at) - this.#strings.start + 1;
    }
    return offsets;
  }

  /** Follows typedefs, const, volatile, restrict and type tags to the type behind them. */
  resolve(id: number): number {
    return resolveType(this, id);
  }

  /** The type behind an id's typedefs and qualifiers. */
  resolved(id: number): BtfType {
    return this.type(this.resolve(id));
  }

  /** A type's size in bytes. Throws ObjectFormatError where it has none. */
  sizeOf(id: number): number {
    return sizeOfType(this, id);
  }

  /** A type's alignment in bytes, as C has it; 1 for packed structs. */
  alignOf(id: number): number {
    return this.#alignments.of(id);
  }

  /** Bytes of a pointer: 8, but for the types of 32-bit kernels. */
  get pointerSize(): number {
    this.#pointerSize ??= this.base?.pointerSize ?? findPointerSize(this);
    return this.#pointerSize;
  }

  /** The declaration tags on a type, or on its member or parameter `component`. */
  declTags(id: number, component = -1): BtfDeclTag[] {
    this.#tagsOf ??= this.#indexTags();
    const own = (this.#tagsOf.get(id) ?? []).filter((tag) => tag.componentIndex === component);
    return [...(this.base?.declTags(id, component) ?? []), ...own];
  }

  #indexTags(): ReadonlyMap<number, BtfDeclTag[]> {
    const tags = new Map<number, BtfDeclTag[]>();
    for (let id = this.firstId; id < this.length; id++) {
      if (this.kind(id) !== BtfKind.DeclTag) continue;
      const tag = this.type(id);
      if (tag.kind !== BtfKind.DeclTag) continue;
      const known = tags.get(tag.type);
      if (known === undefined) tags.set(tag.type, [tag]);
      else known.push(tag);
    }
    return tags;
  }
}
