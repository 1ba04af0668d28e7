import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { ObjectFormatError } from "../errors.js";
import { anyTypes } from "./arbitrary-types.oracle.js";
import { Btf, BtfBuilder, BtfKind, type BtfType, essentialName } from "./index.js";

const plain = { signed: false, char: false, bool: false };
const int = (name: string, size = 4): BtfType => ({
  kind: BtfKind.Int,
  name,
  size,
  bits: size * 8,
  bitOffset: 0,
  encoding: plain,
});
const ptr = (type: number): BtfType => ({ kind: BtfKind.Ptr, name: "", type });
const typedef = (name: string, type: number): BtfType => ({ kind: BtfKind.Typedef, name, type });
const array = (type: number, length: number): BtfType => ({
  kind: BtfKind.Array,
  name: "",
  type,
  indexType: type,
  length,
});
const struct = (name: string, size: number, ...members: [string, number, number][]): BtfType => ({
  kind: BtfKind.Struct,
  name,
  size,
  hasBitFields: false,
  members: members.map(([each, type, byte]) => ({ name: each, type, bitOffset: byte * 8, bitFieldSize: 0 })),
});

function builderOf(...types: BtfType[]): BtfBuilder {
  const builder = new BtfBuilder();
  for (const type of types) builder.add(type);
  return builder;
}
const btfOf = (...types: BtfType[]) => builderOf(...types).build();

describe("Btf.parse", () => {
  const good = builderOf(int("int"), struct("s", 4, ["a", 1, 0])).toBytes();

  test("reads bytes that stand in the middle of others, as Node's buffers do", () => {
    const buffer = Buffer.concat([Buffer.from([1, 2, 3]), Buffer.from(good), Buffer.from([4])]);
    expect(Btf.parse(buffer.subarray(3, 3 + good.length)).name(2)).toBe("s");
  });

  const u32 = (at: number, value: number) => (view: DataView) => view.setUint32(at, value, true);
  test.each<[string, (view: DataView) => void, RegExp]>([
    ["no magic number", (view) => view.setUint16(0, 0x1234), /magic/],
    ["another version", (view) => view.setUint8(2, 2), /version 2/],
    ["a header that is too short", u32(4, 20), /header length 20/],
    ["a header that is too long", u32(4, 9999), /header length 9999/],
    ["types outside", u32(12, 9999), /types are not within/],
    ["types off their alignment", u32(8, 2), /types are not within/],
    ["strings outside", u32(20, 9999), /strings are not within/],
    ["strings among types", u32(16, 4), /overlap/],
    ["strings without an end", u32(20, 3), /NUL/],
    ["a first string that is not empty", (view) => view.setUint8(view.byteLength - 9, 0x61), /first string/],
    ["a kind that does not exist", u32(24 + 4, 20 << 24), /kind 20/],
    ["a type that is cut off", u32(24 + 16 + 4, (4 << 24) | 9), /cut off/],
  ])("%s is refused", (_what, change, message) => {
    const bytes = good.slice();
    change(new DataView(bytes.buffer));
    expect(() => Btf.parse(bytes)).toThrow(ObjectFormatError);
    expect(() => Btf.parse(bytes)).toThrow(message);
  });

  test.each<[string, (view: DataView) => void, number, RegExp]>([
    ["a type that does not exist", u32(24 + 16 + 12 + 4, 77), 2, /type 77 does not exist/],
    ["a string that does not exist", u32(24, 999), 1, /string 999/],
    ["an integer of 24 bytes", u32(24 + 8, 24), 1, /integer of 24 bytes/],
    ["more bits than bytes", u32(24 + 12, 33), 1, /33 bits in 4 bytes/],
    ["an encoding that does not exist", u32(24 + 12, (8 << 24) | 32), 1, /encoding 8/],
    ["a member behind the end", u32(24 + 16 + 12 + 8, 40), 2, /bit 40 of 4 bytes/],
  ])("%s is refused when it is asked for", (_what, change, id, message) => {
    const bytes = good.slice();
    change(new DataView(bytes.buffer));
    const btf = Btf.parse(bytes);
    expect(() => btf.type(id)).toThrow(ObjectFormatError);
    expect(() => btf.type(id)).toThrow(message);
  });

  test("ids that do not exist are refused", () => {
    const btf = Btf.parse(good);
    for (const id of [-1, 3, 1.5, Number.NaN]) {
      expect(() => btf.type(id)).toThrow(ObjectFormatError);
      expect(() => btf.place(id)).toThrow(ObjectFormatError);
    }
    expect(() => btf.kind(3)).toThrow(ObjectFormatError);
    expect(() => btf.name(3)).toThrow(ObjectFormatError);
  });

  test("any bytes at all are read or refused", () => {
    const touch = (bytes: Uint8Array) => {
      try {
        const btf = Btf.parse(bytes);
        for (const id of btf.ids()) {
          btf.type(id);
          btf.declTags(id);
          btf.find(btf.name(id));
          try {
            btf.sizeOf(id);
            btf.alignOf(id);
          } catch (error) {
            expect(error).toBeInstanceOf(ObjectFormatError);
          }
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ObjectFormatError);
      }
    };
    const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
    fc.assert(
      fc.property(anyTypes(1, 12), fc.array(change, { maxLength: 6 }), fc.nat(), (types, changes, cut) => {
        const bytes = builderOf(...types).toBytes();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        touch(bytes);
        touch(bytes.subarray(0, cut % bytes.length));
      }),
      { numRuns: 1000 },
    );
  });

  test("split BTF goes on from its base, of the same byte order", () => {
    const base = btfOf(int("int"));
    const builder = new BtfBuilder({ base });
    builder.add(ptr(1));
    const split = builder.build();
    expect([split.firstId, split.length, split.base]).toEqual([2, 3, base]);
    expect(split.type(1)).toEqual(base.type(1));
    expect([...split.ids()]).toEqual([1, 2]);
    const big = new BtfBuilder({ littleEndian: false }).build();
    expect(() => Btf.parse(builder.toBytes(), { base: big })).toThrow(/another byte order/);
  });
});

