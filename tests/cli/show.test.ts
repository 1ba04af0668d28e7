import { describe, expect, test } from "vitest";
import {
  type Btf,
  BtfBuilder,
  type BtfInt,
  BtfKind,
  type BtfMember,
  type BtfValue,
  decodeValue,
} from "../../src/btf/index.js";
import { hexDump } from "../../src/cli/show/hex-dump.js";
import { jsonInteger } from "../../src/cli/show/json.js";
import { counted, grouped, share } from "../../src/cli/show/number.js";
import { Palette, wantsColour } from "../../src/cli/show/palette.js";
import { inlineText, valueJson, valueLines } from "../../src/cli/show/shown-value.js";
import { sumOf } from "../../src/cli/show/sum.js";
import { columnWidths, tableRow } from "../../src/cli/show/table.js";
import { timeOfDay } from "../../src/cli/show/time-of-day.js";
import { typedValue, untypedValue } from "../../src/cli/show/typed-value.js";
import { wrap } from "../../src/cli/show/wrap.js";
import { MemoryOutput } from "./memory-io.js";

process.env.TZ = "UTC";

test.each([
  [0, "0"],
  [999, "999"],
  [1000, "1,000"],
  [1234567, "1,234,567"],
  [-1234567n, "-1,234,567"],
])("%d is grouped as %s", (value, text) => {
  expect(grouped(value)).toBe(text);
});

test.each([
  [0, 0, "-"],
  [0, 9, "0.0%"],
  [1, 3, "33.3%"],
  [1, 1_000_000, "<0.1%"],
  [999_999, 1_000_000, ">99.9%"],
  [7, 7, "100.0%"],
])("%d of %d is %s", (part, whole, text) => {
  expect(share(part, whole)).toBe(text);
});

test("one packet, two packets", () => {
  expect([counted(1, "packet"), counted(2000, "packet"), counted(2, "copy", "copies")]).toEqual([
    "1 packet",
    "2,000 packets",
    "2 copies",
  ]);
});

test("columns are as wide as their widest cell, and nothing is padded at the end", () => {
  const columns = [{ title: "A" }, { title: "NUMBER", align: "right" }, { title: "C" }] as const;
  const rows = [
    ["x", "1", ""],
    ["longer", "22", "c"],
  ];
  const widths = columnWidths(columns, rows);
  expect(rows.map((row) => tableRow(columns, widths, row))).toEqual(["x            1", "longer      22  c"]);
  // Colours do not count for the width.
  const painted = tableRow(columns, widths, rows[0], (cell) => `<${cell}>`);
  expect(painted).toBe("<x>            <1>");
});

test("text is wrapped at spaces", () => {
  expect(wrap("one two three four", 9)).toEqual(["one two", "three", "four"]);
  expect(wrap("unbreakable words", 4)).toEqual(["unbreakable", "words"]);
});

test("bytes are dumped as tcpdump does", () => {
  const bytes = Uint8Array.from({ length: 18 }, (_, i) => 0x41 + i);
  expect(hexDump(bytes)).toEqual([
    "\t0x0000:  4142 4344 4546 4748 494a 4b4c 4d4e 4f50  ABCDEFGHIJKLMNOP",
    "\t0x0010:  5152                                     QR",
  ]);
});

test("times of day, also of those that no calendar has", () => {
  expect(timeOfDay(1_700_000_000, 1_999)).toBe("22:13:20.000001");
  expect(timeOfDay(9e15, 5)).toBe("9000000000000000.000000005");
});

test("integers are numbers where those are exact", () => {
  expect([jsonInteger(2n ** 53n - 1n), jsonInteger(2n ** 53n), jsonInteger(-(2n ** 63n))]).toEqual([
    9007199254740991,
    "9007199254740992",
    "-9223372036854775808",
  ]);
});

describe("colours", () => {
  const terminal = new MemoryOutput(true);
  test.each([
    ["a terminal", terminal, {}, true],
    ["no terminal", new MemoryOutput(false), {}, false],
    ["NO_COLOR", terminal, { NO_COLOR: "1" }, false],
    ["an empty NO_COLOR", terminal, { NO_COLOR: "" }, true],
    ["a dumb terminal", terminal, { TERM: "dumb" }, false],
  ])("%s", (_, output, env, expected) => {
    expect(wantsColour(output, env)).toBe(expected);
  });

  test("paint", () => {
    expect(new Palette(true).paint("red", "x")).toBe("\x1b[31mx\x1b[39m");
    expect(new Palette(false).paint("red", "x")).toBe("x");
  });
});

