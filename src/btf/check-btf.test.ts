import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { findClang } from "../compile/index.js";
import { ObjectFormatError } from "../errors.js";
import { loadBtfBytes } from "../linux/load-btf.js";
import { libc } from "../linux/sys/libc.js";
import { compiledTypes } from "./compiled-types.oracle.js";
import { Btf, BtfBuilder, BtfKind, type BtfType, checkBtf } from "./index.js";

/** What the running kernel says of BTF: nothing if it takes it. */
function kernelRefusal(bytes: Uint8Array): string | undefined {
  const { fd, refusal } = loadBtfBytes(bytes);
  if (fd !== undefined) libc().close(fd);
  return refusal?.message;
}

function ourRefusal(bytes: Uint8Array): string | undefined {
  try {
    checkBtf(Btf.parse(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof ObjectFormatError) return error.message;
    throw error;
  }
}

const plain = { signed: false, char: false, bool: false };
const int: BtfType = { kind: BtfKind.Int, name: "int", size: 4, bits: 32, bitOffset: 0, encoding: plain };
const u64: BtfType = { ...int, name: "u64", size: 8, bits: 64 };
const modifier = (kind: typeof BtfKind.Const | typeof BtfKind.Ptr, type: number): BtfType => ({
  kind,
  name: "",
  type,
});
const ptr = (type: number) => modifier(BtfKind.Ptr, type);
const constant = (type: number) => modifier(BtfKind.Const, type);
const tag = (type: number): BtfType => ({ kind: BtfKind.TypeTag, name: "rcu", type });
const typedef = (name: string, type: number): BtfType => ({ kind: BtfKind.Typedef, name, type });
const array = (type: number, length: number, indexType = 1): BtfType => ({
  kind: BtfKind.Array,
  name: "",
  type,
  indexType,
  length,
});
const enumeration = (name: string, size: number, ...values: string[]): BtfType => ({
  kind: BtfKind.Enum,
  name,
  size,
  signed: false,
  values: values.map((each) => ({ name: each, value: 0n })),
});
const fwd = (name: string): BtfType => ({ kind: BtfKind.Fwd, name, isUnion: false });
type Member = [name: string, type: number, bit: number, bits?: number];
function struct(name: string, size: number, ...members: Member[]): BtfType {
  return {
    kind: BtfKind.Struct,
    name,
    size,
    hasBitFields: members.some(([, , , bits]) => bits !== undefined),
    members: members.map(([each, type, bitOffset, bits = 0]) => ({
      name: each,
      type,
      bitOffset,
      bitFieldSize: bits,
    })),
  };
}
const union = (name: string, size: number, ...members: Member[]): BtfType =>
  ({ ...struct(name, size, ...members), kind: BtfKind.Union }) as BtfType;
const proto = (returnType: number, ...params: [string, number][]): BtfType => ({
  kind: BtfKind.FuncProto,
  name: "",
  returnType,
  params: params.map(([name, type]) => ({ name, type })),
});
const func = (name: string, type: number, linkage: "static" | "global" | "extern" = "global"): BtfType => ({
  kind: BtfKind.Func,
  name,
  type,
  linkage,
});
const variable = (
  name: string,
  type: number,
  linkage: "static" | "global" | "extern" = "global",
): BtfType => ({ kind: BtfKind.Var, name, type, linkage });
const datasec = (name: string, size: number, ...variables: [number, number, number][]): BtfType => ({
  kind: BtfKind.Datasec,
  name,
  size,
  variables: variables.map(([type, offset, bytes]) => ({ type, offset, size: bytes })),
});
const declTag = (type: number, componentIndex: number): BtfType => ({
  kind: BtfKind.DeclTag,
  name: "t",
  type,
  componentIndex,
});
const float = (size: number): BtfType => ({ kind: BtfKind.Float, name: "float", size });

/** Types, the first always being int, and what is wrong with them; nothing if they are right. */
const table: [what: string, types: BtfType[], message: RegExp | undefined][] = [
  ["nothing but int", [], undefined],
  ["a struct that points to itself", [struct("s", 8, ["s", 3, 0]), ptr(2)], undefined],
  ["a struct in itself", [struct("s", 8, ["s", 2, 0])], /refers to itself/],
  ["structs in each other", [struct("s", 8, ["t", 3, 0]), struct("t", 8, ["s", 2, 0])], /refers to itself/],
  ["an array of itself", [array(2, 1)], /refers to itself/],
  ["a pointer to itself", [ptr(2)], /refers to itself/],
  ["a pointer to itself through const", [ptr(3), constant(2)], /refers to itself/],
  [
    "a pointer in a struct that points to itself",
    [struct("s", 8, ["p", 3, 0]), constant(4), ptr(3)],
    /refers to itself/,
  ],
  ["a typedef of itself", [typedef("t", 2)], /refers to itself/],
  [
    "31 structs in each other",
    Array.from({ length: 31 }, (_, i) => struct(`s${i}`, 8, ["s", i === 30 ? 1 : i + 3, 0])),
    undefined,
  ],
  [
    "33 structs in each other",
    Array.from({ length: 33 }, (_, i) => struct(`s${i}`, 8, ["s", i === 32 ? 1 : i + 3, 0])),
    /nested deeper/,
  ],
  [
    "33 structs in each other, the innermost first",
    Array.from({ length: 33 }, (_, i) => struct(`s${i}`, 8, ["s", i + 1, 0])),
    undefined,
  ],
  ["an array larger than any", [array(1, 0x40000000)], /larger than any/],
  ["an array as large as any", [array(1, 0x3fffffff)], undefined],
  ["an array of functions", [proto(0), array(2, 1)], /have sizes/],
  ["an array of declarations", [fwd("f"), array(2, 1)], /have sizes/],
  ["an array indexed by pointers", [ptr(0), array(1, 1, 2)], /index is an integer/],
  ["an array of odd integers", [{ ...int, bits: 31 } as BtfType, array(2, 1)], /not whole bytes/],
  ["a name with a space", [struct("my struct", 0)], /no identifier/],
  ["a name that begins with a digit", [struct("9lives", 0)], /no identifier/],
  ["a name with a dot", [struct("a.b", 0)], undefined],
  ["a typedef without a name", [typedef("", 1)], /no identifier/],
  ["a declaration without a name", [fwd("")], /no identifier/],
  ["a pointer with a name", [{ kind: BtfKind.Ptr, name: "p", type: 1 }], /can have no name/],
  ["a member with a strange name", [struct("s", 4, ["a-b", 1, 0])], /member 0/],
  ["a member without a name", [struct("s", 4, ["", 1, 0])], undefined],
  ["a member that is void", [struct("s", 4, ["a", 0, 0])], /void/],
  ["a member that is only declared", [fwd("f"), struct("s", 4, ["a", 2, 0])], /has no size/],
  ["a member that is a function", [proto(0), struct("s", 4, ["a", 2, 0])], /has no size/],
  ["a member that sticks out", [u64, struct("s", 4, ["a", 2, 0])], /member/],
  ["a pointer that sticks out", [ptr(0), struct("s", 8, ["a", 2, 8])], /member "a" is not within/],
  ["a struct that sticks out", [struct("t", 8), struct("s", 8, ["a", 2, 8])], /not within/],
  ["an array that sticks out", [array(1, 3), struct("s", 8, ["a", 2, 0])], /not within/],
  ["a member off its byte", [ptr(0), struct("s", 16, ["a", 2, 4])], /begin at a byte/],
  ["an integer off its byte", [struct("s", 8, ["a", 1, 4])], undefined],
  [
    "an integer off its byte, among bit-fields",
    [struct("s", 8, ["a", 1, 4], ["b", 1, 40, 1])],
    /begin at a byte/,
  ],
  ["members in disorder", [struct("s", 8, ["a", 1, 32], ["b", 1, 0])], /before the one before/],
  ["a member of a union that is not at its start", [union("u", 8, ["a", 1, 32])], /of a union/],
  ["a bit-field", [struct("s", 4, ["a", 1, 3, 7])], undefined],
  ["a bit-field wider than its type", [struct("s", 8, ["a", 1, 0, 33])], /more bits than its type/],
  ["a bit-field of a pointer", [ptr(0), struct("s", 8, ["a", 2, 0, 3])], /no integer/],
  [
    "a bit-field of a bit-field",
    [{ ...int, bits: 4 } as BtfType, struct("s", 8, ["a", 2, 0, 3])],
    /by itself/,
  ],
  ["a bit-field of an enum", [enumeration("e", 4, "A"), struct("s", 4, ["a", 2, 0, 3])], undefined],
  ["a small enum at the end", [enumeration("e", 1, "A"), struct("s", 1, ["a", 2, 0])], undefined],
  [
    "a small enum at the end, among bit-fields",
    [enumeration("e", 1, "A"), struct("s", 2, ["b", 1, 0, 1], ["a", 2, 8])],
    /not within/,
  ],
  ["an enum without names", [enumeration("e", 4, "")], /no name of an enumerator/],
  ["an enum of 3 bytes", [enumeration("e", 3, "A")], /an enum of 3 bytes/],
  ["an enum that is only declared", [enumeration("e", 4)], undefined],
  ["a float of 6 bytes", [float(6)], /of 6 bytes/],
  ["a float off its alignment", [float(4), struct("s", 8, ["a", 2, 16])], /not aligned/],
  ["a function", [proto(1, ["a", 1]), func("f", 2)], undefined],
  ["a function that is no function", [func("f", 1)], /has a prototype/],
  ["a function whose parameters have no names", [proto(1, ["", 1]), func("f", 2)], /parameters have names/],
  ["a function of any parameters", [proto(1, ["a", 1], ["", 0]), func("f", 2)], undefined],
  ["a function of a void parameter", [proto(1, ["", 0], ["a", 1])], /parameter 0 has no size/],
  ["a function that returns a declaration", [fwd("f"), proto(2)], /returns has no size/],
  ["a function of elsewhere", [proto(0), func("f", 2, "extern")], /elsewhere/],
  ["a function without a name", [proto(0), func("", 2)], /no identifier/],
  ["a pointer to a function", [proto(0), ptr(2)], undefined],
  ["a parameter with a strange name", [proto(0, ["a b", 1])], /parameter 0/],
  ["a variable", [variable("v", 1), datasec(".data", 4, [2, 0, 4])], undefined],
  ["a variable that is void", [variable("v", 0)], /not void/],
  ["a variable that is only declared", [fwd("f"), variable("v", 2)], /has a size/],
  ["a variable of elsewhere", [variable("v", 1, "extern")], /elsewhere/],
  ["a pointer to a variable", [variable("v", 1), ptr(2)], /no type/],
  ["a section of types", [datasec(".data", 4, [1, 0, 4])], /variables only/],
  ["a section without a size", [datasec(".data", 0)], /has a size/],
  [
    "a section whose variables overlap",
    [variable("v", 1), datasec(".data", 8, [2, 0, 4], [2, 2, 4])],
    /overlaps/,
  ],
  [
    "a section that is too small",
    [variable("v", 1), datasec(".data", 4, [2, 0, 2])],
    /larger than its place/,
  ],
  ["a section with a variable outside", [variable("v", 1), datasec(".data", 4, [2, 2, 4])], /4 bytes at 2/],
  ["a section of any name", [datasec("?foo bar/*", 4)], undefined],
  ["tags before const", [ptr(3), tag(4), constant(1)], undefined],
  ["tags behind const", [ptr(3), constant(4), tag(1)], /tag behind other modifiers/],
  ["a tag on a member", [struct("s", 4, ["a", 1, 0]), declTag(2, 0)], undefined],
  ["a tag on no member", [struct("s", 4, ["a", 1, 0]), declTag(2, 1)], /part 1 of 1/],
  ["a tag on a parameter", [proto(0, ["a", 1]), func("f", 2), declTag(3, 0)], undefined],
  ["a tag on int", [declTag(1, -1)], /takes none/],
  ["a tag on a part of a typedef", [typedef("t", 1), declTag(2, 0)], /part 0 of 0/],
];

function written(types: readonly BtfType[]): Uint8Array {
  const builder = new BtfBuilder();
  for (const type of [int, ...types]) builder.add(type);
  return builder.toBytes();
}

describe("checkBtf", () => {
  test.each(table)("%s", (_what, types, message) => {
    const refusal = ourRefusal(written(types));
    if (message === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toMatch(message);
  });

  test.each<[string, number, number]>([
    ["unknown flags", 3, 1],
    ["types behind a gap", 8, 4],
    ["strings that do not go to the end", 20, 2],
    ["unknown bits of info", 24 + 6, 1],
    ["a kind flag of an integer", 24 + 7, 0x81],
    ["several encodings", 24 + 15, 3],
    ["entries of an integer", 24 + 4, 1],
  ])("%s are refused", (_what, at, value) => {
    const bytes = written([]);
    bytes[at] = value;
    expect(ourRefusal(bytes)).toBeDefined();
  });

  test("split BTF is checked with its base", () => {
    const base = Btf.parse(written([struct("s", 4, ["a", 1, 0])]));
    const split = new BtfBuilder({ base });
    split.add(array(2, 3, 1));
    expect(() => checkBtf(split.build())).not.toThrow();
    split.add(ptr(split.length));
    expect(() => checkBtf(split.build())).toThrow(/refers to itself/);
  });
});

describeWith(["bpf"], "checkBtf beside the kernel", () => {
  test.each(table)("%s", (_what, types, message) => {
    const refusal = kernelRefusal(written(types));
    if (message === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toBeDefined();
  });

  describeWith(["command clang|clang-19"], "types of clang's", () => {
    test("changed in any way, they are refused by both or by none", () => {
      const source = Btf.parse(compiledTypes("kinds.bpf.c", findClang().path).btf);
      const builder = new BtfBuilder();
      // Variables of elsewhere are for the loader to take out; all else a kernel takes as it is.
      const left: readonly BtfKind[] = [BtfKind.Var, BtfKind.Datasec];
      for (const id of source.ids()) if (!left.includes(source.kind(id))) builder.import(source, id);
      const v = builder.add(variable("v", builder.import(source, source.find("int", BtfKind.Int) ?? 0)));
      builder.add(datasec(".data", 4, [v, 0, 4]));
      const good = builder.toBytes();
      expect(kernelRefusal(good)).toBeUndefined();
      expect(ourRefusal(good)).toBeUndefined();

      const types = new DataView(good.buffer).getUint32(12, true);
      const outcomes = { taken: 0, refused: 0 };
      const value = fc.oneof(
        fc.nat({ max: 200 }),
        fc.nat({ max: 0xffffffff }),
        fc.nat({ max: 31 }).map((bit) => -1 - bit),
      );
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat({ max: types / 4 - 1 }), value), { minLength: 1, maxLength: 3 }),
          (changes) => {
            const bytes = good.slice();
            const view = new DataView(bytes.buffer);
            for (const [word, change] of changes) {
              const at = 24 + word * 4;
              // A negative number is a bit to be turned over.
              const turned = (view.getUint32(at, true) ^ (1 << (-1 - change))) >>> 0;
              view.setUint32(at, change < 0 ? turned : change, true);
            }
            const [ours, theirs] = [ourRefusal(bytes), kernelRefusal(bytes)];
            outcomes[theirs === undefined ? "taken" : "refused"]++;
            // Integers of more than 16 bytes are not even read: no compiler has them.
            const isUnread = ours?.includes("an integer of") === true;
            if ((ours === undefined) !== (theirs === undefined) && !isUnread) {
              throw new Error(`ours ${ours}, the kernel's ${theirs}`);
            }
          },
        ),
        { numRuns: 5000 },
      );
      expect(outcomes.taken).toBeGreaterThan(200);
      expect(outcomes.refused).toBeGreaterThan(200);
    });
  });
});
