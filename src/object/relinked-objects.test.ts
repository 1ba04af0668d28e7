import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { ANY_CLANG, clangs, compileFixture, usualVariant } from "./fixtures/compile.oracle.js";
import { plainSpec, untypedSpec } from "./fixtures/plain-spec.oracle.js";
import { type ObjectSpec, parseObject } from "./index.js";

const FIXTURES = ["programs", "data", "maps", "externs", "struct-ops"];
const STRIP = "command llvm-strip|llvm-strip-19|llvm-strip-16|llvm-strip-14" as const;

const cases = clangs().flatMap((clang) =>
  FIXTURES.map((name) => ({ title: `${name} of ${clang}`, name, variant: { ...usualVariant(), clang } })),
);

/** What a command makes of an object: it is given the input's path and the output's. */
function madeBy(
  object: Uint8Array,
  command: string,
  args: (input: string, output: string) => string[],
): ObjectSpec {
  const folder = mkdtempSync(join(tmpdir(), "wirebee-relink-"));
  try {
    const [input, output] = [join(folder, "input.o"), join(folder, "output.o")];
    writeFileSync(input, object);
    const { status, stderr } = spawnSync(command, args(input, output), { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return parseObject(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describeWith([STRIP, ANY_CLANG], "objects without debug information for debuggers", () => {
  const strip = STRIP.slice("command ".length)
    .split("|")
    .find((name) =>
      (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name))),
    );

  test.each(cases)("$title says the same when it is stripped", ({ name, variant }) => {
    const object = compileFixture(name, variant);
    const stripped = madeBy(object, strip ?? "llvm-strip", (input, output) => ["-g", input, "-o", output]);
    expect(plainSpec(stripped)).toEqual(plainSpec(parseObject(object)));
  });
});

describeWith(["command bpftool", ANY_CLANG], "objects that bpftool has linked", () => {
  test.each(cases)("$title says the same", ({ name, variant }) => {
    const object = compileFixture(name, variant);
    const linked = madeBy(object, "bpftool", (input, output) => ["gen", "object", output, input]);
    expect(untypedSpec(linked)).toEqual(untypedSpec(parseObject(object)));
  });
});
