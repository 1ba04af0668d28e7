import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { ANY_CLANG, compileText } from "./fixtures/compile.oracle.js";
import { kernelMapName, kernelName, objectName, parseObject } from "./index.js";

describe("names in a kernel", () => {
  test.each([
    ["firewall", "blocked", ".maps", "blocked"],
    ["firewall", "a_very_long_map_name", ".maps", "a_very_long_map"],
    ["firewall", "outer_of_name.inner", ".maps", "outer_of_name.i"],
    ["firewall", ".rodata", ".rodata", "firewall.rodata"],
    ["load-balancer", ".rodata", ".rodata", "load_bal.rodata"],
    ["load-balancer", ".data", ".data", "load_bal.data"],
    ["load-balancer", ".bss", ".bss", "load_bal.bss"],
    ["load-balancer", ".kconfig", ".kconfig", "load_ba.kconfig"],
    ["xdp", ".bss", ".bss", "xdp.bss"],
    ["firewall", ".data.custom", ".data.custom", ".data.custom"],
    ["firewall", ".rodata.str1.1", ".rodata.str1.1", ".rodata.str1.1"],
    ["firewall", ".rodata.abracadabra", ".rodata.abracadabra", ".rodata.abracad"],
    ["firewall", ".data#2", ".data", "firewall.data"],
    ["firewall", "congestion", ".struct_ops.link", "congestion"],
  ])("object %s, map %s of %s: %s", (object, name, section, expected) => {
    expect(kernelMapName(object, { name, section })).toBe(expected);
  });

  test.each([
    ["xdp_pass", "xdp_pass"],
    ["a_program_of_a_long_name", "a_program_of_a_"],
    ["_ZN3foo3barE$x", "_ZN3foo3barE_x"],
  ])("program %s: %s", (name, expected) => {
    expect(kernelName(name)).toBe(expected);
  });

  test.each([
    ["/usr/lib/bpf/firewall.bpf.o", "firewall"],
    ["xdp-dispatcher.o", "xdp-dispatcher"],
    ["an_object_of_a_long_name.o", "an_object_of_a_"],
    ["plain", "plain"],
    [".hidden.o", ""],
  ])("the object of %s: %s", (path, expected) => {
    expect(objectName(path)).toBe(expected);
  });
});

const SOURCE = `
extern unsigned LINUX_KERNEL_VERSION __kconfig;
const volatile __u32 fixed = 1;
volatile __u32 loose = 2;
volatile __u32 empty;
volatile __u32 named SEC(".data.of_its_own") = 3;
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 1);
} a_map_with_a_long_name SEC(".maps");
SEC("xdp") int a_program_with_a_long_name(struct xdp_md *ctx) {
  __u32 key = 0;
  bpf_map_lookup_elem(&a_map_with_a_long_name, &key);
  return (fixed + loose + empty + named + LINUX_KERNEL_VERSION) & 1;
}
char _license[] SEC("license") = "GPL";
`;

describeWith(["bpf", "command bpftool", "command unshare", ANY_CLANG], "names that libbpf gives", () => {
  test("are ours", () => {
    const folder = mkdtempSync(join(tmpdir(), "wirebee-names-"));
    try {
      const object = compileText(SOURCE);
      const path = join(folder, "load-balancer.bpf.o");
      writeFileSync(path, object);
      // What is pinned goes with the mount namespace.
      const script = [
        "mount -t bpf bpf /sys/fs/bpf",
        `bpftool prog loadall ${path} /sys/fs/bpf/p`,
        "bpftool --json prog show pinned /sys/fs/bpf/p/a_program_with_a_long_name",
        "bpftool --json map show",
      ];
      const { status, stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-ec", script.join("\n")], {
        encoding: "utf8",
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const [program, maps] = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const byId = new Map<number, string>(
        maps.map(({ id, name }: { id: number; name: string }) => [id, name]),
      );
      const spec = parseObject(object, { name: objectName(path) });
      const theirs = program.map_ids.map((id: number) => byId.get(id));
      expect(theirs.sort()).toEqual(spec.maps.map((map) => kernelMapName(spec.name, map)).sort());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
