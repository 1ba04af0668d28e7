import fc from "fast-check";
import { type Btf, BtfBuilder, BtfKind } from "./index.js";

/** Integers of C, of each size and sign: what bit-fields are made of. */
function integers(builder: BtfBuilder): number[] {
  const names = ["char", "short", "int", "long"];
  return [1, 2, 4, 8].flatMap((size, i) =>
    [true, false].map((signed) =>
      builder.add({
        kind: BtfKind.Int,
        name: `${signed ? "signed" : "unsigned"} ${names[i]}`,
        size,
        bits: size * 8,
        bitOffset: 0,
        encoding: { signed, char: false, bool: false },
      }),
    ),
  );
}

function otherTypes(builder: BtfBuilder, [s8, , , , s32]: readonly number[]): number[] {
  const plain = { signed: false, char: false, bool: false };
  const int = (name: string, size: number, encoding = plain) =>
    builder.add({ kind: BtfKind.Int, name, size, bits: size * 8, bitOffset: 0, encoding });
  const array = (type: number, length: number) =>
    builder.add({ kind: BtfKind.Array, name: "", type, indexType: s32, length });
  const char = int("char", 1, { ...plain, char: true });
  return [
    builder.add({ kind: BtfKind.Ptr, name: "", type: 0 }),
    int("_Bool", 1, { ...plain, bool: true }),
    int("__int128", 16, { ...plain, signed: true }),
    builder.add({ kind: BtfKind.Float, name: "float", size: 4 }),
    builder.add({ kind: BtfKind.Float, name: "double", size: 8 }),
    builder.add({
      kind: BtfKind.Enum,
      name: "verdict",
      size: 4,
      signed: true,
      values: [
        { name: "VERDICT_NONE", value: 0n },
        { name: "VERDICT_ERROR", value: -1n },
      ],
    }),
    builder.add({
      kind: BtfKind.Typedef,
      name: "text_t",
      type: array(builder.add({ kind: BtfKind.Const, name: "", type: char }), 8),
    }),
    array(array(s8, 3), 2),
  ];
}

/** Structs and unions whose members stand anywhere, aligned or not, with gaps, within each other. */
export const anyStructs: fc.Arbitrary<Btf> = fc
  .array(
    fc.record({
      isUnion: fc.nat({ max: 5 }).map((n) => n === 0),
      members: fc.array(
        fc.record({
          type: fc.nat({ max: 60 }),
          gap: fc.constantFrom(0, 0, 0, 0, 1, 2, 3, 8, 40),
          align: fc.boolean(),
          bits: fc.nat({ max: 70 }),
          length: fc.constantFrom(0, 1, 3),
        }),
        { maxLength: 7 },
      ),
      slack: fc.constantFrom(0, 0, 1, 3, 8, 60),
      roundTo: fc.constantFrom(1, 8, 8, 64),
    }),
    { minLength: 12, maxLength: 40 },
  )
  .map((plans) => {
    const builder = new BtfBuilder();
    const numbers = integers(builder);
    const pool = [...numbers, ...otherTypes(builder, numbers)];
    plans.forEach(({ isUnion, members: planned, slack, roundTo }, index) => {
      const btf = builder.build();
      let at = 0;
      let largest = 0;
      const members = planned.map(({ type, gap, align, bits, length }, i) => {
        const isBitField = type < 12 && bits > 0;
        const base = isBitField ? numbers[type % numbers.length] : pool[type % pool.length];
        if (isUnion) at = 0;
        else at += gap;
        if (isBitField) {
          const width = Math.min(bits, btf.sizeOf(base) * 8, 64);
          const member = { name: `m${i}`, type: base, bitOffset: at, bitFieldSize: width };
          at += width;
          largest = Math.max(largest, at);
          return member;
        }
        // Not every element of an array is aligned where its struct is packed: C is to be told.
        const bytes = align ? btf.alignOf(base) : 1;
        at = Math.ceil(at / (bytes * 8)) * bytes * 8;
        const whole =
          length === 1
            ? base
            : builder.add({ kind: BtfKind.Array, name: "", type: base, indexType: numbers[2], length });
        const member = { name: `m${i}`, type: whole, bitOffset: at, bitFieldSize: 0 };
        at += btf.sizeOf(base) * length * 8;
        largest = Math.max(largest, at);
        return member;
      });
      const size = Math.ceil((Math.ceil(largest / 8) + slack) / roundTo) * roundTo;
      pool.push(
        builder.add({
          kind: isUnion ? BtfKind.Union : BtfKind.Struct,
          name: `s${index}`,
          size,
          hasBitFields: true,
          members,
        }),
      );
    });
    return builder.build();
  });
