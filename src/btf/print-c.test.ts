import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { findClang } from "../compile/index.js";
import { NotSupportedError, ObjectFormatError } from "../errors.js";
import { anyStructs } from "./arbitrary-structs.oracle.js";
import { anyTypes } from "./arbitrary-types.oracle.js";
import {
  definedTags,
  definedTypes,
  expectSameLayouts,
  hasBitFields,
  layoutClaims,
  layouts,
  recompiled,
} from "./c-layouts.oracle.js";
import { compiledTypes } from "./compiled-types.oracle.js";
import { Btf, BtfBuilder, BtfKind, type BtfType, essentialName, printHeader, printTypes } from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "wirebee-header-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("headers that clang compiles", () => {
  for (const clang of ["clang", "clang-19"]) {
    describeWith([`command ${clang}`], clang, () => {
      test("types of all kinds come back as they were", () => {
        const btf = Btf.parse(compiledTypes("kinds.bpf.c", clang).btf);
        const header = printHeader(btf);
        expectSameLayouts(recompiled(folder, header, clang, definedTypes(header, btf)), btf, 30);
      });
    });
  }

  describeWith(["bpf", "command bpftool", "command clang|clang-19"], "the running kernel's types", () => {
    const path = "/sys/kernel/btf/vmlinux";
    let kernel: Btf;
    let header: string;
    beforeAll(() => {
      kernel = Btf.parse(readFileSync(path));
      header = printHeader(kernel);
    });

    test("have the sizes and offsets that they were made from", () => {
      const claims = layoutClaims(kernel);
      expect(claims.length).toBeGreaterThan(50_000);
      const source = join(folder, "claims.c");
      writeFileSync(source, `${header}\n${claims.join("\n")}\n`);
      const args = ["-target", "bpf", "-fsyntax-only", "-Wall", "-Werror", "-Wno-visibility", source];
      const { status, stderr } = spawnSync(findClang().path, args, { encoding: "utf8" });
      expect(stderr.split("\n").slice(0, 12).join("\n")).toBe("");
      expect(status).toBe(0);
    });

    test("have the bit-fields that they were made from", () => {
      // C cannot say where a bit-field is: the types that have some are compiled.
      const names = definedTags(header).filter((tag) => {
        const [word, name] = tag.split(" ");
        if (word === "enum") return false;
        return kernel.findAll(essentialName(name)).some((id) => hasBitFields(kernel, id));
      });
      expect(names.length).toBeGreaterThan(300);
      const ours = recompiled(folder, header, findClang().path, names);
      const [mine, theirs] = [layouts(ours), layouts(kernel)];
      const tags = new Set(names.map((name) => `tag ${essentialName(name.split(" ")[1])}`));
      const different = [...tags].filter((tag) => mine.get(tag) !== theirs.get(tag));
      expect(different.map((tag) => [tag, mine.get(tag), theirs.get(tag)]).slice(0, 3)).toEqual([]);
    });

    test("are those that bpftool writes", () => {
      const args = ["btf", "dump", "file", path, "format", "c"];
      const theirs = execFileSync("bpftool", args, { encoding: "utf8", maxBuffer: 1 << 26 });
      const names = (text: string) => [...new Set(definedTags(text).map(essentialName))].sort();
      expect(names(header)).toEqual(names(theirs));
      const enumerators = (text: string) => {
        const found = [...text.matchAll(/^\t+(\w+) = -?\d/gm)].map(([, name]) => essentialName(name));
        return [...new Set(found)].sort();
      };
      expect(enumerators(header)).toEqual(enumerators(theirs));
    });
  });

  describeWith(["command clang|clang-19"], "structs that no person would write", () => {
    test("have the layouts that were asked for", () => {
      const means = {
        "((packed))": 0,
        "packed, aligned(": 0,
        "((aligned(": 0,
        "long: 64;": 0,
        "char: 1;": 0,
      };
      fc.assert(
        fc.property(anyStructs, (btf) => {
          const header = printHeader(btf);
          const tags = definedTags(header);
          expectSameLayouts(recompiled(folder, header, findClang().path, tags), btf, 10);
          for (const each of Object.keys(means) as (keyof typeof means)[]) {
            means[each] += header.split(each).length - 1;
          }
        }),
        { numRuns: 12 },
      );
      // Every means that there is was needed.
      expect(Object.entries(means).filter(([, count]) => count === 0)).toEqual([]);
    });
  });
});

