import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { elementType } from "./measure.js";
import { type BtfComposite, BtfKind } from "./types.js";
import { bitFieldOf } from "./value-walker.js";

/** An unnamed bit-field that only fills: "long: 40"; for large gaps a number of bytes. */
export type Padding =
  | { readonly type: "char" | "short" | "int" | "long"; readonly bits: number }
  | { readonly type: "bytes"; readonly bytes: number };

/** How a struct or union is written so that C lays it out as BTF says. */
export interface CLayout {
  /** In bytes, of the type as it is written. */
  readonly align: number;
  readonly isPacked: boolean;
  /** The alignment that is asked for by an attribute. */
  readonly alignedTo: number | undefined;
  /** What fills the gap before a member, by the member's index; after the last under their number. */
  readonly paddings: ReadonlyMap<number, readonly Padding[]>;
  /** Bytes that a union has beyond its members, to be written as a member. */
  readonly filler: number;
  /** C has no such layout: members overlap, or stick out. It is written as so many bytes. */
  readonly isOpaque: boolean;
}

interface Place {
  readonly index: number;
  readonly bitOffset: number;
  readonly bits: number;
  /** Bits of its type; more than `bits` for bit-fields. */
  readonly storage: number;
  readonly align: number;
  readonly isBitField: boolean;
}

const PADDING_TYPES = [
  ["char", 8],
  ["short", 16],
  ["int", 32],
  ["long", 64],
] as const;
/** Larger gaps in bits are filled by a named member. */
const MAX_PADDING = 8192;
const roundUp = (value: number, to: number) => Math.ceil(value / to) * to;
const largest = (least: number, values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), least);
const powerOfTwoIn = (value: number) => value & -value || 2 ** 31;

/**
 * Finds out how composites are written. BTF has offsets and sizes, but neither alignments nor
 * attributes: a struct is packed where nothing else gives its offsets; it is aligned by attribute where
 * its size says so and no place that it stands in contradicts; all other gaps are filled by hand.
 */
export class CLayouts {
  readonly #btf: Btf;
  readonly #layouts = new Map<number, CLayout>();
  /** Where each composite stands in others. */
  readonly #placements = new Map<number, { readonly parent: number; readonly offset: number }[]>();
  readonly #allowed = new Map<number, number>();

  /** `composites` are all that are written: what is not among them says nothing. */
  constructor(btf: Btf, composites: Iterable<number>) {
    this.#btf = btf;
    for (const parent of composites) {
      const type = btf.type(parent);
      if (!("members" in type)) continue;
      for (const member of type.members) {
        const child = elementType(btf, member.type);
        if (!("members" in btf.type(child))) continue;
        const placement = { parent, offset: member.bitOffset / 8 };
        const known = this.#placements.get(child);
        if (known === undefined) this.#placements.set(child, [placement]);
        else known.push(placement);
      }
    }
  }

  of(id: number): CLayout {
    let layout = this.#layouts.get(id);
    if (layout === undefined) {
      const type = this.#btf.type(id);
      if (!("members" in type)) throw new ObjectFormatError(`type ${id} has no members`, { section: ".BTF" });
      layout = type.kind === BtfKind.Union ? this.#union(id, type) : this.#struct(id, type);
      this.#layouts.set(id, layout);
    }
    return layout;
  }

  /** The largest alignment that a type's size and places, and those of what it stands in, agree with. */
  #allowedAlign(id: number): number {
    const known = this.#allowed.get(id);
    if (known !== undefined) return known;
    const type = this.#btf.type(id);
    let most = "size" in type ? powerOfTwoIn(type.size) : 1;
    for (const { parent, offset } of this.#placements.get(id) ?? []) {
      most = Math.min(most, powerOfTwoIn(offset), this.#allowedAlign(parent));
    }
    this.#allowed.set(id, most);
    return most;
  }

  #alignOf(id: number): number {
    const element = elementType(this.#btf, id);
    const type = this.#btf.type(element);
    return "members" in type ? this.of(element).align : this.#btf.alignOf(element);
  }