describe("names", () => {
  test.each([
    ["task_struct", "task_struct"],
    ["task_struct___old", "task_struct"],
    ["a___b___c", "a___b"],
    ["a____b", "a____b"],
    ["___a", "___a"],
    ["a___", "a___"],
    ["a___b", "a"],
    ["", ""],
  ])("the essential name of %j is %j", (name, essential) => {
    expect(essentialName(name)).toBe(essential);
  });

  const btf = btfOf(
    int("foo"),
    struct("foo", 0),
    struct("foo___2", 0),
    struct("foo_bar", 0),
    struct("", 0),
    struct("foo", 0),
    typedef("foo___2", 1),
  );

  test.each<[string, BtfKind[], number[]]>([
    ["foo", [], [1, 2, 6]],
    ["foo", [BtfKind.Struct], [2, 6]],
    ["foo", [BtfKind.Int, BtfKind.Typedef], [1]],
    ["foo___2", [], [3, 7]],
    ["bar", [], []],
    ["", [], [5]],
  ])("%j of kinds %j", (name, kinds, ids) => {
    expect(btf.findAll(name, ...kinds)).toEqual(ids);
    expect(btf.find(name, ...kinds)).toBe(ids[0]);
  });

  test("flavours are found by what they have in common", () => {
    expect(btf.findFlavors("foo", BtfKind.Struct, BtfKind.Typedef)).toEqual([2, 3, 6, 7]);
    expect(btf.findFlavors("foo___2")).toEqual([]);
  });

  test("every type is found by its name and its essential name", () => {
    fc.assert(
      fc.property(anyTypes(), (types) => {
        const all = btfOf(...types);
        for (const id of all.ids()) {
          const name = all.name(id);
          expect(all.findAll(name)).toEqual([...all.ids()].filter((each) => all.name(each) === name));
          expect(all.findFlavors(essentialName(name))).toContain(id);
        }
      }),
      { numRuns: 200 },
    );
  });

  test("split BTF's names are found behind its base's, though its strings are the base's", () => {
    const builder = new BtfBuilder({ base: btf });
    builder.add(struct("foo", 4));
    builder.add(struct("own", 4));
    const split = builder.build();
    expect(split.findAll("foo", BtfKind.Struct)).toEqual([2, 6, 8]);
    expect(split.find("own")).toBe(9);
  });
});

