import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { installedClangs } from "../src/compile/fixtures.oracle.js";
import { type Clang, compile } from "../src/compile/index.js";
import { openLinuxKernel } from "../src/linux/index.js";
import { type ObjectSpec, parseObject } from "../src/object/index.js";
import { openUserKernel } from "../src/user/index.js";
import { describeWith } from "../tests/needs.js";
import { type ExampleName, examplePath, fill, readObject, readPackets } from "./example.js";

const names: readonly ExampleName[] = ["counter", "firewall", "load-balancer"];
/** What examples/build.js compiles with. */
const SHIPPED = 14;
const ANY_CLANG = "command clang|clang-14|clang-16|clang-19";

function compiled(name: ExampleName, { path }: Clang): Uint8Array {
  const source = examplePath(name, `${name}.bpf.c`);
  const { object, diagnostics } = compile(source, { clang: path, systemHeaders: false, cache: false });
  expect(diagnostics).toEqual([]);
  return object;
}

/** All that decides what an object does; not the debug information, which has the compiler's name in it. */
function essence(spec: ObjectSpec) {
  return {
    programs: spec.programs.map(({ name, section, code, references, lines }) => ({
      name,
      section,
      code,
      references,
      lines,
    })),
    maps: spec.maps.map((map) => ({ ...map, inner: undefined })),
    license: spec.license,
    globals: spec.globals.names.map((name) => [name, spec.globals.get(name)]),
  };
}

/** Each packet's verdict and bytes after the program, on the user-space kernel. */
async function outcomes(name: ExampleName, spec: ObjectSpec): Promise<string[]> {
  await using kernel = openUserKernel({ memory: 1 << 28 });
  using object = await kernel.load(spec);
  if (name !== "counter") fill(object, name);
  const [program] = object.programs.values();
  return readPackets(name).map((packet) => {
    const { action, packet: after } = program.run(packet);
    return `${action} ${Buffer.from(after).toString("hex")}`;
  });
}

describeWith([ANY_CLANG], "the objects that are shipped", () => {
  for (const clang of installedClangs()) {
    test.each(names)(`%s.bpf.o is what clang ${clang.version} makes of its source`, async (name) => {
      const object = compiled(name, clang);
      if (clang.major === SHIPPED) {
        // If not: node examples/build.js, after a build.
        expect(essence(parseObject(object))).toEqual(essence(readObject(name)));
        const shipped = readFileSync(examplePath(name, `${name}.bpf.o`));
        // Another distribution's clang of that version signs with another name.
        if (shipped.includes(`clang version ${clang.version}`)) expect(shipped.equals(object)).toBe(true);
      }
      // Other versions make other instructions, which must come to the same.
      expect(await outcomes(name, parseObject(object))).toEqual(await outcomes(name, readObject(name)));
    });
  }
});

describeWith(["bpf", ANY_CLANG], "Linux's verifier", () => {
  for (const clang of installedClangs()) {
    test.each(names)(`takes what clang ${clang.version} makes of %s.bpf.c`, async (name) => {
      await using kernel = openLinuxKernel();
      using object = await kernel.load(parseObject(compiled(name, clang)));
      expect(object.programs.size).toBeGreaterThan(0);
    });
  }
});
