import { BtfKind } from "../btf/index.js";

const MAGIC = 0xeb9f;
const HEADER_SIZE = 24;
const SIGNED = 1;
const LINKAGE = { static: 0, global: 1 } as const;

/** A member of a struct; its offset in bytes. */
export interface TableMember {
  readonly name: string;
  readonly type: number;
  readonly offset: number;
}

/**
 * The few BTF types that assembled programs need, put together by hand: Linux demands types for
 * callbacks and for fields of map values that are its own (kernel/bpf/verifier.c, check_btf_func;
 * kernel/bpf/btf.c, btf_parse_fields). Methods return type ids; `bytes` is the BTF.
 */
export class TypeTable {
  readonly #types: number[] = [];
  readonly #known = new Map<string, number>();
  #strings = "\0";
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  #name(name: string): number {
    const offset = this.#strings.length;
    this.#strings += `${name}\0`;
    return offset;
  }

  #add(name: string, kind: number, vlen: number, sizeOrType: number, trailer: readonly number[]): number {
    const key = JSON.stringify([name, kind, vlen, sizeOrType, trailer]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#types.push(name === "" ? 0 : this.#name(name), (kind << 24) | vlen, sizeOrType, ...trailer);
    this.#known.set(key, ++this.#count);
    return this.#count;
  }

  /** A signed or unsigned number of 1, 2, 4 or 8 bytes. */
  int(name: string, size: number, isSigned: boolean): number {
    return this.#add(name, BtfKind.Int, 0, size, [((isSigned ? SIGNED : 0) << 24) | (size * 8)]);
  }

  /** So many bytes. */
  bytesOf(length: number): number {
    const byte = this.int("unsigned char", 1, false);
    return this.#add("", BtfKind.Array, 0, 0, [byte, byte, length]);
  }

  struct(name: string, size: number, members: readonly TableMember[]): number {
    // Member names are new strings each time: the key must not have their offsets.
    const key = JSON.stringify(["struct", name, size, members]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const trailer = members.flatMap((member) => [this.#name(member.name), member.type, member.offset * 8]);
    const id = this.#add(name, BtfKind.Struct, members.length, size, trailer);
    this.#known.set(key, id);
    return id;
  }

  /** A function `long name(void)`. */
  func(name: string, linkage: keyof typeof LINKAGE): number {
    const proto = this.#add("", BtfKind.FuncProto, 0, this.int("long", 8, true), []);
    return this.#add(name, BtfKind.Func, LINKAGE[linkage], proto, []);
  }

  bytes(): Uint8Array {
    const strings = new TextEncoder().encode(this.#strings);
    const typeBytes = this.#types.length * 4;
    const out = new Uint8Array(HEADER_SIZE + typeBytes + strings.length);
    const view = new DataView(out.buffer);
    view.setUint16(0, MAGIC, true);
    view.setUint8(2, 1);
    view.setUint32(4, HEADER_SIZE, true);
    view.setUint32(12, typeBytes, true);
    view.setUint32(16, typeBytes, true);
    view.setUint32(20, strings.length, true);
    this.#types.forEach((word, index) => {
      view.setUint32(HEADER_SIZE + index * 4, word, true);
    });
    out.set(strings, HEADER_SIZE + typeBytes);
    return out;
  }
}
