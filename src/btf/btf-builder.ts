import { ObjectFormatError } from "../errors.js";
import { Btf } from "./btf.js";
import { encodeType } from "./encode-type.js";
import { TypeImporter } from "./import-types.js";
import { BTF_HEADER_SIZE, BTF_MAGIC } from "./layout.js";
import { StringTable } from "./string-table.js";
import { typeReferences } from "./type-references.js";
import { BtfKind, type BtfType } from "./types.js";

export interface BtfBuilderOptions {
  /** What split BTF goes on from: its ids and strings may be referred to. */
  readonly base?: Btf;
  /** The base's byte order by default, else little endian. */
  readonly littleEndian?: boolean;
}

/**
 * BTF in the making: types are added one by one or imported from other BTF, and written in either byte
 * order. A type may refer to ids that are not there yet; what is never defined is refused when the BTF
 * is written. Methods throw ObjectFormatError.
 */
export class BtfBuilder {
  readonly base: Btf | undefined;
  readonly littleEndian: boolean;
  readonly #firstId: number;
  readonly #types: (BtfType | undefined)[] = [];
  readonly #strings: StringTable;
  #importer: TypeImporter | undefined;

  constructor(options: BtfBuilderOptions = {}) {
    this.base = options.base;
    this.littleEndian = options.littleEndian ?? options.base?.littleEndian ?? true;
    if (this.base !== undefined && this.base.littleEndian !== this.littleEndian) {
      throw new ObjectFormatError("split BTF has its base's byte order", { section: ".BTF" });
    }
    this.#firstId = this.base?.length ?? 1;
    this.#strings = new StringTable(this.base);
  }

  /** Number of types, void and the base's included; the next type gets this id. */
  get length(): number {
    return this.#firstId + this.#types.length;
  }

  /** Adds a type and gives its id. */
  add(type: BtfType): number {
    const id = this.reserve();
    this.define(id, type);
    return id;
  }

  /** An id for a type that others must refer to before it is defined. */
  reserve(): number {
    this.#types.push(undefined);
    return this.length - 1;
  }

  /** Says what a reserved id is. */
  define(id: number, type: BtfType): void {
    if (type.kind === BtfKind.Void) this.#fail("void cannot be added: its id is 0");
    const index = id - this.#firstId;
    if (index < 0 || index >= this.#types.length) this.#fail(`type ${id} is not reserved`);
    if (this.#types[index] !== undefined) this.#fail(`type ${id} is defined already`);
    this.#types[index] = type;
  }

  /** The type with that id; undefined where it is only reserved. */
  type(id: number): BtfType | undefined {
    if (id < this.#firstId) return this.base?.type(id) ?? { kind: BtfKind.Void, name: "" };
    return this.#types[id - this.#firstId];
  }

  /**
   * Copies a type with all that it refers to out of other BTF, and gives its id here. A type that is
   * here already, by its name and structure down to every type that it refers to, is not copied but
   * used again; a forward declaration is the type that it declares, where that is known by then or
   * comes later. Variables and data sections are always copied, since two objects' variables of one
   * name are two; declaration tags come along only where they are imported themselves. Importing an id
   * twice gives the same id twice.
   */
  import(source: Btf, id: number): number {
    this.#importer ??= new TypeImporter({
      base: this.base,
      firstId: this.#firstId,
      lengthNow: () => this.length,
      type: (known) => this.type(known),
      reserve: () => this.reserve(),
      define: (reserved, type) => this.define(reserved, type),
      undefine: (forward) => {
        this.#types[forward - this.#firstId] = undefined;
      },
    });
    return this.#importer.import(source, id);
  }

  /** The offset of a string, which is added if it is new: what .BTF.ext refers to. */
  string(text: string): number {
    return this.#strings.offset(text);
  }

  /** A .BTF section. */
  toBytes(): Uint8Array {
    const words: number[] = [];
    for (const [index, type] of this.#types.entries()) {
      if (type === undefined) return this.#fail(`type ${this.#firstId + index} was never defined`);
      const missing = typeReferences(type).find((id) => !this.#exists(id));
      if (missing !== undefined) this.#fail(`"${type.name}" refers to type ${missing}, which does not exist`);
      for (const word of encodeType(type, (text) => this.string(text))) words.push(word);
    }
    const strings = this.#strings.bytes();
    const typesLength = words.length * 4;
    const bytes = new Uint8Array(BTF_HEADER_SIZE + typesLength + strings.length);
    const view = new DataView(bytes.buffer);
    const le = this.littleEndian;
    view.setUint16(0, BTF_MAGIC, le);
    view.setUint8(2, 1);
    [BTF_HEADER_SIZE, 0, typesLength, typesLength, strings.length].forEach((field, i) => {
      view.setUint32(4 + i * 4, field, le);
    });
    words.forEach((word, i) => {
      view.setUint32(BTF_HEADER_SIZE + i * 4, word, le);
    });
    bytes.set(strings, BTF_HEADER_SIZE + typesLength);
    return bytes;
  }

  /** The BTF as it is written. */
  build(): Btf {
    return Btf.parse(this.toBytes(), this.base === undefined ? {} : { base: this.base });
  }

  #exists(id: number): boolean {
    return Number.isInteger(id) && id >= 0 && id < this.length;
  }

  #fail(message: string): never {
    throw new ObjectFormatError(message, { section: ".BTF" });
  }
}