/** Types that maps of packet programs have. */
class Types {
  readonly builder = new BtfBuilder();
  readonly u8 = this.#int("unsigned char", 1);
  readonly u16 = this.#int("unsigned short", 2);
  readonly u32 = this.#int("unsigned int", 4);
  readonly s64 = this.#int("long long", 8, { signed: true });
  readonly u64 = this.#int("unsigned long long", 8);
  readonly bool = this.#int("_Bool", 1, { bool: true });
  readonly be16 = this.builder.add({ kind: BtfKind.Typedef, name: "__be16", type: this.u16 });
  readonly be32 = this.builder.add({ kind: BtfKind.Typedef, name: "__be32", type: this.u32 });

  #int(name: string, size: number, encoding: Partial<BtfInt["encoding"]> = {}): number {
    const none = { signed: false, char: false, bool: false };
    const type = {
      kind: BtfKind.Int,
      name,
      size,
      bits: size * 8,
      bitOffset: 0,
      encoding: { ...none, ...encoding },
    };
    return this.builder.add(type);
  }

  array(type: number, length: number): number {
    return this.builder.add({ kind: BtfKind.Array, name: "", type, indexType: this.u32, length });
  }

  struct(
    name: string,
    size: number,
    members: readonly [name: string, type: number, at: number, bits?: number][],
  ): number {
    return this.builder.add({
      kind: BtfKind.Struct,
      name,
      size,
      hasBitFields: members.some(([, , , bits]) => bits !== undefined),
      members: members.map(
        ([member, type, at, bits]): BtfMember => ({
          name: member,
          type,
          bitOffset: bits === undefined ? at * 8 : at,
          bitFieldSize: bits ?? 0,
        }),
      ),
    });
  }

  build(): Btf {
    return this.builder.build();
  }
}

function shown(make: (types: Types) => number, bytes: readonly number[]) {
  const types = new Types();
  const id = make(types);
  return typedValue(types.build(), id, Uint8Array.from(bytes));
}

describe("values by their types", () => {
  const ONE = [1, 0, 0, 0];
  test.each<[what: string, make: (t: Types) => number, bytes: number[], text: string, json: unknown]>([
    ["a number", (t) => t.u32, ONE, "1", 1],
    ["a large number", (t) => t.u64, Array(8).fill(255), "18446744073709551615", "18446744073709551615"],
    ["a truth", (t) => t.bool, [1], "true", true],
    ["an IPv4 address by its type", (t) => t.be32, [10, 0, 0, 9], "10.0.0.9", "10.0.0.9"],
    [
      "an IPv4 address by its type and name",
      (t) => t.struct("s", 4, [["source", t.be32, 0]]),
      [10, 0, 0, 9],
      "{ .source = 10.0.0.9 }",
      { source: "10.0.0.9" },
    ],
    [
      "struct in_addr",
      (t) => t.struct("in_addr", 4, [["s_addr", t.be32, 0]]),
      [10, 0, 0, 9],
      "10.0.0.9",
      "10.0.0.9",
    ],
    [
      "struct in6_addr",
      (t) => t.struct("in6_addr", 16, [["bytes", t.array(t.u8, 16), 0]]),
      [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1],
      "2001:db8::1",
      "2001:db8::1",
    ],
    ["a port in network order", (t) => t.be16, [0, 80], "htons(80)", 0x5000],
    [
      "bytes that are a MAC address",
      (t) => t.struct("s", 6, [["h_source", t.array(t.u8, 6), 0]]),
      [2, 0, 0, 0, 0, 1],
      "{ .h_source = 02:00:00:00:00:01 }",
      { h_source: "02:00:00:00:00:01" },
    ],
    [
      "bytes that are an IPv4 address",
      (t) => t.struct("s", 4, [["src_ip", t.array(t.u8, 4), 0]]),
      [10, 0, 0, 9],
      "{ .src_ip = 10.0.0.9 }",
      { src_ip: "10.0.0.9" },
    ],
    [
      "words that are an IPv6 address",
      (t) => t.struct("s", 16, [["src_ip6", t.array(t.u32, 4), 0]]),
      [0xfe, 0x80, ...Array(13).fill(0), 1],
      "{ .src_ip6 = fe80::1 }",
      { src_ip6: "fe80::1" },
    ],
    [
      "bytes that are nothing of the kind",
      (t) => t.struct("s", 4, [["stuff", t.array(t.u8, 4), 0]]),
      [1, 2, 3, 4],
      "{ .stuff = 01 02 03 04 }",
      { stuff: [1, 2, 3, 4] },
    ],
    [
      "a word that only sounds so",
      (t) => t.struct("s", 4, [["skip", t.array(t.u8, 4), 0]]),
      [1, 2, 3, 4],
      "{ .skip = 01 02 03 04 }",
      { skip: [1, 2, 3, 4] },
    ],
    ["numbers", (t) => t.array(t.u16, 3), [1, 0, 2, 0, 3, 0], "{ 1, 2, 3 }", [1, 2, 3]],
    [
      "members of an anonymous struct, and bit-fields",
      (t) => {
        const inner = t.struct("", 4, [
          ["low", t.u32, 0, 4],
          ["high", t.u32, 4, 4],
        ]);
        return t.struct("s", 8, [
          ["", inner, 0],
          ["after", t.be32, 4],
        ]);
      },
      [0x21, 0, 0, 0, 10, 0, 0, 1],
      "{ .low = 1, .high = 2, .after = htonl(167772161) }",
      { low: 1, high: 2, after: 0x0100000a },
    ],
  ])("%s", (_, make, bytes, text, json) => {
    const value = shown(make, bytes);
    expect(inlineText(value)).toBe(text);
    expect(valueJson(value)).toEqual(json);
  });

  test("what does not fit on a line has as many members on each as fit", () => {
    const value = shown((t) => {
      const inner = t.struct("inner", 8, [
        ["one", t.u32, 0],
        ["two", t.u32, 4],
      ]);
      return t.struct("s", 20, [
        ["first", t.u32, 0],
        ["second", t.u32, 4],
        ["inner", inner, 8],
        ["last", t.u32, 16],
      ]);
    }, Array.from({ length: 5 }, (_, i) => [i, 0, 0, 0]).flat());
    expect(valueLines(value, 34, "key: ", "")).toEqual([
      "key: {",
      "  .first = 0, .second = 1,",
      "  .inner = { .one = 2, .two = 3 },",
      "  .last = 4,",
      "}",
    ]);
    expect(valueLines(value, 25, "", "")).toContain("  .inner = {");
  });

  test("bytes without a type are broken where they must be", () => {
    const lines = valueLines(untypedValue(new Uint8Array(20)), 40, "key: ", "");
    expect(lines).toEqual([
      "key:",
      `  ${Array(13).fill("00").join(" ")}`,
      `  ${Array(7).fill("00").join(" ")}`,
    ]);
    expect(inlineText(untypedValue(new Uint8Array(100)))).toMatch(/ \.\.\. \(100 bytes\)$/);
  });
});

