import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { NotSupportedError } from "../errors.js";
import { openLinuxKernel } from "../linux/index.js";
import { parseObject } from "../object/index.js";
import { compile } from "./compile.js";
import { CompileError } from "./diagnostic.js";
import { installedClangs, testFolder } from "./fixtures.oracle.js";
import { wantedVmlinux, writeVmlinux } from "./vmlinux.js";

const file = testFolder();
const macros = readFileSync(new URL("fixtures/macros.bpf.c", import.meta.url), "utf8");
/** The fixture with the kernel's own types in place of its cuts of them. */
const program = macros
  .replace(/\/\* Types of the kernel's[\s\S]*?(?=SEC\("tp_btf)/, "")
  .replaceAll(
    "enum skb_drop_reason___mine, SKB_DROP_REASON_NOT_SPECIFIED___mine",
    "enum skb_drop_reason, SKB_DROP_REASON_NOT_SPECIFIED",
  );

const orders: readonly [title: string, headers: readonly string[]][] = [
  [
    "vmlinux.h and libbpf's headers",
    ["bpf/bpf_helpers.h", "bpf/bpf_endian.h", "bpf/bpf_core_read.h", "bpf/bpf_tracing.h"],
  ],
  ["vmlinux.h and ours", ["wirebee/xdp.h", "wirebee/core.h", "wirebee/tracing.h"]],
];

describeWith(["bpf", "command clang|clang-14|clang-16|clang-19"], "a vmlinux.h that is nowhere", () => {
  const cache = file("cache");

  test.each(orders)("is made from the running kernel's types: %s", async (_title, headers) => {
    const source = file(
      "source.c",
      `#include "vmlinux.h"\n${headers.map((name) => `#include <${name}>\n`).join("")}${program}`,
    );
    const clang = installedClangs()[0].path;
    const { object, diagnostics, isCached } = compile(source, { cache, clang, systemHeaders: false });
    expect({ diagnostics, isCached }).toEqual({ diagnostics: [], isCached: false });
    expect(compile(source, { cache, clang, systemHeaders: false }).isCached).toBe(true);
    await using kernel = openLinuxKernel();
    using loaded = await kernel.load(parseObject(object));
    expect([...loaded.programs.keys()]).toContain("watch");
  });

  test("lies in the cache, and is made once", () => {
    const [folder] = readdirSync(cache).filter((name) => name.startsWith("vmlinux-"));
    expect(readdirSync(join(cache, folder))).toEqual(["vmlinux.h"]);
    const mark = "/* not made anew */\n";
    writeFileSync(join(cache, folder, "vmlinux.h"), mark);
    expect(readFileSync(join(writeVmlinux(cache, "vmlinux.h"), "vmlinux.h"), "utf8")).toBe(mark);
  });

  test("may be wanted in a folder, and without a cache", () => {
    const source = file(
      "deep.c",
      '#include "bpf/vmlinux.h"\n__attribute__((section("xdp"), used)) int pass(struct xdp_md *ctx) { return ctx->data ? XDP_PASS : XDP_DROP; }\n',
    );
    expect(parseObject(compile(source, { cache: false }).object).programs[0].name).toBe("pass");
  });

  test("is not made where the source has one", () => {
    const source = file(
      "own/source.c",
      '#include "vmlinux.h"\n__attribute__((section("xdp"))) int pass(void *ctx) { return VERDICT; }\n',
    );
    file("own/vmlinux.h", "#define VERDICT 2\n");
    const own = dirname(file("own-cache/x", ""));
    expect(parseObject(compile(source, { cache: own }).object).programs[0].name).toBe("pass");
    expect(readdirSync(own).filter((name) => name.startsWith("vmlinux"))).toEqual([]);
  });
});

test("a kernel without types is an error that says what to do", () => {
  expect(() => writeVmlinux(file("no-types"), "vmlinux.h", "/nowhere/vmlinux")).toThrow(NotSupportedError);
  expect(() => writeVmlinux(file("no-types"), "vmlinux.h", "/nowhere/vmlinux")).toThrow(
    "the source includes vmlinux.h, which is made from /nowhere/vmlinux, and this machine's kernel has none: " +
      "put one beside the source, or name its folder",
  );
});

test.each([
  ["x.c:1:10: fatal error: 'vmlinux.h' file not found", "vmlinux.h"],
  ["x.c:1:10: fatal error: 'bpf/x86/vmlinux.h' file not found", "bpf/x86/vmlinux.h"],
  ["x.c:1:10: fatal error: '../vmlinux.h' file not found", undefined],
  ["x.c:1:10: fatal error: 'vmlinux.hpp' file not found", undefined],
  ["x.c:1:10: fatal error: 'my-vmlinux.h' file not found", undefined],
  ["x.c:1:10: error: use of undeclared identifier 'vmlinux'", undefined],
])("%s: %s", (output, wanted) => {
  expect(wantedVmlinux(new CompileError("x.c", output))).toBe(wanted);
});
