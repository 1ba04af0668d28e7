/** Compiles src/ to dist/, only what has changed; with --clean, from nothing. */
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { root, run, setup } from "./setup.js";

export function build() {
  run("node", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup();
  if (process.argv.includes("--clean")) rmSync(`${root}dist`, { recursive: true, force: true });
  build();
}
