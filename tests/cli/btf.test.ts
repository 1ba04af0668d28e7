import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Btf } from "../../src/btf/index.js";
import { describeWith } from "../needs.js";
import { temporaryFolder } from "./fixtures.js";
import { wirebee } from "./memory-io.js";

const COUNTER = fileURLToPath(new URL("../../examples/counter/counter.bpf.o", import.meta.url));
const KERNEL = "/sys/kernel/btf/vmlinux";

describe("wirebee btf", () => {
  const folder = temporaryFolder();

  test.each([
    ["header.txt", []],
    ["type.txt", ["-t", "traffic"]],
    ["raw.txt", ["--raw"]],
    ["function.txt", ["-t", "count"]],
  ])("%s", async (golden, args) => {
    const { code, stdout, stderr } = await wirebee(["btf", COUNTER, ...args]);
    expect([code, stderr]).toEqual([0, ""]);
    await expect(stdout).toMatchFileSnapshot(`golden/btf/${golden}`);
  });

  test("--json has a type on each line", async () => {
    const { stdout } = await wirebee(["btf", COUNTER, "--json"]);
    const types = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(types.map(({ id }) => id)).toEqual(types.map((_, i) => i + 1));
    expect(types.find(({ name, kind }) => name === "traffic" && kind === "STRUCT")).toMatchObject({
      size: 16,
      members: [{ name: "packets" }, { name: "bytes" }],
    });
  });

  test.each([
    ["a type that is not there", ["-t", "struct nothing"], 2, /there is no type "struct nothing" in/],
    ["a base that is none", ["-B", COUNTER], 0, /^$/],
  ])("%s", async (_, args, code, says) => {
    const outcome = await wirebee(["btf", COUNTER, ...args]);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(says);
  });

  test("what is no BTF, or damaged BTF", async () => {
    const path = join(folder, "damaged");
    writeFileSync(path, "nothing of the kind, but long enough for a header");
    expect(await wirebee(["btf", path])).toMatchObject({ code: 1, stdout: "" });
    const damaged = Uint8Array.of(0x9f, 0xeb, 1, 0, ...new Uint8Array(40).fill(0xff));
    writeFileSync(path, damaged);
    const { code, stderr } = await wirebee(["btf", path]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^wirebee: .*damaged: .*\(in \.BTF at offset \d+\)\n$/);
  });

  describeWith(["bpf", "command bpftool"], "of the kernel", () => {
    test("a type with all that it needs compiles to the same size", async () => {
      const { stdout } = await wirebee(["btf", KERNEL, "-t", "struct sk_buff", "-t", "xdp_md"]);
      expect(stdout).toContain("struct sk_buff {");
      const btf = Btf.parse(readFileSync(KERNEL));
      const size = btf.sizeOf(btf.find("sk_buff")!);
      const source = join(folder, "sk_buff.c");
      writeFileSync(source, `${stdout}\n_Static_assert(sizeof(struct sk_buff) == ${size}, "size");\n`);
      const clang = spawnSync("clang-19", ["-target", "bpf", "-fsyntax-only", "-w", source], {
        encoding: "utf8",
      });
      expect(clang.stderr).toBe("");
    });

    test("--raw of a module, which goes on from the kernel's, is what bpftool prints", async () => {
      const module = readdirSync("/sys/kernel/btf").find((name) => name !== "vmlinux");
      const path = module === undefined ? KERNEL : `/sys/kernel/btf/${module}`;
      const theirs = spawnSync("bpftool", ["btf", "dump", "file", path, "format", "raw"], {
        encoding: "utf8",
        maxBuffer: 2 ** 28,
      });
      const { stdout } = await wirebee(["btf", path, "--raw"]);
      expect(existsSync(path)).toBe(true);
      // Line by line, since a difference between 12 MB of text says nothing.
      const [own, other] = [stdout.split("\n"), theirs.stdout.split("\n")];
      expect(own.length).toBe(other.length);
      expect(own.find((line, i) => line !== other[i])).toBeUndefined();
    });
  });
});
