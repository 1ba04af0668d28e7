import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { describeWith } from "../needs.js";
import { CLANG, capture, objectOf, temporaryFolder } from "./fixtures.js";
import { wirebee } from "./memory-io.js";

const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));

/** A summary without what the two kernels cannot have in common: their names, times, random numbers. */
function comparable(text: string, ignored: readonly string[]) {
  const { kernel, maps, groups, trace: _, ...rest } = JSON.parse(text);
  expect(typeof kernel).toBe("string");
  return {
    ...rest,
    // Linux does not say where a packet is redirected to, and its per-CPU values are those of its CPUs.
    groups: groups.map((group: object) => ({ ...group, redirect: undefined })),
    maps: maps
      .filter(({ name }: { name: string }) => !ignored.includes(name))
      .map((map: { changed: object[] }) => ({
        ...map,
        changed: map.changed.map((change) => ({ ...change, values: undefined })),
      })),
  };
}

describeWith(["bpf", CLANG], "Linux and the user-space kernel", () => {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  beforeAll(() => {
    for (const program of ["verdicts", "marks", "filters"]) objectOf(program, folder);
    capture(folder);
    writeFileSync(
      file("maps.json"),
      JSON.stringify({ networks: [{ key: "10.0.0.0/8", value: 1 }], next: [{ key: 1, value: "tail" }] }),
    );
  });

  test.each<[what: string, args: string[], ignored: string[]]>([
    [
      "verdicts",
      ["FOLDER/verdicts.bpf.o", "--maps", "FOLDER/maps.json", "-r", "FOLDER/ports.pcap"],
      [".bss"],
    ],
    // Linux does not tell of pushed tags (port 3), and copies of packets go to its loopback device (port 4).
    ["marks", ["FOLDER/marks.bpf.o", "-r", "FOLDER/ports.pcap", "not port 3 and not port 4"], []],
    ["socket filter", ["FOLDER/filters.bpf.o", "-s", "keep", "-r", "FOLDER/ports.pcap"], []],
    ["cgroup", ["FOLDER/filters.bpf.o", "-s", "allow", "-r", "FOLDER/ports.pcap"], []],
    ["counter", ["EXAMPLES/counter/counter.bpf.o", "-r", "EXAMPLES/counter/counter.pcap"], []],
    [
      "firewall",
      [
        "EXAMPLES/firewall/firewall.bpf.o",
        "--maps",
        "EXAMPLES/firewall/maps.json",
        "-r",
        "EXAMPLES/firewall/firewall.pcap",
      ],
      ["buckets"],
    ],
    [
      "firewall in TC",
      [
        "EXAMPLES/firewall/firewall.bpf.o",
        "-s",
        "firewall_tc",
        "--maps",
        "EXAMPLES/firewall/maps.json",
        "-r",
        "EXAMPLES/firewall/firewall.pcap",
      ],
      ["buckets"],
    ],
    [
      "load balancer",
      [
        "EXAMPLES/load-balancer/load-balancer.bpf.o",
        "--maps",
        "EXAMPLES/load-balancer/maps.json",
        "-r",
        "EXAMPLES/load-balancer/load-balancer.pcap",
      ],
      [],
    ],
  ])("make the same of every packet: %s", async (_, args, ignored) => {
    const words = args.map((word) => word.replace("FOLDER", folder).replace("EXAMPLES", EXAMPLES));
    const run = async (kernel: string) => {
      const { code, stdout, stderr } = await wirebee(["run", ...words, "--json", "--on", kernel]);
      expect([code, stderr]).toEqual([0, ""]);
      return comparable(stdout, ignored);
    };
    const linux = await run("linux");
    expect(linux.packets.run).toBeGreaterThan(0);
    expect(await run("user")).toEqual(linux);
  });

  test("the -w files of both have the same packets and verdicts", async () => {
    const summaries: string[] = [];
    for (const kernel of ["user", "linux"]) {
      const out = file(`${kernel}.pcapng`);
      const args = [
        "run",
        file("marks.bpf.o"),
        "-r",
        file("ports.pcap"),
        "not port 3 and not port 4",
        "-w",
        out,
        "--on",
        kernel,
      ];
      expect((await wirebee(args)).code).toBe(0);
      const dump = spawnSync("tcpdump", ["-nexr", out], { encoding: "utf8" });
      expect(dump.status).toBe(0);
      summaries.push(dump.stdout);
    }
    expect(summaries[0]).toContain("10.0.0.2.7");
    expect(summaries[0]).toBe(summaries[1]);
  });

  test("every output names its kernel", async () => {
    const args = ["run", file("verdicts.bpf.o"), "-r", file("ports.pcap"), "--on"];
    expect((await wirebee([...args, "linux"])).stdout).toMatch(/, Linux \d+\.\d+/);
    expect((await wirebee([...args, "user"])).stdout).toContain(", user-space kernel (interpreter)");
  });

  test("a refusal names the source line", async () => {
    const args = ["run", objectOf("refused", folder), "-r", file("ports.pcap"), "--on", "linux"];
    expect((await wirebee([...args, "-v"])).stderr).toMatch(
      /R\d+ type=.*\nwirebee: program|processed \d+ insns.*\nwirebee: program/s,
    );
    const { code, stderr } = await wirebee(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^wirebee: program refused was refused: invalid access to packet.*\n {2}at refused\.bpf\.c:10: return data\[13\]/,
    );
  });

  test("pinned maps are neither used nor left behind", async () => {
    const args = ["run", objectOf("pinned", folder), "-r", file("ports.pcap"), "--on", "linux"];
    expect((await wirebee(args)).code).toBe(0);
    expect(existsSync("/sys/fs/bpf/wirebee_pinned")).toBe(false);
  });

  test("without privilege it exits with 3 and says what is missing", () => {
    const bin = fileURLToPath(new URL("../../bin/wirebee.js", import.meta.url));
    const args = [bin, "run", file("verdicts.bpf.o"), "-r", file("ports.pcap"), "--on", "linux"];
    // The files must be readable by anybody, as the temporary folder of root is not.
    const { status, stderr } = spawnSync(
      "setpriv",
      ["--bounding-set", "-all", "--inh-caps", "-all", "node", ...args],
      {
        encoding: "utf8",
      },
    );
    expect(stderr).toMatch(/^wirebee: .*EPERM/);
    expect(stderr).toContain("needs root, or CAP_BPF");
    expect(status).toBe(3);
  });
});
