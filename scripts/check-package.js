/**
 * Packs the package as npm would publish it, installs it into an empty folder, imports every entry that
 * `exports` names, and runs the shipped example there.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./setup.js";

const folder = mkdtempSync(join(tmpdir(), "wirebee-pack-"));

function call(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (result.status !== 0) {
    console.error(`${command} ${args.join(" ")}\n${result.stdout}${result.stderr}`);
    process.exitCode = 1;
    throw new Error(`${command} failed`);
  }
  return result.stdout;
}

try {
  const [{ filename }] = JSON.parse(
    call("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root),
  );
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  call("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", join(folder, filename)], folder);
  const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.keys(exports).filter((entry) => !entry.endsWith(".json"));
  for (const entry of entries) {
    const specifier = name + entry.slice(1);
    call("node", ["--input-type=module", "-e", `await import(${JSON.stringify(specifier)})`], folder);
  }
  const example = join("node_modules", name, "examples", "counter", "counter");
  const output = call("npx", ["wirebee", "run", `${example}.bpf.o`, "-r", `${example}.pcap`], folder);
  if (!output.includes("XDP_PASS")) throw new Error(`the installed command printed:\n${output}`);
  console.log(`the packed package installs, and its ${entries.length} entries import`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
