import { describe, expect, test } from "vitest";
import { NotSupportedError } from "../errors.js";
import { assembledObject } from "../testing/index.js";
import { kconfigMap, layKconfigOut, resolveKconfig } from "./kconfig.js";
import type { KconfigExtern, ObjectSpec } from "./object-spec.js";

const VERSION = (6 << 16) | (18 << 8);

function specOf(extern: Partial<KconfigExtern>): ObjectSpec {
  const kconfig: KconfigExtern[] = [
    { name: "CONFIG_X", isWeak: false, offset: 0, size: 4, kind: "int", isSigned: false, ...extern },
  ];
  const spec = assembledObject({ programs: [] });
  return { ...spec, kconfig, maps: [kconfigMap(kconfig, undefined)] };
}

function resolved(extern: Partial<KconfigExtern>, text: string): number[] | string {
  const spec = specOf(extern);
  try {
    resolveKconfig(spec, { version: VERSION, text });
  } catch (error) {
    if (error instanceof NotSupportedError) return error.message;
    throw error;
  }
  return [...(spec.maps[0].data ?? [])];
}

const int = (size: number, isSigned = false) => ({ kind: "int", size, isSigned }) as const;
const none = /does not have/;
const unfit = /does not fit/;

describe(".kconfig", () => {
  test("is laid out by alignment, then size, then name, as libbpf does", () => {
    const extern = (name: string, size: number, align: number) =>
      ({ name, size, align, isWeak: false, kind: "int", isSigned: false }) as const;
    const placed = layKconfigOut([
      extern("CONFIG_B", 1, 1),
      extern("CONFIG_TEXT", 5, 1),
      extern("CONFIG_D", 4, 4),
      extern("CONFIG_C", 4, 4),
      extern("CONFIG_LONG", 8, 8),
      extern("CONFIG_A", 1, 1),
    ]);
    expect(placed.map(({ name, offset }) => [name, offset])).toEqual([
      ["CONFIG_LONG", 0],
      ["CONFIG_C", 8],
      ["CONFIG_D", 12],
      ["CONFIG_A", 16],
      ["CONFIG_B", 17],
      ["CONFIG_TEXT", 18],
    ]);
    expect(kconfigMap(placed, undefined).valueSize).toBe(23);
  });

  // libbpf: set_kcfg_value_tri, set_kcfg_value_str, set_kcfg_value_num, parse_u64.
  test.each<[string, Partial<KconfigExtern>, string, number[] | RegExp]>([
    ["a number", int(4), "CONFIG_X=1000", [0xe8, 3, 0, 0]],
    ["hexadecimal", int(4), "CONFIG_X=0xff", [0xff, 0, 0, 0]],
    ["octal", int(4), "CONFIG_X=010", [8, 0, 0, 0]],
    ["no octal", int(4), "CONFIG_X=09", unfit],
    ["a sign", int(2, true), "CONFIG_X=-2", [0xfe, 0xff]],
    ["too low", int(2), "CONFIG_X=-2", unfit],
    ["too high", int(2, true), "CONFIG_X=32768", unfit],
    ["64 bits", int(8), "CONFIG_X=0xffffffffffffffff", [255, 255, 255, 255, 255, 255, 255, 255]],
    ["a negative 64 bits", int(8), "CONFIG_X=-1", [255, 255, 255, 255, 255, 255, 255, 255]],
    ["more than 64 bits", int(8), "CONFIG_X=0x10000000000000000", unfit],
    ["y as a number", int(4), "CONFIG_X=y", unfit],
    ["yes", { kind: "bool", size: 1 }, "CONFIG_X=y", [1]],
    ["no", { kind: "bool", size: 1 }, "CONFIG_X=n", [0]],
    ["a module is no truth", { kind: "bool", size: 1 }, "CONFIG_X=m", unfit],
    ["a number is no truth", { kind: "bool", size: 1 }, "CONFIG_X=1", unfit],
    ["a module", { kind: "tristate", size: 4 }, "CONFIG_X=m", [2, 0, 0, 0]],
    ["a letter", { kind: "char", size: 1 }, "CONFIG_X=y", [0x79]],
    ["a small number", { kind: "char", size: 1 }, "CONFIG_X=77", [77]],
    ["a text", { kind: "string", size: 5 }, 'CONFIG_X="abc"', [0x61, 0x62, 0x63, 0, 0]],
    ["a text that is cut", { kind: "string", size: 3 }, 'CONFIG_X="abc"', [0x61, 0x62, 0]],
    ["a text without an end", { kind: "string", size: 5 }, 'CONFIG_X="abc', unfit],
    ["a number as a text", { kind: "string", size: 5 }, "CONFIG_X=5", unfit],
    ["the first of two lines", int(1), "CONFIG_X=1\nCONFIG_X=2", [1]],
    ["a comment", int(4), "# CONFIG_X=5", none],
    ["another name", int(4), "CONFIG_XY=5", none],
    ["a weak one", { ...int(4), isWeak: true }, "", [0, 0, 0, 0]],
    ["the version", { ...int(4), name: "LINUX_KERNEL_VERSION" }, "", [0, 18, 6, 0]],
    ["a feature", { ...int(1), name: "LINUX_HAS_BPF_COOKIE", kind: "bool" }, "", [1]],
    ["an unknown feature", { ...int(4), name: "LINUX_HAS_MORE" }, "", none],
    ["an unknown weak feature", { ...int(4), name: "LINUX_HAS_MORE", isWeak: true }, "", [0, 0, 0, 0]],
    ["what is no configuration", { ...int(4), name: "OTHER", isWeak: true }, "", none],
  ])("%s", (_, extern, text, expected) => {
    const value = resolved(extern, text);
    if (expected instanceof RegExp) expect(value).toMatch(expected);
    else expect(value).toEqual(expected);
  });

  test("is big endian in a big-endian object", () => {
    const spec = { ...specOf(int(4)), littleEndian: false };
    resolveKconfig(spec, { version: VERSION, text: "CONFIG_X=1000" });
    expect(spec.maps[0].data).toEqual(Uint8Array.of(0, 0, 3, 0xe8));
  });

  test("forgets, for another kernel, what a weak one was", () => {
    const spec = specOf({ ...int(4), isWeak: true });
    resolveKconfig(spec, { version: VERSION, text: "CONFIG_X=5" });
    resolveKconfig(spec, { version: VERSION });
    expect(spec.maps[0].data).toEqual(new Uint8Array(4));
  });
});
