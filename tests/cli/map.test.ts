import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openLinuxKernel } from "../../src/linux/index.js";
import { parseObject } from "../../src/object/index.js";
import { describeWith } from "../needs.js";
import { CLANG, capture, objectOf, temporaryFolder, withoutFolder } from "./fixtures.js";
import { wirebee } from "./memory-io.js";

describeWith([CLANG], "wirebee map dump", () => {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  let object = "";
  beforeAll(() => {
    object = objectOf("verdicts", folder);
    capture(folder);
    const maps = {
      networks: [
        { key: "10.0.0.0/8", value: 1 },
        { key: "10.0.0.1", value: "18446744073709551615" },
      ],
      tx_ports: [{ key: 2, value: 9 }],
      next: [{ key: 1, value: "tail" }],
    };
    writeFileSync(file("maps.json"), JSON.stringify(maps));
  });

  test.each([
    ["as-loaded.txt", []],
    ["filled.txt", ["networks", "tx_ports", "--maps", "MAPS"]],
    ["after.txt", ["-r", "PORTS", "-s", "verdicts", "--limit", "5"]],
    ["ports.golden.json", ["ports", "per_cpu", "-r", "PORTS", "-c", "3", "--json"]],
  ])("%s", async (golden, args) => {
    const words = args.map((word) =>
      word.replace("MAPS", file("maps.json")).replace("PORTS", file("ports.pcap")),
    );
    const { code, stdout, stderr } = await wirebee(["map", "dump", object, ...words]);
    expect([code, stderr]).toEqual([0, ""]);
    await expect(withoutFolder(stdout, folder)).toMatchFileSnapshot(`golden/map/${golden}`);
  });

  test("what --json shows of maps, --maps takes", async () => {
    const dump = async (...more: string[]) => {
      const { stdout } = await wirebee(["map", "dump", object, "networks", "--json", ...more]);
      return JSON.parse(stdout).maps[0].elements;
    };
    const elements = await dump("--maps", file("maps.json"));
    expect(elements).toHaveLength(2);
    writeFileSync(file("again.json"), JSON.stringify({ networks: elements }));
    expect(await dump("--maps", file("again.json"))).toEqual(elements);
  });
});

describeWith(["bpf", "command bpftool", CLANG], "wirebee map on Linux", () => {
  const folder = temporaryFolder();
  const name = `wb_test_${process.pid}`.slice(0, 15);
  const path = `/sys/fs/bpf/${name}`;

  /** A map of Linux's that lives while the work is done. */
  async function withMap(definition: string[], work: () => Promise<void>): Promise<void> {
    const make = spawnSync("bpftool", ["map", "create", path, ...definition, "name", name], {
      encoding: "utf8",
    });
    expect(make.stderr).toBe("");
    try {
      await work();
    } finally {
      spawnSync("rm", ["-f", path]);
    }
  }

  const on = (verb: string, ...more: string[]) =>
    wirebee(["map", verb, "--on", "linux", "pinned", path, ...more]);

  test("elements are set, shown, listed and deleted", async () => {
    await withMap(["type", "hash", "key", "4", "value", "8", "entries", "8"], async () => {
      expect(await on("set", "hex:01000000", "hex:0102030405060708")).toMatchObject({ code: 0, stderr: "" });
      expect(await on("set", "7", "9")).toMatchObject({ code: 0, stderr: "" });
      expect(await on("get", "7")).toMatchObject({ code: 0, stdout: "7: 09 00 00 00 00 00 00 00\n" });
      expect(await on("set", "7", "1", "--noexist")).toMatchObject({ code: 1 });
      expect(await on("set", "8", "1", "--exist")).toMatchObject({ code: 1 });
      const { stdout } = await on("dump");
      expect(stdout).toContain("HASH, key 4 bytes, value 8 bytes, max_entries 8");
      expect(stdout).toContain("  1: 01 02 03 04 05 06 07 08\n  7: 09 00");
      // bpftool sees the same.
      const theirs = spawnSync("bpftool", ["-j", "map", "dump", "pinned", path], { encoding: "utf8" });
      expect(JSON.parse(theirs.stdout)).toHaveLength(2);
      const listed = await wirebee(["map", "list", "--on", "linux", "--json"]);
      expect(JSON.parse(listed.stdout).maps.map((map: { name: string }) => map.name)).toContain(name);
      expect(await on("delete", "7")).toMatchObject({ code: 0 });
      const again = await on("delete", "7");
      expect(again.code).toBe(1);
      expect(again.stderr).toBe(`wirebee: BPF_MAP_DELETE_ELEM: ENOENT: map ${name} has no such element\n`);
    });
  });

  test("queues have no keys", async () => {
    await withMap(["type", "queue", "key", "0", "value", "4", "entries", "2"], async () => {
      expect(await on("set", "5")).toMatchObject({ code: 0, stderr: "" });
      expect(await on("set", "6")).toMatchObject({ code: 0, stderr: "" });
      expect(await on("get")).toMatchObject({ code: 0, stdout: "next: 05 00 00 00\n" });
      expect((await on("set", "7")).stderr).toContain("is full");
      expect((await on("set", "1", "7")).code).toBe(2);
    });
  });

  test("keys and values are typed by the map's BTF", async () => {
    await using kernel = openLinuxKernel();
    using object = await kernel.load(parseObject(readFileSync(objectOf("verdicts", folder))), {
      programs: ["verdicts"],
    });
    object.linuxMap("networks").pin(path);
    try {
      expect(await on("set", "10.0.0.0/8", "5")).toMatchObject({ code: 0, stderr: "" });
      expect(await on("set", '{"length": 32, "address": "10.0.0.9"}', "6")).toMatchObject({ code: 0 });
      expect(await on("get", "10.0.0.9")).toMatchObject({ code: 0, stdout: "10.0.0.9/32: 6\n" });
      expect((await on("dump")).stdout).toMatch(
        /networks: LPM_TRIE, .*\n(?: {4}.*\n)? {2}10\.0\.0\.0\/8: 5\n {2}10\.0\.0\.9\/32: 6\n$/,
      );
      expect(object.map("networks").get({ length: 8, address: "10.0.0.0" })).toBe(5n);
      expect(await on("delete", "10.0.0.0/8")).toMatchObject({ code: 0 });
      const wrong = await on("set", "10.0.0.0/40", "5");
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("prefix length of 0 to 32")]);
    } finally {
      rmSync(path, { force: true });
    }
  });

  test.each([
    ["id 4294967295", 2, /there is no map with id 4294967295/],
    ["name no_such_map", 2, /there is no map called "no_such_map"/],
    ["pinned /sys/fs/bpf/no_such_map", 2, /nothing is pinned at/],
  ])("%s", async (reference, code, says) => {
    const outcome = await wirebee(["map", "dump", "--on", "linux", ...reference.split(" ")]);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(says);
  });
});
