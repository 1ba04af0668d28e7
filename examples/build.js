/**
 * Compiles the examples' objects anew, and says which have changed: `node examples/build.js`, after a build.
 * They are what clang 14 makes of them, which is Debian 12's `clang`; no header of this machine's is used.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compile, findClang } from "../dist/compile/index.js";

const VERSION = 14;
const clang = [`clang-${VERSION}`, "clang"].find((name) => {
  try {
    return findClang(name).major === VERSION;
  } catch {
    return false;
  }
});
if (clang === undefined) throw new Error(`clang ${VERSION} is needed: other versions give other code`);

for (const name of ["counter", "firewall", "load-balancer"]) {
  const source = fileURLToPath(new URL(`${name}/${name}.bpf.c`, import.meta.url));
  const path = source.replace(/c$/, "o");
  const { object } = compile(source, { clang, systemHeaders: false, cache: false });
  const isSame = existsSync(path) && Buffer.from(object).equals(readFileSync(path));
  if (!isSame) writeFileSync(path, object);
  console.log(`${name}.bpf.o: ${object.length} bytes${isSame ? "" : ", changed"}`);
}
