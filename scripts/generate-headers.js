/**
 * Writes the headers that are made from the helper table: `node scripts/generate-headers.js`, after a
 * build. With --check it only says whether they are up to date.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { root } from "./setup.js";

const { helpers } = await import("../dist/helpers/index.js");
const { generatedHeaders } = await import("../dist/compile/helper-headers.js");

for (const [name, generate] of Object.entries(generatedHeaders)) {
  const path = `${root}include/wirebee/${name}`;
  const text = generate(helpers);
  if (!process.argv.includes("--check")) {
    writeFileSync(path, text);
  } else if (readFileSync(path, "utf8") !== text) {
    console.error(`include/wirebee/${name} is out of date: node scripts/generate-headers.js`);
    process.exitCode = 1;
  }
}
