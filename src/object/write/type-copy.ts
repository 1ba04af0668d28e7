import { type Btf, BtfBuilder, type BtfDatasec, BtfKind, type BtfType } from "../../btf/index.js";

/** An object's types as they are written: with the ids that they had, some changed, others added. */
export class TypeCopy {
  readonly builder: BtfBuilder;
  readonly btf: Btf | undefined;
  readonly #changed = new Map<number, BtfType>();
  readonly #length: number;
  #int: number | undefined;

  constructor(btf: Btf | undefined, littleEndian: boolean) {
    this.btf = btf;
    this.builder = new BtfBuilder({ littleEndian });
    this.#length = btf?.length ?? 1;
    for (let id = 1; id < this.#length; id++) this.builder.reserve();
  }

  get isEmpty(): boolean {
    return this.builder.length === 1;
  }

  /** A type, as it was or as it is now. */
  type(id: number): BtfType {
    return this.#changed.get(id) ?? this.btf?.type(id) ?? { kind: BtfKind.Void, name: "" };
  }

  change(id: number, type: BtfType): void {
    this.#changed.set(id, type);
  }

  /** The first data section of a name, as the object had it. */
  datasec(name: string): { readonly id: number; readonly type: BtfDatasec } | undefined {
    const id = this.btf?.find(name, BtfKind.Datasec);
    const type = id === undefined ? undefined : this.btf?.type(id);
    return id === undefined || type?.kind !== BtfKind.Datasec ? undefined : { id, type };
  }

  /** An integer of 4 bytes: the object's, or a new one. */
  int(): number {
    this.#int ??= this.#findInt() ?? this.#addInt();
    return this.#int;
  }

  #findInt(): number | undefined {
    const id = this.btf?.find("int", BtfKind.Int);
    return id !== undefined && this.btf?.sizeOf(id) === 4 ? id : undefined;
  }

  #addInt(): number {
    const encoding = { signed: true, char: false, bool: false };
    return this.builder.add({ kind: BtfKind.Int, name: "int", size: 4, bits: 32, bitOffset: 0, encoding });
  }

  /** Says what the copied types are; nothing is changed after that. */
  finish(): void {
    for (let id = 1; id < this.#length; id++) this.builder.define(id, this.type(id));
  }
}
