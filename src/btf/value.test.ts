import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ObjectFormatError, SyntaxProblem } from "../errors.js";
import { anyStructs } from "./arbitrary-structs.oracle.js";
import { anyTypes } from "./arbitrary-types.oracle.js";
import {
  type Btf,
  BtfBuilder,
  type BtfInput,
  BtfKind,
  type BtfType,
  type BtfValue,
  decodeValue,
  encodeValue,
  formatValue,
} from "./index.js";

const plain = { signed: false, char: false, bool: false };
const int = (name: string, size: number, more: Partial<typeof plain> = {}): BtfType => ({
  kind: BtfKind.Int,
  name,
  size,
  bits: size * 8,
  bitOffset: 0,
  encoding: { ...plain, ...more },
});
const typedef = (name: string, type: number): BtfType => ({ kind: BtfKind.Typedef, name, type });
const array = (type: number, length: number): BtfType => ({
  kind: BtfKind.Array,
  name: "",
  type,
  indexType: 1,
  length,
});
type Member = [name: string, type: number, byte: number, bits?: [from: number, count: number]];
function composite(
  kind: typeof BtfKind.Struct | typeof BtfKind.Union,
  name: string,
  size: number,
  members: Member[],
): BtfType {
  return {
    kind,
    name,
    size,
    hasBitFields: true,
    members: members.map(([each, type, byte, [from, count] = [0, 0]]) => ({
      name: each,
      type,
      bitOffset: byte * 8 + from,
      bitFieldSize: count,
    })),
  };
}
const struct = (name: string, size: number, ...members: Member[]) =>
  composite(BtfKind.Struct, name, size, members);
const union = (name: string, size: number, ...members: Member[]) =>
  composite(BtfKind.Union, name, size, members);

function btfOf(...types: BtfType[]): Btf {
  const builder = new BtfBuilder();
  for (const type of types) builder.add(type);
  return builder.build();
}

const bytes = (text: string) => Uint8Array.from(text.split(" "), (byte) => Number.parseInt(byte, 16));
const action: BtfType = {
  kind: BtfKind.Enum,
  name: "xdp_action",
  size: 4,
  signed: false,
  values: [
    { name: "XDP_ABORTED", value: 0n },
    { name: "XDP_DROP", value: 1n },
  ],
};

