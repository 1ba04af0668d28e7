import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { main } from "../src/cli/main.js";
import { MemoryIo } from "../tests/cli/memory-io.js";
import { type ExampleName, examplePath } from "./example.js";

const names: readonly ExampleName[] = ["counter", "firewall", "load-balancer"];
const PROMPT = "$ npx wirebee ";

// Times of day are shown in the reader's time zone.
beforeEach(() => void vi.stubEnv("TZ", "UTC"));
afterEach(() => void vi.unstubAllEnvs());

/** A line of a shell's as its words; what is in single quotes is one. */
function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
}

/** The text with each command of its console blocks followed by what it prints. */
async function withRealOutput(text: string): Promise<string> {
  const parts: string[] = [];
  let end = 0;
  for (const block of text.matchAll(/```console\n(.*?)```/gs)) {
    const commands = block[1]
      .replaceAll("\\\n", " ")
      .split("\n")
      .filter((line) => line.startsWith(PROMPT));
    const shown = block[1].split(/\n(?=\$ )/).map((part) => /^\$ (?:.*\\\n)*.*\n?/.exec(part)?.[0].trimEnd());
    const outputs: string[] = [];
    for (const [i, command] of commands.entries()) {
      const io = new MemoryIo({ columns: 100 });
      const code = await main(words(command.slice(PROMPT.length)), io);
      expect(code, io.stderr.text).toBe(0);
      outputs.push(`${shown[i]}\n${io.stdout.text.trimEnd()}\n`);
    }
    parts.push(text.slice(end, block.index), `\`\`\`console\n${outputs.join("\n")}\`\`\``);
    end = block.index + block[0].length;
  }
  return parts.join("") + text.slice(end);
}

async function expectRealOutput(path: string): Promise<void> {
  const text = readFileSync(path, "utf8");
  const real = await withRealOutput(text);
  // After a change of what is printed: WIREBEE_UPDATE=1 npx vitest run examples/readme.test.ts
  if (process.env.WIREBEE_UPDATE === "1") writeFileSync(path, real);
  else expect(text).toBe(real);
}

test("what the project's README shows is what is printed", async () => {
  await expectRealOutput(fileURLToPath(new URL("../README.md", import.meta.url)));
});

test.each(names)("what %s's README shows is what is printed", async (name) => {
  const path = examplePath(name, "README.md");
  expect(readFileSync(path, "utf8")).toContain(
    `${PROMPT}run examples/${name}/${name}.bpf.o -r examples/${name}/${name}.pcap`,
  );
  await expectRealOutput(path);
});
