import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { openLinuxKernel } from "../linux/index.js";
import { parseObject } from "../object/index.js";
import { openUserKernel } from "../user/index.js";
import { compile } from "./compile.js";
import { installedClangs, testFolder } from "./fixtures.oracle.js";

const file = testFolder();
const program = readFileSync(new URL("fixtures/macros.bpf.c", import.meta.url), "utf8");
const include = (...names: string[]) => names.map((name) => `#include <${name}>\n`).join("");
const ways: readonly [title: string, headers: string][] = [
  ["our headers", include("wirebee/xdp.h", "wirebee/core.h", "wirebee/tracing.h")],
  [
    "our stand-ins for libbpf's",
    include(
      "linux/bpf.h",
      ...["helpers", "endian", "core_read", "tracing"].map((name) => `bpf/bpf_${name}.h`),
    ),
  ],
];

/** What the program writes, by the macro that it comes of. */
const expected = {
  bpf_for: 3 + 4 + 5 + 6,
  "bpf_for, signed": 8 + 9 + 10,
  bpf_repeat: 5,
  "bpf_for, left early": 4 * 3,
  BPF_SNPRINTF: "42-ab".length + 1,
  text: 0x34322d61,
  bpf_htons: 0x3412,
  bpf_ntohl: 0x78563412,
  bpf_cpu_to_be64: 0x08070605,
  bpf_ksym_exists: 1,
  KERNEL_VERSION: 0x0601ff,
  bpf_tail_call_static: 77,
};
const printed = [
  "none",
  "one 18",
  "three 18 text 10000000000",
  "four 1 2 3 18",
  "twelve 1 2 3 4 5 6 7 8 9 10 11 12",
];

function results(packet: Uint8Array): Record<string, number> {
  const view = new DataView(packet.buffer, packet.byteOffset);
  return Object.fromEntries(Object.keys(expected).map((name, i) => [name, view.getUint32(i * 4, true)]));
}

describeWith(["bpf", "command clang|clang-14|clang-16|clang-19"], "macros do what their names say", () => {
  for (const { path, version } of installedClangs()) {
    test.each(ways)(`with %s, clang ${version}`, async (title, headers) => {
      const source = file(`${title}.c`, headers + program);
      const { object, diagnostics } = compile(source, { clang: path, systemHeaders: false, cache: false });
      expect(diagnostics).toEqual([]);

      // Everything, the program that reads the kernel's structures too, passes Linux's verifier.
      await using linux = openLinuxKernel();
      using onLinux = await linux.load(parseObject(object));
      const there = onLinux.program("sums").run(new Uint8Array(64));
      expect({ action: there.action, ...results(there.packet) }).toEqual({ action: "XDP_TX", ...expected });

      const lines: string[] = [];
      await using user = openUserKernel({ onTrace: (line) => lines.push(line), memory: 1 << 26 });
      using here = await user.load(parseObject(object), { programs: ["sums", "after_jump"] });
      const run = here.program("sums").run(new Uint8Array(64));
      expect({ action: run.action, ...results(run.packet) }).toEqual({ action: "XDP_TX", ...expected });
      expect(lines.map((line) => line.trimEnd())).toEqual(printed);
    });
  }
});
