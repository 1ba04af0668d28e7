/** Compiles src/ to dist/. */
import { rmSync } from "node:fs";
import { root, run, setup } from "./setup.js";

setup();
rmSync(`${root}dist`, { recursive: true, force: true });
run("node", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"]);