  /** Members that are written: nameless ones that are no composites are gaps. */
  #places(type: BtfComposite): Place[] {
    return type.members.flatMap((member, index) => {
      const { name } = member;
      const bitField = bitFieldOf(this.#btf, member);
      const inner = this.#btf.resolved(member.type);
      if (name === "" && !("members" in inner)) return [];
      const storage = this.#btf.sizeOf(member.type) * 8;
      const { bitOffset, bits } = bitField ?? { bitOffset: member.bitOffset, bits: storage };
      const isNumber = "encoding" in inner || "values" in inner;
      if (bitField !== undefined && (!isNumber || bits > storage)) {
        throw new ObjectFormatError(`member "${name}" of "${type.name}" is no bit-field`, {
          section: ".BTF",
        });
      }
      const isBitField = bitField !== undefined;
      return [{ index, bitOffset, bits, storage, align: this.#alignOf(member.type), isBitField }];
    });
  }

  #struct(id: number, type: BtfComposite): CLayout {
    const places = this.#places(type);
    return this.#layOut(id, type, places, false) ?? this.#layOut(id, type, places, true) ?? OPAQUE;
  }

  /** The struct with or without `packed`; undefined where that gives other offsets. */
  #layOut(id: number, type: BtfComposite, places: readonly Place[], isPacked: boolean): CLayout | undefined {
    const paddings = new Map<number, Padding[]>();
    let at = 0;
    for (const place of places) {
      if (at > place.bitOffset) return undefined;
      if (placeOf(at, place, isPacked) !== place.bitOffset) {
        paddings.set(place.index, paddingOf(at, place.bitOffset));
        if (placeOf(place.bitOffset, place, isPacked) !== place.bitOffset) return undefined;
      }
      at = place.bitOffset + place.bits;
    }
    const natural = isPacked
      ? 1
      : largest(
          1,
          places.map((place) => place.align),
        );
    const end = Math.ceil(at / 8);
    if (end > type.size || roundUp(end, natural) > type.size || type.size % natural !== 0) return undefined;
    const layout = { align: natural, isPacked, alignedTo: undefined, paddings, filler: 0, isOpaque: false };
    if (roundUp(end, natural) === type.size) return layout;
    const alignedTo = this.#alignment(id, end, type.size, natural);
    if (alignedTo !== undefined) return { ...layout, align: alignedTo, alignedTo };
    paddings.set(type.members.length, paddingOf(at, type.size * 8));
    return layout;
  }

  /** The alignment that makes `end` bytes `size` bytes, where nothing speaks against it. */
  #alignment(id: number, end: number, size: number, natural: number): number | undefined {
    const most = this.#allowedAlign(id);
    for (let align = natural * 2; align <= most; align *= 2) {
      if (roundUp(end, align) === size) return align;
    }
    return undefined;
  }

  #union(id: number, type: BtfComposite): CLayout {
    const places = this.#places(type);
    const end = largest(
      0,
      places.map((place) => Math.ceil(place.bits / 8)),
    );
    if (places.some((place) => place.bitOffset !== 0) || end > type.size) return OPAQUE;
    const natural = largest(
      1,
      places.map((place) => place.align),
    );
    const isPacked = type.size % natural !== 0;
    const align = isPacked ? 1 : natural;
    const layout = { align, isPacked, alignedTo: undefined, paddings: new Map(), filler: 0, isOpaque: false };
    if (roundUp(end, align) === type.size) return layout;
    const alignedTo = this.#alignment(id, end, type.size, align);
    if (alignedTo !== undefined) return { ...layout, align: alignedTo, alignedTo };
    return { ...layout, filler: type.size };
  }
}

const OPAQUE: CLayout = {
  align: 1,
  isPacked: false,
  alignedTo: undefined,
  paddings: new Map(),
  filler: 0,
  isOpaque: true,
};

/** Where C puts the next member (clang's and GCC's rules, System V ABI §3.1.2). */
function placeOf(at: number, place: Place, isPacked: boolean): number {
  const alignBits = isPacked ? 8 : place.align * 8;
  if (!place.isBitField) return roundUp(at, alignBits);
  // A bit-field stays within one unit of its type, unless it is packed.
  if (isPacked || (at % alignBits) + place.bits <= place.storage) return at;
  return roundUp(at, alignBits);
}

/** Unnamed bit-fields from one bit to another: they never move, nor do they align the struct. */
function paddingOf(from: number, to: number): Padding[] {
  const paddings: Padding[] = [];
  let at = from;
  if (to - from > MAX_PADDING) {
    const bytes = Math.floor((to - roundUp(from, 8)) / 8);
    paddings.push(...paddingOf(from, roundUp(from, 8)), { type: "bytes", bytes });
    at = roundUp(from, 8) + bytes * 8;
  }
  while (at < to) {
    const bits = Math.min(64 - (at % 64), to - at);
    const [type] = PADDING_TYPES.find(([, size]) => (at % size) + bits <= size) ?? PADDING_TYPES[3];
    paddings.push({ type, bits });
    at += bits;
  }
  return paddings;
}
