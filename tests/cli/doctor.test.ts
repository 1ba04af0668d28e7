import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { probeLinux } from "../../src/linux/index.js";
import { MemoryIo, wirebee } from "./memory-io.js";

const BIN = fileURLToPath(new URL("../../bin/wirebee.js", import.meta.url));

interface Check {
  readonly group: string;
  readonly name: string;
  readonly isFine: boolean;
  readonly isBasic: boolean;
  readonly detail: string;
}

test("says what is there: the same as looking shows", async () => {
  const { code, stdout } = await wirebee(["doctor", "--json"]);
  expect(code).toBe(0);
  const checks: Check[] = JSON.parse(stdout).checks;
  const found = (name: string) => checks.find((check) => check.name === name);
  expect(found("Node.js")?.detail).toContain(process.versions.node);
  expect(found("user-space kernel")).toMatchObject({ isFine: true, isBasic: true });
  const facts = probeLinux();
  if (facts.release !== undefined) {
    expect(found("kernel")?.detail).toBe(facts.release);
    expect(found("bpf(2)")?.isFine).toBe(facts.programLoad.isMet);
    expect(found("root")?.isFine).toBe(facts.root.isMet);
  }
  expect(found("tcpdump")?.isFine).toBe(spawnSync("tcpdump", ["--version"]).status === 0);
});

test("each check is a line with a tick or a cross, within the terminal", async () => {
  const io = new MemoryIo({ isTerminal: true, columns: 60, env: { ...process.env, NO_COLOR: "1" } });
  const { code, stdout } = await wirebee(["doctor"], io);
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toBe("Everything");
  expect(lines).toContainEqual(expect.stringMatching(/^✓ Node\.js {2,}\d+/));
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
});

test("without any tool on the PATH it says what to install, and is still content", () => {
  const empty = mkdtempSync(join(tmpdir(), "wirebee-empty-"));
  try {
    const { stdout, status } = spawnSync(process.execPath, [BIN, "doctor"], {
      encoding: "utf8",
      env: { PATH: empty, WIREBEE_CLANG: "" },
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^✗ clang {2,}there is no clang/m);
    expect(stdout).toMatch(/^✗ tcpdump {2,}not there/m);
    expect(stdout).toContain("apt-get install tshark");
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
});
