import fc from "fast-check";
import { BtfKind, type BtfType } from "./types.js";

const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,6}$/);
/** Most names occur more than once, as those of members do. */
const anyName = fc.oneof(fc.constantFrom("", "a", "foo", "foo___old", "größe"), name);
const u32 = fc.nat({ max: 0xffffffff });
const linkage = fc.constantFrom("static", "global", "extern");
const entries = <T>(entry: fc.Arbitrary<T>) => fc.array(entry, { maxLength: 4 });
const bigint = (bits: number, signed: boolean) =>
  signed
    ? fc.bigInt({ min: -(1n << BigInt(bits - 1)), max: (1n << BigInt(bits - 1)) - 1n })
    : fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });

function anyInt(): fc.Arbitrary<BtfType> {
  const encoding = fc.constantFrom("none", "signed", "char", "bool");
  return fc
    .tuple(anyName, fc.constantFrom(1, 2, 4, 8, 16), encoding, fc.nat({ max: 3 }))
    .map(([text, size, kind, less]) => ({
      kind: BtfKind.Int,
      name: text,
      size,
      bits: size * 8 - less,
      bitOffset: less === 0 ? 0 : 1,
      encoding: { signed: kind === "signed", char: kind === "char", bool: kind === "bool" },
    }));
}

function anyComposite(id: fc.Arbitrary<number>): fc.Arbitrary<BtfType> {
  return fc
    .tuple(fc.constantFrom(BtfKind.Struct, BtfKind.Union), anyName, fc.boolean(), fc.nat({ max: 4096 }))
    .chain(([kind, text, hasBitFields, size]) => {
      const member = fc.record({
        name: anyName,
        type: id,
        bitOffset: fc.nat({ max: size * 8 }),
        bitFieldSize: hasBitFields ? fc.nat({ max: 64 }) : fc.constant(0),
      });
      const isWithin = (each: { bitOffset: number; bitFieldSize: number }) =>
        each.bitOffset + each.bitFieldSize <= size * 8;
      return entries(member.filter(isWithin)).map((members) => ({
        kind,
        name: text,
        size,
        hasBitFields,
        members,
      }));
    });
}

function anyEnum(): fc.Arbitrary<BtfType> {
  return fc
    .tuple(fc.constantFrom(BtfKind.Enum, BtfKind.Enum64), anyName, fc.constantFrom(1, 2, 4, 8), fc.boolean())
    .chain(([kind, text, size, signed]) =>
      entries(fc.record({ name: anyName, value: bigint(kind === BtfKind.Enum ? 32 : 64, signed) })).map(
        (values) => ({ kind, name: text, size, signed, values }),
      ),
    );
}

/** Any type of the 19 kinds that refers to the ids given. */
export function anyType(id: fc.Arbitrary<number>): fc.Arbitrary<BtfType> {
  const { Ptr, Volatile, Const, Restrict, Typedef } = BtfKind;
  const part = fc.record({ name: anyName, type: id });
  const tag = fc.constantFrom({}, { isAttribute: true } as const);
  return fc.oneof(
    anyInt(),
    fc.record({ kind: fc.constantFrom(Ptr, Volatile, Const, Restrict, Typedef), name: anyName, type: id }),
    fc
      .tuple(anyName, id, tag)
      .map(([text, type, more]) => ({ kind: BtfKind.TypeTag, name: text, type, ...more })),
    fc.record({
      kind: fc.constant(BtfKind.Array),
      name: fc.constant("" as const),
      type: id,
      indexType: id,
      length: u32,
    }),
    anyComposite(id),
    anyEnum(),
    fc.record({ kind: fc.constant(BtfKind.Fwd), name: anyName, isUnion: fc.boolean() }),
    fc.record({ kind: fc.constant(BtfKind.Func), name: anyName, type: id, linkage }),
    fc.record({
      kind: fc.constant(BtfKind.FuncProto),
      name: fc.constant("" as const),
      returnType: id,
      params: entries(part),
    }),
    fc.record({ kind: fc.constant(BtfKind.Var), name: anyName, type: id, linkage }),
    fc.record({
      kind: fc.constant(BtfKind.Datasec),
      name: anyName,
      size: u32,
      variables: entries(fc.record({ type: id, offset: u32, size: u32 })),
    }),
    fc.record({ kind: fc.constant(BtfKind.Float), name: anyName, size: fc.constantFrom(2, 4, 8, 12, 16) }),
    fc.tuple(anyName, id, fc.integer({ min: -1, max: 5 }), tag).map(([text, type, componentIndex, more]) => ({
      kind: BtfKind.DeclTag,
      name: text,
      type,
      componentIndex,
      ...more,
    })),
  );
}

/** Types that refer to each other in any way, loops included; their ids go from `firstId` on. */
export function anyTypes(firstId = 1, maxLength = 30): fc.Arbitrary<BtfType[]> {
  return fc
    .nat({ max: maxLength })
    .chain((count) =>
      fc.array(anyType(fc.nat({ max: firstId + count - 1 })), { minLength: count, maxLength: count }),
    );
}