describe("printTypes", () => {
  const encoding = { signed: true, char: false, bool: false };
  const int = (name: string, size = 4): BtfType => ({
    kind: BtfKind.Int,
    name,
    size,
    bits: size * 8,
    bitOffset: 0,
    encoding,
  });
  const pointer = (type: number): BtfType => ({ kind: BtfKind.Ptr, name: "", type });
  const typedef = (name: string, type: number): BtfType => ({ kind: BtfKind.Typedef, name, type });
  const struct = (name: string, size: number, ...members: [string, number, number][]): BtfType => ({
    kind: BtfKind.Struct,
    name,
    size,
    hasBitFields: false,
    members: members.map(([each, type, byte]) => ({
      name: each,
      type,
      bitOffset: byte * 8,
      bitFieldSize: 0,
    })),
  });
  const enumeration = (name: string, ...values: string[]): BtfType => ({
    kind: BtfKind.Enum,
    name,
    size: 4,
    signed: false,
    values: values.map((each, i) => ({ name: each, value: BigInt(i) })),
  });
  function btfOf(...types: BtfType[]): Btf {
    const builder = new BtfBuilder();
    for (const type of types) builder.add(type);
    return builder.build();
  }

  test.each<[string, BtfType[], number[], string]>([
    [
      "a type comes after what it contains, and after a declaration of what it points to",
      [
        struct("a", 16, ["b", 2, 0], ["c", 4, 8]),
        struct("b", 8, ["n", 3, 0]),
        int("long", 8),
        pointer(5),
        struct("c", 0),
      ],
      [1],
      "struct b {\n\tlong n;\n};\n\nstruct c;\n\nstruct a {\n\tstruct b b;\n\tstruct c *c;\n};\n",
    ],
    [
      "structs that point to each other",
      [struct("a", 8, ["b", 2, 0]), pointer(3), struct("b", 16, ["a", 1, 0], ["back", 4, 8]), pointer(1)],
      [3],
      "struct b;\n\nstruct a {\n\tstruct b *b;\n};\n\nstruct b {\n\tstruct a a;\n\tstruct a *back;\n};\n",
    ],
    [
      "a second type of a name has a flavour, and is meant by its own",
      [int("int"), struct("a", 4, ["x", 1, 0]), struct("a", 4, ["y", 1, 0]), struct("b", 4, ["a", 3, 0])],
      [2, 4],
      "struct a {\n\tint x;\n};\n\nstruct a___2 {\n\tint y;\n};\n\nstruct b {\n\tstruct a___2 a;\n};\n",
    ],
    [
      "tags are one space of names, typedefs and enumerators another",
      [int("int"), struct("a", 4, ["x", 1, 0]), typedef("a", 2), enumeration("a", "a", "B"), typedef("B", 1)],
      [2, 3, 4, 5],
      "struct a {\n\tint x;\n};\n\ntypedef struct a a;\n\n" +
        "enum a___2 {\n\ta___2 = 0,\n\tB___2 = 1,\n};\n\ntypedef int B;\n",
    ],
    [
      "a declaration means what is defined under its name",
      [
        struct("b", 16, ["p", 2, 0], ["q", 4, 8]),
        pointer(3),
        { kind: BtfKind.Fwd, name: "a", isUnion: false },
        pointer(5),
        { kind: BtfKind.Fwd, name: "a", isUnion: true },
      ],
      [1],
      "struct a;\n\nunion a___2;\n\nstruct b {\n\tstruct a *p;\n\tunion a___2 *q;\n};\n",
    ],
    [
      "names that C does not take",
      [int("i32"), struct("Option<u32>", 8, ["for", 1, 0], ["0", 3, 4]), int("u7", 4)],
      [2],
      "struct Option_u32_ {\n\tint for_;\n\tint _0;\n};\n",
    ],
    [
      "members that overlap are bytes",
      [int("int"), struct("a", 8, ["x", 1, 0], ["y", 1, 2])],
      [2],
      "struct a {\n\t/* its members overlap as C's cannot */\n\tunsigned char bytes[8];\n};\n",
    ],
    [
      "a nameless member of a type with a name is written out",
      [int("int"), struct("a", 4, ["x", 1, 0]), struct("b", 8, ["", 2, 0], ["z", 1, 4])],
      [3],
      "struct b {\n\tstruct {\n\t\tint x;\n\t};\n\tint z;\n};\n",
    ],
    [
      "functions and variables are declared",
      [
        int("int"),
        { kind: BtfKind.FuncProto, name: "", returnType: 1, params: [{ name: "ctx", type: 3 }] },
        pointer(4),
        struct("xdp_md", 0),
        { kind: BtfKind.Func, name: "prog", type: 2, linkage: "global" },
        { kind: BtfKind.Array, name: "", type: 1, indexType: 1, length: 4 },
        { kind: BtfKind.Var, name: "counts", type: 6, linkage: "global" },
      ],
      [5, 7],
      "struct xdp_md;\n\nextern int prog(struct xdp_md *ctx);\n\nextern int counts[4];\n",
    ],
    [
      "integers that are bit-fields by themselves",
      [
        { ...int("unsigned int"), bits: 4 } as BtfType,
        { ...int("unsigned int"), bits: 4, bitOffset: 4 } as BtfType,
        struct("old", 4, ["a", 1, 0], ["b", 2, 0]),
      ],
      [3],
      "struct old {\n\tunsigned int a: 4;\n\tunsigned int b: 4;\n};\n",
    ],
    [
      "what has no name and is asked for",
      [int("int"), struct("", 4, ["a", 1, 0]), enumeration("", "A")],
      [2, 3],
      "struct {\n\tint a;\n};\n\nenum {\n\tA = 0,\n};\n",
    ],
    [
      "the smallest number of 64 bits",
      [
        {
          kind: BtfKind.Enum64,
          name: "e",
          size: 8,
          signed: true,
          values: [{ name: "LEAST", value: -(1n << 63n) }],
        },
      ],
      [1],
      "enum e {\n\tLEAST = (-9223372036854775807LL - 1),\n};\n",
    ],
  ])("%s", (_what, types, ids, expected) => {
    expect(printTypes(btfOf(...types), ids)).toBe(expected);
  });

  test.each<[string, BtfType[]]>([
    ["a struct in itself", [struct("a", 8, ["a", 1, 0])]],
    ["structs in each other", [struct("a", 8, ["b", 2, 0]), struct("b", 8, ["a", 1, 0])]],
    ["a struct in itself without a name", [struct("a", 8, ["", 1, 0])]],
    ["structs in each other without a name", [struct("a", 8, ["", 2, 0]), struct("b", 8, ["a", 1, 0])]],
    ["a nameless struct in itself", [struct("", 8, ["a", 1, 0])]],
    ["a nameless struct that points to itself", [struct("", 8, ["a", 2, 0]), pointer(1)]],
    ["a typedef of itself", [typedef("t", 1)]],
    ["a pointer to itself", [pointer(1)]],
    ["an array of itself", [{ kind: BtfKind.Array, name: "", type: 1, indexType: 1, length: 2 }]],
    [
      "nameless structs that double 40 times",
      Array.from({ length: 40 }, (_, i) => struct("", 0, ["a", i + 2, 0], ["b", i + 2, 0])).concat(
        struct("", 0),
      ),
    ],
    ["a member that is void", [struct("a", 8, ["x", 0, 0])]],
    [
      "a bit-field that is a struct",
      [
        {
          ...struct("a", 8),
          hasBitFields: true,
          members: [{ name: "x", type: 2, bitOffset: 0, bitFieldSize: 3 }],
        } as BtfType,
        struct("b", 4),
      ],
    ],
  ])("%s is refused", (_what, types) => {
    const root = struct("root", 64, ["x", 1, 0]);
    const btf = btfOf(...types, root);
    expect(() => printTypes(btf, [btf.length - 1])).toThrow(ObjectFormatError);
  });

  test("any types at all are printed or refused", () => {
    fc.assert(
      fc.property(anyTypes(), (types) => {
        const btf = btfOf(...types);
        try {
          printHeader(btf);
        } catch (error) {
          if (!(error instanceof ObjectFormatError)) expect(error).toBeInstanceOf(NotSupportedError);
        }
      }),
      { numRuns: 400 },
    );
  });

  test("types of 32-bit kernels are refused", () => {
    expect(() => printTypes(btfOf(int("long", 4)), [1])).toThrow(NotSupportedError);
  });
});
