import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { MemoryIo, wirebee } from "./memory-io.js";

const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));
const FIREWALL = [
  `${EXAMPLES}/firewall/firewall.bpf.o`,
  "-r",
  `${EXAMPLES}/firewall/firewall.pcap`,
  "--maps",
  `${EXAMPLES}/firewall/maps.json`,
];
const ESCAPE = "\x1b";
const colours = new RegExp(`${ESCAPE}\\[\\d+m`, "g");

describe("on a terminal", () => {
  test.each([
    ["the summary", ["run", ...FIREWALL]],
    ["the help", ["run", "--help"]],
  ])("%s has colours, and the same words without", async (_, args) => {
    const coloured = await wirebee(args, new MemoryIo({ isTerminal: true }));
    const plain = await wirebee(args, new MemoryIo({ isTerminal: true, env: { NO_COLOR: "1" } }));
    expect(coloured.stdout).toContain(`${ESCAPE}[1m`);
    expect(plain.stdout).not.toContain(ESCAPE);
    expect(coloured.stdout.replaceAll(colours, "")).toBe(plain.stdout);
  });

  test.each([80, 60])("a summary fits %d columns", async (columns) => {
    const { stdout } = await wirebee(["run", ...FIREWALL], new MemoryIo({ isTerminal: true, columns }));
    // Paths are as long as they are.
    const lines = stdout
      .replaceAll(colours, "")
      .split("\n")
      .filter((line) => !line.includes(EXAMPLES));
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
  });

  test("no colours elsewhere", async () => {
    expect((await wirebee(["run", ...FIREWALL])).stdout).not.toContain(ESCAPE);
  });

  test("a capture is not written to it", async () => {
    const { code, stderr } = await wirebee(
      ["run", ...FIREWALL, "-w", "-"],
      new MemoryIo({ isTerminal: true }),
    );
    expect(code).toBe(2);
    expect(stderr).toContain("redirect standard output");
  });
});

test.each([
  ["help.txt", ["--help"]],
  ["help-run.txt", ["run", "--help"]],
  ["help-disasm.txt", ["disasm", "--help"]],
  ["help-map.txt", ["map", "--help"]],
  ["help-map-dump.txt", ["map", "dump", "--help"]],
  ["help-map-set.txt", ["map", "set", "--help"]],
  ["help-doctor.txt", ["doctor", "--help"]],
])("%s", async (golden, args) => {
  const { stdout } = await wirebee(args);
  for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(stdout).toMatch(/Examples?:\n {2}wirebee /);
  await expect(stdout).toMatchFileSnapshot(`golden/help/${golden}`);
});