describe("sizes and alignments", () => {
  const btf = btfOf(
    int("u32"),
    int("u8", 1),
    ptr(0),
    array(1, 5),
    typedef("five", 4),
    struct("mixed", 16, ["a", 2, 0], ["p", 3, 8]),
    struct("packed", 9, ["a", 2, 0], ["p", 3, 1]),
    array(6, 2),
    int("__int128", 16),
    { kind: BtfKind.Float, name: "long double", size: 12 },
    { kind: BtfKind.Var, name: "v", type: 5, linkage: "static" },
    struct("empty", 0),
  );
  test.each([
    ["u32", 1, 4, 4],
    ["u8", 2, 1, 1],
    ["pointer", 3, 8, 8],
    ["array", 4, 20, 4],
    ["typedef", 5, 20, 4],
    ["struct", 6, 16, 8],
    ["packed struct", 7, 9, 1],
    ["array of structs", 8, 32, 8],
    ["__int128", 9, 16, 16],
    ["float of 12 bytes", 10, 12, 4],
    ["variable", 11, 20, 4],
    ["empty struct", 12, 0, 1],
  ])("%s", (_what, id, size, align) => {
    expect([btf.sizeOf(id), btf.alignOf(id)]).toEqual([size, align]);
  });

  test.each<[string, BtfType[], RegExp]>([
    ["void", [typedef("t", 0)], /has no size/],
    ["a typedef of itself", [typedef("t", 1)], /refers to itself/],
    ["an array of itself", [array(1, 2)], /contains itself/],
    ["an array larger than any", [int("u32"), array(1, 0x40000000)], /larger than any type/],
  ])("%s has none", (_what, types, message) => {
    const all = btfOf(...types);
    expect(() => all.sizeOf(all.length - 1)).toThrow(ObjectFormatError);
    expect(() => all.sizeOf(all.length - 1)).toThrow(message);
  });

  test("a struct in itself has no alignment, nor have those that double to it", () => {
    const self = btfOf(struct("s", 8, ["s", 1, 0]));
    expect(() => self.alignOf(1)).toThrow(/contains itself/);
    const doubling = Array.from({ length: 60 }, (_, i) => struct("s", 8, ["a", i + 2, 0], ["b", i + 2, 0]));
    expect(btfOf(...doubling, int("u32")).alignOf(1)).toBe(4);
  });

  test.each([
    ["long", 4, 4],
    ["long unsigned int", 4, 4],
    ["unsigned long", 8, 8],
    ["long long int", 4, 8],
    ["int", 4, 8],
  ])("pointers are as large as long: %s of %i bytes", (name, size, expected) => {
    const all = btfOf(int(name, size), ptr(0));
    expect(all.pointerSize).toBe(expected);
    expect(all.sizeOf(2)).toBe(expected);
  });
});

test("declaration tags are found by what they stand on", () => {
  const tag = (name: string, type: number, componentIndex: number): BtfType => ({
    kind: BtfKind.DeclTag,
    name,
    type,
    componentIndex,
  });
  const base = btfOf(int("u32"), struct("s", 4, ["a", 1, 0]), tag("whole", 2, -1), tag("first", 2, 0));
  const names = (btf: Btf, ...of: [number, number?]) => btf.declTags(...of).map((each) => each.name);
  expect(names(base, 2)).toEqual(["whole"]);
  expect(names(base, 2, 0)).toEqual(["first"]);
  expect(names(base, 1)).toEqual([]);
  const builder = new BtfBuilder({ base });
  builder.add(tag("again", 2, 0));
  expect(names(builder.build(), 2, 0)).toEqual(["first", "again"]);
});

describeWith(["bpf"], "the running kernel's types", () => {
  test("are found without being decoded", () => {
    const btf = Btf.parse(readFileSync("/sys/kernel/btf/vmlinux"));
    expect(btf.length).toBeGreaterThan(10_000);
    const md = btf.type(btf.find("xdp_md", BtfKind.Struct) ?? 0);
    expect(md).toMatchObject({ size: 24, members: [{ name: "data" }, { name: "data_end" }, {}, {}, {}, {}] });
    expect(btf.pointerSize).toBe(8);
    expect(btf.findAll("sk_buff", BtfKind.Struct)).toHaveLength(1);
  });
});
