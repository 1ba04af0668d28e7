import {
  addressKind,
  type Btf,
  type BtfEnum,
  type BtfInt,
  BtfKind,
  formatAddress,
  type NamedValue,
  ValueWalker,
} from "../../btf/index.js";
import { hexText, type Json, jsonInteger } from "./json.js";
import type { ShownValue } from "./shown-value.js";

/** Bytes of an array that are shown. */
const SHOWN_BYTES = 64;

/** A value of a BTF type, with addresses as people write them where type or name tells them. */
export function typedValue(btf: Btf, typeId: number, bytes: Uint8Array, littleEndian = true): ShownValue {
  return new Shower(btf, typeId, bytes, littleEndian).whole(typeId);
}

/** Bytes whose type nobody knows, as bpftool shows them. */
export function untypedValue(bytes: Uint8Array): ShownValue {
  return byteList(bytes, hexText(bytes));
}

class Shower extends ValueWalker<ShownValue> {
  readonly #isLittle: boolean;
  /** Values of one byte, which arrays show in hexadecimal. */
  readonly #octets = new Map<ShownValue, number>();

  constructor(btf: Btf, typeId: number, bytes: Uint8Array, littleEndian: boolean) {
    super(btf, typeId, bytes, littleEndian);
    this.#isLittle = littleEndian;
  }

  /** A key or value that is an address alone has no name to say so: its type must. */
  whole(typeId: number): ShownValue {
    const isNumber = this.btf.resolved(typeId).kind === BtfKind.Int;
    return this.asMember(isNumber ? "addr" : "", typeId, 0) ?? this.walk(typeId);
  }

  protected integer(type: BtfInt, value: bigint): ShownValue {
    if (type.encoding.bool) return scalar(String(value !== 0n), value !== 0n);
    const shown = scalar(String(value), jsonInteger(value));
    if (type.size === 1) this.#octets.set(shown, Number(BigInt.asUintN(8, value)));
    return shown;
  }

  protected enumerator(_type: BtfEnum, value: bigint, name: string | undefined): ShownValue {
    return scalar(name ?? String(value), name ?? jsonInteger(value));
  }

  protected pointer(value: bigint): ShownValue {
    return scalar(`0x${value.toString(16)}`, jsonInteger(value));
  }

  protected float(value: number): ShownValue {
    return scalar(String(value), Number.isFinite(value) ? value : String(value));
  }

  protected floatBits(value: bigint): ShownValue {
    return this.pointer(value);
  }

  protected text(value: string): ShownValue {
    return scalar(JSON.stringify(value), value);
  }

  protected array(items: readonly ShownValue[]): ShownValue {
    const octets = items.flatMap((item) => this.#octets.get(item) ?? []);
    if (items.length === 0 || octets.length < items.length) return { kind: "array", items };
    return byteList(Uint8Array.from(octets), octets);
  }

  protected composite(members: readonly NamedValue<ShownValue>[]): ShownValue {
    return {
      kind: "struct",
      // Members of nameless structs are shown among the others, as C takes them.
      members: members.flatMap(({ name, value }) =>
        name === "" && value.kind === "struct" ? value.members : [[name, value] as const],
      ),
    };
  }

  protected asMember(name: string, typeId: number, at: number): ShownValue | undefined {
    const size = addressKind(this.btf, name, typeId);
    if (size !== undefined) {
      const address = formatAddress(this.bytes.subarray(at, at + size));
      return scalar(address, address);
    }
    // A number in network byte order is shown as C writes it; in JSON it stays what is stored.
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + at);
    switch (networkOrder(this.btf, typeId)) {
      case "__be16":
        return scalar(`htons(${view.getUint16(0)})`, view.getUint16(0, this.#isLittle));
      case "__be32":
        return scalar(`htonl(${view.getUint32(0)})`, view.getUint32(0, this.#isLittle));
      default:
        return undefined;
    }
  }
}

/** The typedef that says that a number is in network byte order. */
function networkOrder(btf: Btf, typeId: number): string | undefined {
  if (btf.resolved(typeId).kind !== BtfKind.Int) return undefined;
  for (let type = btf.type(typeId); "type" in type; type = btf.type(type.type)) {
    if (type.kind === BtfKind.Typedef && type.name.startsWith("__be")) return type.name;
  }
  return undefined;
}

function scalar(text: string, json: Json): ShownValue {
  return { kind: "scalar", text, json };
}

/** "0a 00 00 09", cut where it is very long. */
function byteList(bytes: Uint8Array, json: Json): ShownValue {
  const hex = hexText(bytes.subarray(0, SHOWN_BYTES)).replaceAll(/..(?!$)/g, "$& ");
  const text = bytes.length > SHOWN_BYTES ? `${hex} ... (${bytes.length} bytes)` : hex;
  return { kind: "scalar", text, json, isBreakable: true };
}
