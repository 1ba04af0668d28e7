import { spawnSync } from "node:child_process";
import { beforeAll, expect, test } from "vitest";
import { describeWith } from "../needs.js";
import { CLANG, objectOf, temporaryFolder, withoutFolder } from "./fixtures.js";
import { wirebee } from "./memory-io.js";

describeWith([CLANG], "wirebee disasm", () => {
  const folder = temporaryFolder();
  let object = "";
  beforeAll(() => {
    object = objectOf("functions", folder);
  });

  test.each([
    ["functions.txt", []],
    ["bare.txt", ["--no-source", "--no-show-raw-insn", "-s", "caller"]],
    ["functions.golden.json", ["--json"]],
  ])("%s", async (golden, args) => {
    const { code, stdout, stderr } = await wirebee(["disasm", object, ...args]);
    expect([code, stderr]).toEqual([0, ""]);
    await expect(withoutFolder(stdout, folder)).toMatchFileSnapshot(`golden/disasm/${golden}`);
  });

  describeWith(["command llvm-objdump-19|llvm-objdump"], "beside llvm-objdump", () => {
    test("instructions have the same numbers, bytes and text, but for relocations", async () => {
      const tool =
        spawnSync("llvm-objdump-19", ["--version"]).status === 0 ? "llvm-objdump-19" : "llvm-objdump";
      const theirs = spawnSync(tool, ["-d", "-j", "xdp", object], { encoding: "utf8" });
      expect(theirs.status).toBe(0);
      const { stdout } = await wirebee(["disasm", object, "-s", "plain", "--no-source"]);
      // "       8:	16 01 2f 00 00 00 00 00	if w1 == 0x0 goto +0x2f <count+0x1c0>"
      const rows = (text: string, name: string) =>
        text
          .slice(text.indexOf(`<${name}>:`))
          .split("\n")
          .slice(1)
          .filter((line) => /^ +\d+:/.test(line))
          .map((line) =>
            line
              .trim()
              .split(/\t| {2,}/)
              .join(" ")
              .replaceAll(/\s+/g, " "),
          );
      const own = rows(stdout, "plain");
      expect(own.length).toBeGreaterThan(10);
      expect(own).toEqual(rows(theirs.stdout, "plain").slice(0, own.length));
    });
  });
});