/** A value's type, bytes, what it is in JavaScript, and how it is written. */
const table: [what: string, types: BtfType[], bytes: string, value: BtfValue, text: string][] = [
  ["u32", [int("u32", 4)], "01 02 03 04", 0x04030201, "67305985"],
  ["s16", [int("s16", 2, { signed: true })], "fe ff", -2, "-2"],
  ["u64", [int("u64", 8)], "ff ff ff ff ff ff ff ff", 0xffffffffffffffffn, "18446744073709551615"],
  ["__int128", [int("__int128", 16, { signed: true })], "ff ".repeat(16).trim(), -1n, `0x${"f".repeat(32)}`],
  ["bool", [int("bool", 1, { bool: true })], "01", true, "true"],
  ["an integer of fewer bits", [{ ...int("u3", 1), bits: 3, bitOffset: 2 } as BtfType], "b6", 5, "5"],
  ["float", [{ kind: BtfKind.Float, name: "float", size: 4 }], "cd cc cc 3d", Math.fround(0.1), "0.1"],
  ["double", [{ kind: BtfKind.Float, name: "double", size: 8 }], "00 00 00 00 00 00 00 80", -0, "-0.0"],
  [
    "long double",
    [{ kind: BtfKind.Float, name: "long double", size: 16 }],
    `01${" 00".repeat(15)}`,
    1n,
    "0x1",
  ],
  [
    "pointer",
    [{ kind: BtfKind.Ptr, name: "", type: 0 }],
    "10 00 00 00 00 88 ff ff",
    0xffff880000000010n,
    "0xffff880000000010",
  ],
  ["enumerator", [action], "01 00 00 00", "XDP_DROP", "XDP_DROP"],
  ["no enumerator", [action], "07 00 00 00", 7, "7"],
  ["text", [int("char", 1), array(1, 8)], "65 74 68 22 00 00 00 00", 'eth"', '"eth\\""'],
  ["text that is none", [int("char", 1), array(1, 2)], "65 74", [0x65, 0x74], "{ 101, 116 }"],
  ["bytes", [int("u8", 1), array(1, 3)], "01 02 03", [1, 2, 3], "{ 1, 2, 3 }"],
  ["no elements", [int("u8", 1), array(1, 0)], "", [], "{}"],
  [
    "struct",
    [int("u32", 4), action, struct("stats", 12, ["packets", 1, 0], ["action", 2, 4], ["bytes", 1, 8])],
    "01 00 00 00 01 00 00 00 3c 00 00 00",
    { packets: 1, action: "XDP_DROP", bytes: 60 },
    "{ .packets = 1, .action = XDP_DROP, .bytes = 60 }",
  ],
  [
    "bit-fields",
    [
      int("u8", 1),
      int("s32", 4, { signed: true }),
      struct("s", 4, ["a", 1, 0, [0, 3]], ["b", 2, 0, [3, 10]]),
    ],
    "fd ff 00 00",
    { a: 5, b: -1 },
    "{ .a = 5, .b = -1 }",
  ],
  [
    "nameless structs and unions",
    [
      int("u32", 4),
      int("u16", 2),
      struct("", 4, ["low", 2, 0], ["high", 2, 2]),
      union("", 4, ["word", 1, 0], ["", 3, 0]),
      struct("s", 8, ["", 4, 0], ["z", 1, 4]),
    ],
    // The same in either byte order.
    "01 00 01 00 03 00 00 00",
    { word: 0x10001, low: 1, high: 1, z: 3 },
    "{ .word = 65537, .low = 1, .high = 1, .z = 3 }",
  ],
  [
    "arrays in arrays",
    [int("u8", 1), array(1, 2), array(2, 2), struct("s", 4, ["m", 3, 0])],
    "01 02 03 04",
    {
      m: [
        [1, 2],
        [3, 4],
      ],
    },
    "{ .m = { { 1, 2 }, { 3, 4 } } }",
  ],
  [
    "a data section",
    [
      int("u32", 4),
      { kind: BtfKind.Var, name: "limit", type: 1, linkage: "global" },
      { kind: BtfKind.Datasec, name: ".data", size: 8, variables: [{ type: 2, offset: 4, size: 4 }] },
    ],
    "00 00 00 00 05 00 00 00",
    { limit: 5 },
    "{ .limit = 5 }",
  ],
];

