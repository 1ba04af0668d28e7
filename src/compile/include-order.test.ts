import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { installedClangs, testFolder } from "./fixtures.oracle.js";
import { type CompileOptions, objectFlags, placeFlags } from "./flags.js";

const file = testFolder();
const program = readFileSync(new URL("fixtures/macros.bpf.c", import.meta.url), "utf8");

const own = ["wirebee/xdp.h", "wirebee/core.h", "wirebee/tracing.h"];
const linux = [
  ...["bpf", "types", "stddef", "if_ether", "if_packet", "if_vlan", "if_arp", "in", "in6", "ip", "ipv6"],
  ...[
    "tcp",
    "udp",
    "icmp",
    "icmpv6",
    "pkt_cls",
    "errno",
    "version",
    "socket",
    "swab",
    "if_link",
    "if",
    "if_tunnel",
    "ptrace",
    "string",
  ],
].map((name) => `linux/${name}.h`);
const libbpf = ["helpers", "endian", "core_read", "tracing"].map((name) => `bpf/bpf_${name}.h`);
/** Headers of the system's that ours have no stand-in for. */
const further = ["linux/perf_event.h", "linux/mpls.h", "linux/filter.h"];
const library = ["stdint.h", "stddef.h", "stdbool.h", "string.h", "errno.h", "sys/types.h"];
const sockets = ["sys/socket.h", "netinet/in.h", "arpa/inet.h"];

/** What sources include, in the order that they do. */
const everywhere: readonly [title: string, headers: readonly string[]][] = [
  ["ours alone", own],
  ["the kernel's and libbpf's alone", [...linux, ...libbpf]],
  ["the kernel's, libbpf's, ours", [...linux, ...libbpf, ...own]],
  ["ours, the kernel's, libbpf's", [...own, ...linux, ...libbpf]],
  ["ours, libbpf's, the kernel's", [...own, ...libbpf, ...linux]],
  ["the kernel's, ours, libbpf's", [...linux, ...own, ...libbpf]],
  ["libbpf's, ours, the kernel's", ["linux/types.h", ...libbpf, ...own, ...linux]],
  ["the kernel's backwards, ours", ["linux/bpf.h", ...linux.toReversed(), ...libbpf, ...own]],
  ["each of ours on its own", [...own].toReversed()],
  ["the C library's, ours", [...library, ...sockets, ...own]],
  ["ours, the C library's", [...own, ...library]],
  // <linux/in.h> and <netinet/in.h> do not go together, in the kernel's own headers either.
  ["all of them", [...library, ...linux.filter((name) => name !== "linux/in.h"), ...libbpf, ...own]],
];
const installed: readonly [title: string, headers: readonly string[]][] = [
  ["ours, further ones of the kernel's", [...own, ...further]],
  ["further ones of the kernel's, ours", [...further, ...own]],
];

/** Where libbpf's headers are the system's and ours do not help: not each version has every macro. */
const oldProgram = `
SEC("xdp")
int pass(struct xdp_md *ctx)
{
	bpf_printk("%d", bpf_htons(ctx->data_end - ctx->data));
	return XDP_PASS;
}
`;

function sourceOf(headers: readonly string[], body: string): string {
  return `${headers.map((header) => `#include <${header}>`).join("\n")}\n${body}`;
}

/** What clang says of a source; nothing where it is content. */
function complaints(clang: string, name: string, source: string, options: CompileOptions): string {
  const path = file(`${name}.c`, source);
  const flags = [...objectFlags(options), ...placeFlags(dirname(path), options)];
  // libbpf's BPF_PROG leaves a parameter unused.
  const lenient = options.systemHeaders === false ? [] : ["-Wno-unused-parameter"];
  const args = [...flags, "-Wextra", "-Werror", ...lenient, "-fsyntax-only", path];
  return spawnSync(clang, args, { encoding: "utf8" }).stderr;
}

function checkAll(title: string, rows: typeof everywhere, options: CompileOptions): void {
  for (const { path, version } of installedClangs()) {
    test(`${title}, clang ${version}`, () => {
      for (const [order, headers] of rows) {
        const isOurs = options.systemHeaders === false || headers.includes("wirebee/xdp.h");
        const source = sourceOf(headers, isOurs ? program : oldProgram);
        expect(complaints(path, "order", source, options), order).toBe("");
      }
    });
  }
}

describeWith(
  ["command clang|clang-14|clang-16|clang-19"],
  "headers go together, whichever come first",
  () => {
    checkAll("without the system's", everywhere, { systemHeaders: false });
    checkAll("for big-endian machines", everywhere.slice(0, 2), { systemHeaders: false, byteOrder: "big" });
  },
);

/** Debian's packages, which `npm test` installs. */
const SYSTEM = ["/usr/include/linux/bpf.h", "/usr/include/bpf/bpf_helpers.h"];
const missing = SYSTEM.find((path) => !existsSync(path));
const why = missing === undefined ? "" : ` (skipped: needs ${missing})`;
describe.skipIf(missing !== undefined && process.env.CI !== "true")(`headers and the system's${why}`, () => {
  checkAll("go together", [...everywhere, ...installed], {});

  test("have macros of the same name, the same value", () => {
    const [clang] = installedClangs();
    const include = fileURLToPath(new URL("../../include", import.meta.url));
    const macros = (headers: readonly string[], flags: readonly string[]) => {
      const path = file("macros.c", headers.map((header) => `#include <${header}>\n`).join(""));
      const { stdout } = spawnSync(clang.path, ["-target", "bpfel", ...flags, "-E", "-dM", path], {
        encoding: "utf8",
      });
      const lines = [...stdout.matchAll(/^#define (\w+(?:\([^)]*\))?) (.*)$/gm)];
      return new Map(lines.map(([, name, value]) => [name, value.replaceAll(/\s/g, "")]));
    };
    const plain = macros([], []);
    const ours = macros(
      ["wirebee/xdp.h", "wirebee/packet-type.h", "wirebee/errno.h"],
      ["-nostdlibinc", "-I", include],
    );
    const machine = placeFlags("/", {}).filter((flag) => flag.startsWith("/usr/include/"));
    const theirs = macros(
      [...linux, "linux/pkt_sched.h"],
      machine.flatMap((path) => ["-idirafter", path]),
    );
    const shared = [...ours.keys()].filter((name) => theirs.has(name) && !plain.has(name));
    const wanted = shared.filter((name) => ours.get(name) !== "");
    const differing = wanted.filter((name) => ours.get(name) !== theirs.get(name));
    // The C library's <sys/socket.h>; an argument in parentheses; a stronger word, as libbpf has it.
    const form = ["AF_INET", "AF_INET6", "AF_UNSPEC", "BPF_F_ADJ_ROOM_ENCAP_L2(len)", "__always_inline"];
    expect(
      differing.filter((name) => !form.includes(name)).map((name) => `${name} ${ours.get(name)}`),
    ).toEqual([]);
    expect(wanted.length).toBeGreaterThan(150);
  });
});
