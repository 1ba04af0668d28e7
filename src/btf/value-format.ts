import { formatAddress } from "./address-text.js";
import { addressKind } from "./address-type.js";
import type { Btf } from "./btf.js";
import type { BtfEnum, BtfInt } from "./types.js";
import { type NamedValue, ValueWalker } from "./value-walker.js";

export interface FormatValueOptions {
  /** The value's byte order; little-endian by default. */
  readonly littleEndian?: boolean;
  /** Several lines, each level indented by this; one line by default. */
  readonly indent?: string;
  /** Leaves out members that are zero, as a whole or in all their parts. */
  readonly omitZeroes?: boolean;
  /** Whether what is an address by its type and name is written as one (the default). */
  readonly addresses?: boolean;
}

/** Columns that arrays of plain values are filled up to. */
const WIDTH = 80;

/** Text, or parts with their labels, to be written in one line or in several. */
type Layout = string | { readonly label: string; readonly value: Layout }[];

/**
 * The value of a type as text in the manner of C's initialisers: "{ .packets = 1, .action = XDP_DROP }".
 * Enumerators are named, arrays of char that hold text are text, pointers hexadecimal; MAC and IP
 * addresses are written as such where type and name leave no doubt (a `__be32 saddr`, a `struct
 * in6_addr`, an `unsigned char h_dest[6]`). Throws ObjectFormatError where the bytes are too few or the
 * type has no values.
 */
export function formatValue(
  btf: Btf,
  typeId: number,
  bytes: Uint8Array,
  options: FormatValueOptions = {},
): string {
  const layout = new Formatter(btf, typeId, bytes, options).whole(typeId);
  return options.indent === undefined ? inOneLine(layout) : inLines(layout, options.indent, "");
}

class Formatter extends ValueWalker<Layout> {
  readonly #omitsZeroes: boolean;
  readonly #writesAddresses: boolean;

  constructor(btf: Btf, typeId: number, bytes: Uint8Array, options: FormatValueOptions) {
    super(btf, typeId, bytes, options.littleEndian ?? true);
    this.#omitsZeroes = options.omitZeroes ?? false;
    this.#writesAddresses = options.addresses ?? true;
  }

  whole(typeId: number): Layout {
    return this.asMember("", typeId, 0) ?? this.walk(typeId);
  }

  protected integer(type: BtfInt, value: bigint): Layout {
    if (type.encoding.bool) return value === 0n ? "false" : "true";
    return type.size > 8 ? `0x${BigInt.asUintN(type.bits, value).toString(16)}` : String(value);
  }

  protected enumerator(_type: BtfEnum, value: bigint, name: string | undefined): Layout {
    return name ?? String(value);
  }

  protected pointer(value: bigint): Layout {
    return `0x${value.toString(16)}`;
  }

  protected float(value: number, size: number): Layout {
    return formatFloat(value, size);
  }

  protected floatBits(value: bigint): Layout {
    return `0x${value.toString(16)}`;
  }

  protected text(value: string): Layout {
    return JSON.stringify(value);
  }

  protected array(elements: readonly Layout[]): Layout {
    return elements.map((value) => ({ label: "", value }));
  }

  protected composite(members: readonly NamedValue<Layout>[]): Layout {
    return members.flatMap(({ name, value, isZero }) => {
      if (this.#omitsZeroes && isZero) return [];
      // Members of nameless structs are written among the others, as C takes them.
      if (name === "" && typeof value !== "string") return value;
      return [{ label: name === "" ? "" : `.${name} = `, value }];
    });
  }

  protected asMember(name: string, typeId: number, at: number): Layout | undefined {
    const kind = this.#writesAddresses ? addressKind(this.btf, name, typeId) : undefined;
    return kind === undefined ? undefined : formatAddress(this.bytes.subarray(at, at + kind));
  }
}

function formatFloat(value: number, size: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  let text = String(value);
  // The shortest digits that give the same number of 32 bits.
  for (let digits = 1; size === 4 && digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) !== value) continue;
    text = String(short);
    break;
  }
  if (Object.is(value, -0)) return "-0.0";
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function inOneLine(layout: Layout): string {
  if (typeof layout === "string") return layout;
  if (layout.length === 0) return "{}";
  return `{ ${layout.map(({ label, value }) => label + inOneLine(value)).join(", ")} }`;
}

function inLines(layout: Layout, indent: string, margin: string): string {
  if (typeof layout === "string") return layout;
  if (layout.length === 0) return "{}";
  const inner = margin + indent;
  const arePlain = layout.every(({ label, value }) => label === "" && typeof value === "string");
  if (arePlain) return filled(layout, inner, margin);
  const lines = layout.map(({ label, value }) => `${inner}${label}${inLines(value, indent, inner)},\n`);
  return `{\n${lines.join("")}${margin}}`;
}

/** Plain values: one line if they fit, else as many to a line as do. */
function filled(layout: Exclude<Layout, string>, inner: string, margin: string): string {
  const one = inOneLine(layout);
  if (margin.length + one.length <= WIDTH) return one;
  const lines: string[] = [];
  let line = inner;
  for (const { value } of layout) {
    const next = `${value}, `;
    if (line.length > inner.length && line.length + next.length > WIDTH + 1) {
      lines.push(line.trimEnd());
      line = inner;
    }
    line += next;
  }
  lines.push(line.trimEnd());
  return `{\n${lines.join("\n")}\n${margin}}`;
}