describe("values", () => {
  test.each(table)("%s is decoded, encoded and written", (_what, types, hex, value, text) => {
    const btf = btfOf(...types);
    const id = btf.length - 1;
    const raw = hex === "" ? new Uint8Array(0) : bytes(hex);
    expect(decodeValue(btf, id, raw)).toEqual(value);
    expect(formatValue(btf, id, raw)).toBe(text);
    const encoded = encodeValue(btf, id, value as BtfInput);
    expect(decodeValue(btf, id, encoded)).toEqual(value);
    const big = encodeValue(btf, id, value as BtfInput, false);
    expect(decodeValue(btf, id, big, false)).toEqual(value);
    expect(formatValue(btf, id, big, { littleEndian: false })).toBe(text);
  });

  test("in big-endian bytes, bits count from the most significant one", () => {
    const btf = btfOf(int("u8", 1), struct("iphdr", 1, ["version", 1, 0, [0, 4]], ["ihl", 1, 0, [4, 4]]));
    expect(decodeValue(btf, 2, Uint8Array.of(0x45), false)).toEqual({ version: 4, ihl: 5 });
    expect(encodeValue(btf, 2, { version: 4, ihl: 5 }, false)).toEqual(Uint8Array.of(0x45));
  });

  test("integers that are bit-fields by themselves", () => {
    const nibble = { ...int("unsigned int", 4), bits: 4 } as BtfType;
    const shifted = { ...int("unsigned int", 4), bits: 4, bitOffset: 4 } as BtfType;
    const old = { ...struct("old", 4, ["a", 1, 0], ["b", 2, 0]), hasBitFields: false } as BtfType;
    const btf = btfOf(nibble, shifted, old);
    expect(decodeValue(btf, 3, Uint8Array.of(0xa3, 0, 0, 0))).toEqual({ a: 3, b: 10 });
    expect(encodeValue(btf, 3, { a: 3, b: 10 })).toEqual(Uint8Array.of(0xa3, 0, 0, 0));
  });

  test("a member may be called __proto__", () => {
    const btf = btfOf(int("u8", 1), struct("s", 1, ["__proto__", 1, 0]));
    const value = decodeValue(btf, 2, Uint8Array.of(7));
    expect(Object.entries(value)).toEqual([["__proto__", 7]]);
    expect(encodeValue(btf, 2, value as BtfInput)).toEqual(Uint8Array.of(7));
  });

  test("what is decoded is encoded to the same, in either byte order", () => {
    fc.assert(
      fc.property(anyStructs, fc.infiniteStream(fc.nat({ max: 255 })), fc.boolean(), (btf, stream, le) => {
        for (const id of btf.ids()) {
          const type = btf.type(id);
          if (type.kind !== BtfKind.Struct && type.kind !== BtfKind.Union) continue;
          const raw = Uint8Array.from({ length: type.size }, () => stream.next().value as number);
          const value = decodeValue(btf, id, raw, le);
          const encoded = encodeValue(btf, id, value as BtfInput, le);
          // In unions the last member wins, and true and NaN are written in one way only.
          const again = decodeValue(
            btf,
            id,
            encodeValue(btf, id, decodeValue(btf, id, encoded, le) as BtfInput, le),
            le,
          );
          const isExact = !contains(btf, id, (each) => each.kind === BtfKind.Union);
          expect(again).toEqual(isExact ? value : decodeValue(btf, id, encoded, le));
          expect(formatValue(btf, id, raw, { littleEndian: le })).not.toContain("undefined");
        }
      }),
      { numRuns: 30 },
    );
  });

  test.each<[string, BtfType[], RegExp]>([
    ["too few bytes", [int("u64", 8)], /4 bytes are too few/],
    ["a function", [{ kind: BtfKind.FuncProto, name: "", returnType: 0, params: [] }], /has no size/],
    ["void", [typedef("t", 0)], /has no size/],
    ["a struct in itself", [struct("s", 4, ["s", 1, 0])], /nested too deep/],
    ["a struct twice in itself", [struct("s", 4, ["s", 1, 0], ["t", 1, 0])], /nested too deep/],
    ["an array of itself", [array(1, 1)], /contains itself/],
    ["a typedef of itself", [typedef("t", 1)], /refers to itself/],
    ["an array larger than any", [int("u8", 1), array(1, 0xffffffff), array(2, 16)], /larger than any/],
    ["a member that sticks out", [int("u64", 8), struct("s", 4, ["m", 1, 0])], /not within the value/],
    [
      "a bit-field that is a pointer",
      [{ kind: BtfKind.Ptr, name: "", type: 0 }, struct("s", 4, ["m", 1, 0, [0, 3]])],
      /no integer/,
    ],
    [
      "structs that double 60 times",
      Array.from({ length: 60 }, (_, i) => struct("s", 4, ["a", i + 2, 0], ["b", i + 2, 0])).concat(
        int("u32", 4),
        struct("r", 4, ["s", 1, 0]),
      ),
      /nested too deep/,
    ],
  ])("%s is refused", (_what, types, message) => {
    const btf = btfOf(...types);
    const id = btf.length - 1;
    for (const attempt of [
      () => decodeValue(btf, id, new Uint8Array(4)),
      () => formatValue(btf, id, new Uint8Array(4)),
    ]) {
      expect(attempt).toThrow(ObjectFormatError);
      expect(attempt).toThrow(message);
    }
  });

  test("four billion elements of nothing are none", () => {
    const btf = btfOf(struct("nothing", 0), array(1, 0xffffffff));
    expect(decodeValue(btf, 2, new Uint8Array(0))).toEqual([]);
  });

  test("any types at all have values or are refused", () => {
    fc.assert(
      fc.property(anyTypes(), fc.uint8Array({ maxLength: 64 }), (types, raw) => {
        const btf = btfOf(...types);
        for (const id of btf.ids()) {
          try {
            const value = decodeValue(btf, id, raw);
            formatValue(btf, id, raw, { indent: "  ", omitZeroes: true });
            encodeValue(btf, id, value as BtfInput);
          } catch (error) {
            if (!(error instanceof SyntaxProblem)) expect(error).toBeInstanceOf(ObjectFormatError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, BtfType[], BtfInput, RegExp]>([
    ["a number that does not fit", [int("u8", 1)], 300, /value: 300 does not fit in 8 bits/],
    [
      "a member that does not exist",
      [int("u8", 1), struct("s", 1, ["a", 1, 0])],
      { b: 1 },
      /no member "b"; there are a/,
    ],
    [
      "a number in place of a struct",
      [int("u8", 1), struct("s", 1, ["a", 1, 0])],
      1,
      /an object with members/,
    ],
    ["too many elements", [int("u8", 1), array(1, 2)], [1, 2, 3], /3 elements in place of 2/],
    ["text that is too long", [int("char", 1), array(1, 4)], "eth0", /4 bytes and a NUL in 4/],
    ["no enumerator", [action], "XDP_TX", /none of XDP_ABORTED, XDP_DROP/],
    ["bytes of another size", [int("u32", 4)], new Uint8Array(3), /3 bytes in place of 4/],
    ["text in place of a number", [int("u32", 4)], "many", /many is not an integer/],
    [
      "a bit-field that does not fit",
      [int("u8", 1), struct("s", 1, ["a", 1, 0, [0, 3]])],
      { a: 8 },
      /value.a: 8 does not fit in 3 bits/,
    ],
  ])("%s cannot be encoded", (_what, types, value, message) => {
    const btf = btfOf(...types);
    expect(() => encodeValue(btf, btf.length - 1, value)).toThrow(SyntaxProblem);
    expect(() => encodeValue(btf, btf.length - 1, value)).toThrow(message);
  });
});

describe("formatValue", () => {
  const stats = struct("stats", 24, ["packets", 2, 0], ["history", 3, 8], ["flows", 5, 12]);
  const btf = btfOf(
    int("u8", 1),
    int("u64", 8),
    array(1, 4),
    struct("flow", 2, ["a", 1, 0], ["b", 1, 1]),
    array(4, 2),
    stats,
  );
  const raw = bytes(`05${" 00".repeat(7)} 01 00 00 02 07 00 00 00${" 00".repeat(8)}`);

  test("in several lines", () => {
    expect(formatValue(btf, 6, raw, { indent: "  " })).toBe(`\
{
  .packets = 5,
  .history = { 1, 0, 0, 2 },
  .flows = {
    {
      .a = 7,
      .b = 0,
    },
    {
      .a = 0,
      .b = 0,
    },
  },
}`);
  });

  test("without what is zero, but for elements of arrays that are not", () => {
    expect(formatValue(btf, 6, raw, { omitZeroes: true })).toBe(
      "{ .packets = 5, .history = { 1, 0, 0, 2 }, .flows = { { .a = 7 }, {} } }",
    );
    expect(formatValue(btf, 6, new Uint8Array(24), { omitZeroes: true })).toBe("{}");
    expect(formatValue(btf, 2, new Uint8Array(8), { omitZeroes: true })).toBe("0");
  });

  test("long arrays fill lines of 80 columns", () => {
    const long = btfOf(int("u8", 1), array(1, 40));
    const lines = formatValue(long, 2, new Uint8Array(40).fill(255), { indent: "\t" }).split("\n");
    expect(lines).toHaveLength(5);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines[0]).toBe("{");
    expect(lines[4]).toBe("}");
  });

  const ETH = bytes("02 00 00 00 00 01");
  const IP6 = bytes("20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01");
  /** Types 1 to 4 are u8, __u32, __be32 and unsigned short. */
  const base = [int("unsigned char", 1), int("__u32", 4), typedef("__be32", 2), int("unsigned short", 2)];

  test.each<[string, BtfType[], string, Uint8Array, string]>([
    ["an IPv4 address", [], "saddr", Uint8Array.of(10, 0, 0, 9), "10.0.0.9"],
    ["an IPv4 address by another name", [], "remote_ip4", Uint8Array.of(10, 0, 0, 9), "10.0.0.9"],
    ["a name that is none", [], "mask", Uint8Array.of(10, 0, 0, 9), "150994954"],
    ["a MAC address", [array(1, 6)], "h_dest", ETH, "02:00:00:00:00:01"],
    ["a MAC address by another name", [array(1, 6)], "router_mac", ETH, "02:00:00:00:00:01"],
    ["six bytes that are none", [array(1, 6)], "digits", ETH, "{ 2, 0, 0, 0, 0, 1 }"],
    ["four bytes of an address", [array(1, 4)], "ip", Uint8Array.of(10, 0, 0, 9), "10.0.0.9"],
    ["an IPv6 address", [array(1, 16)], "daddr", IP6, "2001:db8::1"],
    ["an IPv6 address in words", [array(2, 4)], "src_ip6", IP6, "2001:db8::1"],
    ["an IPv6 address in words of network order", [array(3, 4)], "addr", IP6, "2001:db8::1"],
    ["in_addr", [struct("in_addr", 4, ["s_addr", 3, 0])], "x", Uint8Array.of(10, 0, 0, 9), "10.0.0.9"],
    ["in6_addr", [array(1, 16), struct("in6_addr", 16, ["u", 5, 0])], "x", IP6, "2001:db8::1"],
  ])("%s", (_what, types, name, value, text) => {
    const type = types.length === 0 ? 3 : base.length + types.length;
    const holder = struct("holder", value.length, [name, type, 0]);
    const all = btfOf(...base, ...types, holder);
    expect(formatValue(all, all.length - 1, value)).toBe(`{ .${name} = ${text} }`);
    const without = formatValue(all, all.length - 1, value, { addresses: false });
    if (/^[\d.]+\.[\d.]+$|:/.test(text)) expect(without).not.toContain(text);
    // What is written as an address is read as one.
    if (text.includes(".") || text.includes(":")) {
      expect(encodeValue(all, all.length - 1, { [name]: text })).toEqual(value);
    }
  });

  test.each([
    ["::", "00 ".repeat(16)],
    ["::1", `${"00 ".repeat(15)}01`],
    ["1::", `00 01 ${"00 ".repeat(14)}`],
    ["::ffff:10.0.0.9", `${"00 ".repeat(10)}ff ff 0a 00 00 09`],
    ["2001:db8:0:1:1:1:1:1", "20 01 0d b8 00 00 00 01 00 01 00 01 00 01 00 01"],
    ["2001:db8::1:0:0:1", "20 01 0d b8 00 00 00 00 00 01 00 00 00 00 00 01"],
    ["2001:0:0:1::1", "20 01 00 00 00 00 00 01 00 00 00 00 00 00 00 01"],
    ["10:10::", "00 10 00 10 00 00 00 00 00 00 00 00 00 00 00 00"],
  ])("%s is written as RFC 5952 has it", (text, hex) => {
    const holder = btfOf(...base, array(1, 16), struct("holder", 16, ["addr", 5, 0]));
    expect(formatValue(holder, 6, bytes(hex.trim()))).toBe(`{ .addr = ${text} }`);
  });
});

/** Whether a type or a part of it is such. */
function contains(btf: Btf, id: number, isSuch: (type: BtfType) => boolean): boolean {
  const type = btf.resolved(id);
  if (isSuch(type)) return true;
  if (type.kind === BtfKind.Array) return contains(btf, type.type, isSuch);
  return "members" in type && type.members.some((member) => contains(btf, member.type, isSuch));
}