describe("sums of per-CPU values", () => {
  test.each<[what: string, make: (t: Types) => number, values: number[][], sum: BtfValue | undefined]>([
    [
      "numbers",
      (t) => t.u32,
      [
        [1, 0, 0, 0],
        [2, 0, 0, 0],
      ],
      3,
    ],
    [
      "numbers that wrap",
      (t) => t.u32,
      [
        [255, 255, 255, 255],
        [2, 0, 0, 0],
      ],
      1,
    ],
    ["negative ones", (t) => t.s64, [Array(8).fill(255), [3, 0, 0, 0, 0, 0, 0, 0]], 2n],
    [
      "counters",
      (t) =>
        t.struct("s", 16, [
          ["packets", t.u64, 0],
          ["bytes", t.u64, 8],
        ]),
      [
        [1, ...Array(7).fill(0), 9, ...Array(7).fill(0)],
        [2, ...Array(7).fill(0), 1, ...Array(7).fill(0)],
      ],
      { packets: 3n, bytes: 10n },
    ],
    [
      "arrays",
      (t) => t.array(t.u16, 2),
      [
        [1, 0, 2, 0],
        [3, 0, 4, 0],
      ],
      [4, 6],
    ],
    ["truths, which have no sum", (t) => t.bool, [[1], [1]], undefined],
    [
      "addresses, which have none",
      (t) => t.be32,
      [
        [1, 0, 0, 0],
        [1, 0, 0, 0],
      ],
      undefined,
    ],
    [
      "a struct with one of those",
      (t) =>
        t.struct("s", 8, [
          ["n", t.u32, 0],
          ["addr", t.be32, 4],
        ]),
      [Array(8).fill(1), Array(8).fill(1)],
      undefined,
    ],
  ])("%s", (_, make, values, sum) => {
    const types = new Types();
    const id = make(types);
    const btf = types.build();
    const decoded = values.map((bytes) => decodeValue(btf, id, Uint8Array.from(bytes)));
    expect(sumOf(btf, id, decoded)).toEqual(sum);
  });
});
