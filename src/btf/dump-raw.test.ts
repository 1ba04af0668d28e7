import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { compiledTypes } from "./compiled-types.oracle.js";
import { Btf, BtfBuilder, BtfKind, dumpRaw } from "./index.js";

/** What bpftool prints for a file; of split BTF with its base. */
function bpftool(bytes: Uint8Array, base?: Uint8Array): string[] {
  const folder = mkdtempSync(join(tmpdir(), "wirebee-dump-"));
  try {
    const [path, basePath] = [join(folder, "types"), join(folder, "base")];
    writeFileSync(path, bytes);
    if (base !== undefined) writeFileSync(basePath, base);
    const options = base === undefined ? [] : ["-B", basePath];
    const args = [...options, "btf", "dump", "file", path, "format", "raw"];
    const output = execFileSync("bpftool", args, { encoding: "utf8", maxBuffer: 1 << 26 });
    return output.trimEnd().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const lines = (btf: Btf) => [...dumpRaw(btf)].join("\n").split("\n");

/** Compares line by line: a difference of thousands says no more than its first. */
function expectSame(have: readonly string[], want: readonly string[]): void {
  const at = have.findIndex((line, i) => line !== want[i]);
  expect(have.slice(Math.max(0, at), at + 3)).toEqual(want.slice(Math.max(0, at), at + 3));
  expect(have.length).toBe(want.length);
}

describe("dumpRaw", () => {
  test("writes types as bpftool does", () => {
    const builder = new BtfBuilder();
    const encoding = { signed: true, char: false, bool: false };
    builder.add({ kind: BtfKind.Int, name: "int", size: 4, bits: 32, bitOffset: 0, encoding });
    builder.add({
      kind: BtfKind.Struct,
      name: "",
      size: 4,
      hasBitFields: true,
      members: [{ name: "a", type: 1, bitOffset: 3, bitFieldSize: 2 }],
    });
    builder.add({ kind: BtfKind.Var, name: "v", type: 1, linkage: "global" });
    builder.add({
      kind: BtfKind.Datasec,
      name: ".data",
      size: 4,
      variables: [{ type: 3, offset: 0, size: 4 }],
    });
    const values = [{ name: "BIG", value: 0xffffffffffffffffn }];
    builder.add({ kind: BtfKind.Enum64, name: "e", size: 8, signed: false, values });
    expect([...dumpRaw(builder.build())].join("\n")).toBe(`\
[1] INT 'int' size=4 bits_offset=0 nr_bits=32 encoding=SIGNED
[2] STRUCT '(anon)' size=4 vlen=1
\t'a' type_id=1 bits_offset=3 bitfield_size=2
[3] VAR 'v' type_id=1, linkage=global
[4] DATASEC '.data' size=4 vlen=1
\ttype_id=3 offset=0 size=4 (VAR 'v')
[5] ENUM64 'e' encoding=UNSIGNED size=8 vlen=1
\t'BIG' val=18446744073709551615ULL`);
  });
});

describeWith(["command bpftool"], "dumpRaw beside bpftool", () => {
  for (const clang of ["clang", "clang-19"]) {
    describeWith([`command ${clang}`], clang, () => {
      test("an object of all kinds", () => {
        const { object, btf } = compiledTypes("kinds.bpf.c", clang);
        expectSame(lines(Btf.parse(btf)), bpftool(object));
      });
    });
  }

  test("split BTF", () => {
    const base = new BtfBuilder();
    base.add({ kind: BtfKind.Fwd, name: "foo", isUnion: true });
    const baseBtf = base.build();
    const split = new BtfBuilder({ base: baseBtf });
    split.add({ kind: BtfKind.Ptr, name: "", type: 1 });
    split.add({ kind: BtfKind.Typedef, name: "foo", type: 2 });
    expectSame(lines(split.build()), bpftool(split.toBytes(), baseBtf.bytes));
  });

  describeWith(["bpf"], "the running kernel's types", () => {
    test("all of them", () => {
      const bytes = readFileSync("/sys/kernel/btf/vmlinux");
      expectSame(lines(Btf.parse(bytes)), bpftool(bytes));
    });
  });
});
