import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ObjectFormatError } from "../errors.js";
import { anyTypes } from "./arbitrary-types.oracle.js";
import { Btf, BtfBuilder, BtfKind, type BtfType } from "./index.js";

const INT: BtfType = {
  kind: BtfKind.Int,
  name: "int",
  size: 4,
  bits: 32,
  bitOffset: 0,
  encoding: { signed: true, char: false, bool: false },
};

const member = { name: "m", type: 1, bitOffset: 0, bitFieldSize: 0 };
const struct = { kind: BtfKind.Struct, name: "s", size: 4, hasBitFields: false, members: [member] };

function typesOf(btf: Btf): BtfType[] {
  return Array.from({ length: btf.length - btf.firstId }, (_, i) => btf.type(btf.firstId + i));
}

describe("BtfBuilder", () => {
  test("what is written is read again, in either byte order", () => {
    const seen = new Set<number>();
    fc.assert(
      fc.property(anyTypes(), fc.boolean(), (types, littleEndian) => {
        const builder = new BtfBuilder({ littleEndian });
        for (const type of types) seen.add(type.kind) && builder.add(type);
        const btf = Btf.parse(builder.toBytes());
        expect(btf.littleEndian).toBe(littleEndian);
        expect(typesOf(btf)).toEqual(types);
      }),
      { numRuns: 500 },
    );
    // The property says nothing of a kind that was never tried.
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 19 }, (_, i) => i + 1));
  });

  test("so is split BTF, whose base's ids and strings are referred to", () => {
    fc.assert(
      fc.property(anyTypes(), fc.boolean(), (types, littleEndian) => {
        const base = new BtfBuilder({ littleEndian });
        for (const type of types) base.add(type);
        const baseBtf = base.build();
        return fc.assert(
          fc.property(anyTypes(baseBtf.length), (own) => {
            const builder = new BtfBuilder({ base: baseBtf });
            for (const type of own) builder.add(type);
            const split = Btf.parse(builder.toBytes(), { base: baseBtf });
            expect(typesOf(split)).toEqual(own);
            expect(split.type(types.length)).toEqual(baseBtf.type(types.length));
          }),
          { numRuns: 10 },
        );
      }),
      { numRuns: 20 },
    );
  });

  test("a string stands once, and not at all where the base has it", () => {
    const one = new BtfBuilder();
    one.add({ ...INT, name: "number" });
    const length = one.toBytes().length;
    one.add({ ...INT, name: "number" });
    expect(one.toBytes().length - length).toBe(16);
    const split = new BtfBuilder({ base: one.build() });
    split.add({ ...INT, name: "number" });
    expect(split.toBytes().length).toBe(24 + 16);
    expect(split.build().name(3)).toBe("number");
  });

  test("as many members as 16 bits count", () => {
    const members = Array.from({ length: 65535 }, (_, i) => ({ ...member, name: `m${i}` }));
    expect(Btf.parse(written({ ...struct, members })).type(1)).toMatchObject({ members });
  });

  test("a recursive type goes through a reserved id", () => {
    const builder = new BtfBuilder();
    const node = builder.reserve();
    const pointer = builder.add({ kind: BtfKind.Ptr, name: "", type: node });
    const next = { name: "next", type: pointer, bitOffset: 0, bitFieldSize: 0 };
    expect(builder.type(node)).toBeUndefined();
    builder.define(node, {
      kind: BtfKind.Struct,
      name: "node",
      size: 8,
      hasBitFields: false,
      members: [next],
    });
    expect(builder.build().type(node)).toMatchObject({ name: "node", members: [next] });
  });

  test.each<[string, () => void, RegExp]>([
    ["void", () => new BtfBuilder().add({ kind: BtfKind.Void, name: "" }), /void cannot be added/],
    ["an id of nobody's", () => new BtfBuilder().define(7, INT), /type 7 is not reserved/],
    [
      "a second definition",
      () => {
        const builder = new BtfBuilder();
        builder.define(builder.add(INT), INT);
      },
      /type 1 is defined already/,
    ],
    [
      "an id without definition",
      () => {
        const builder = new BtfBuilder();
        builder.reserve();
        builder.toBytes();
      },
      /type 1 was never defined/,
    ],
    ["a reference to nothing", () => written({ kind: BtfKind.Ptr, name: "", type: 2 }), /refers to type 2/],
    ["a negative reference", () => written({ kind: BtfKind.Ptr, name: "", type: -1 }), /refers to type -1/],
    ["a NUL in a name", () => written({ ...INT, name: "a\0b" }), /NUL/],
    [
      "more members than 16 bits count",
      () => written({ ...struct, members: new Array(65536).fill(member) }),
      /65536 entries/,
    ],
    [
      "a bit-field in a struct without",
      () => written({ ...struct, members: [{ ...member, bitFieldSize: 3 }] }),
      /3 bits/,
    ],
    [
      "a bit-field beyond 24 bits",
      () => written({ ...struct, hasBitFields: true, members: [{ ...member, bitOffset: 1 << 24 }] }),
      /cannot be written/,
    ],
    [
      "an enumerator beyond 32 bits",
      () =>
        written({
          kind: BtfKind.Enum,
          name: "e",
          size: 4,
          signed: false,
          values: [{ name: "A", value: -1n }],
        }),
      /enumerator -1/,
    ],
    ["a size beyond 32 bits", () => written({ ...struct, size: 2 ** 32 }), /size or type 4294967296/],
    [
      "another byte order than the base's",
      () => new BtfBuilder({ base: new BtfBuilder().build(), littleEndian: false }),
      /base's byte order/,
    ],
  ])("%s is refused", (_what, attempt, message) => {
    expect(attempt).toThrow(ObjectFormatError);
    expect(attempt).toThrow(message);
  });
});

function written(type: BtfType): Uint8Array {
  const builder = new BtfBuilder();
  builder.add(type);
  return builder.toBytes();
}
