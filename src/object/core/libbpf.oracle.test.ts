import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { describeWith } from "../../../tests/needs.js";
import { CodeView, SLOT_SIZE } from "../../asm/index.js";
import { Btf } from "../../btf/index.js";
import { compile, findClang } from "../../compile/index.js";
import { parseElf } from "../../elf/index.js";
import { CoreRelocationError, ObjectFormatError } from "../../errors.js";
import { parseObject } from "../index.js";
import { anyTarget } from "./arbitrary-target.oracle.js";
import { CoreRelocator } from "./core-relocator.js";
import { type LibbpfResult, relocateWithLibbpf } from "./libbpf.oracle.js";
import { POISON_HELPER } from "./patch-instruction.js";

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

function compiled(clang: string, source: string, defines: Record<string, string> = {}): Uint8Array {
  return compile(fixture(source), { clang, defines }).object;
}

function target(clang: string, number: number): Uint8Array {
  return btfOf(compiled(clang, "relocations.bpf.c", { TARGET: String(number) }));
}

function btfOf(object: Uint8Array): Uint8Array {
  const section = parseElf(object).sections.find(({ name }) => name === ".BTF");
  if (section === undefined) throw new Error("the object has no BTF");
  return section.data;
}

/** Each program's code, or that it was refused, as text that can be compared. */
function ours(object: Uint8Array, target: Uint8Array): Map<string, string> {
  const spec = parseObject(object);
  if (spec.btf === undefined) throw new Error("the object has no BTF");
  const vmlinux = Btf.parse(target);
  const local = spec.btf;
  return new Map(
    spec.programs.map((program) => {
      // As libbpf is asked: each program is the only one of its object.
      const relocator = new CoreRelocator(local, { vmlinux });
      try {
        return [program.name, textOfCode(relocator.relocate(program))];
      } catch (error) {
        const isRefusal = error instanceof CoreRelocationError || error instanceof ObjectFormatError;
        if (!isRefusal) throw error;
        return [program.name, "refused"];
      }
    }),
  );
}

function theirs(object: Uint8Array, target: Uint8Array, names: readonly string[]): Map<string, string> {
  const textOf = (result: LibbpfResult) => ("code" in result ? textOfCode(result.code) : "refused");
  const results = relocateWithLibbpf(object, target, names);
  return new Map([...results].map(([name, result]) => [name, textOf(result)]));
}

/** Compares all programs of an object; gives our code. */
function compare(object: Uint8Array, target: Uint8Array): Map<string, string> {
  const code = ours(object, target);
  const expected = theirs(object, target, [...code.keys()]);
  const differences = [...code].flatMap(([name, text]) => {
    const [have, want] = [text.split("\n"), expected.get(name)?.split("\n") ?? []];
    return have.flatMap((line, slot) =>
      line === want[slot] ? [] : [`${name}, slot ${slot}: ${line}, libbpf's is ${want[slot]}`],
    );
  });
  expect(differences.slice(0, 10)).toEqual([]);
  return code;
}

/** An instruction slot a line. */
function textOfCode(code: Uint8Array): string {
  const slots = Array.from({ length: code.length / SLOT_SIZE }, (_, i) =>
    code.slice(i * SLOT_SIZE, (i + 1) * SLOT_SIZE),
  );
  return slots
    .map((slot) => (new CodeView(slot).imm(0) === POISON_HELPER ? POISON : Buffer.from(slot).toString("hex")))
    .join("\n");
}

const POISON = "poison";
const isPoisoned = (text: string) => text.includes(POISON);

describe("CO-RE as libbpf does it", () => {
  for (const clang of ["clang", "clang-19"]) {
    describeWith(["bpf", `command ${clang}`], clang, () => {
      let object: Uint8Array;
      beforeAll(() => {
        object = compiled(clang, "relocations.bpf.c");
      });

      test.each([
        [1, "moved, widened and renumbered"],
        [2, "missing, narrowed and of other kinds"],
        [3, "of two flavours"],
      ])("a kernel whose types are others (%i): %s", (number) => {
        const code = compare(object, target(clang, number));
        const before = new Map(
          parseObject(object).programs.map((program) => [program.name, textOfCode(program.code)]),
        );
        const changed = [...code].filter(([name, text]) => text !== before.get(name));
        expect(changed.length).toBeGreaterThan(number === 3 ? 0 : 10);
        // In target 2 there is much that programs ask for without a question whether it is there.
        expect([...code.values()].some(isPoisoned)).toBe(true);
      });

      test("functions that programs call", () => {
        const withSubprogram = compiled(clang, "relocations.bpf.c", { SUBPROGRAM: "1" });
        for (const number of [1, 2, 3]) {
          expect(compare(withSubprogram, target(clang, number)).has("subprogram")).toBe(true);
        }
      });

      test("kernels of any layout", () => {
        const outcomes = { patched: 0, poisoned: 0, refused: 0 };
        fc.assert(
          fc.property(anyTarget, (types) => {
            for (const text of compare(object, types).values()) {
              if (text === "refused") outcomes.refused++;
              else if (isPoisoned(text)) outcomes.poisoned++;
              else outcomes.patched++;
            }
          }),
          { numRuns: 50 },
        );
        // Nothing is said by a comparison of nothing.
        expect(outcomes.patched).toBeGreaterThan(20);
        expect(outcomes.poisoned).toBeGreaterThan(20);
        expect(outcomes.refused).toBeGreaterThan(5);
      });

      test("the running kernel", () => {
        const code = compare(compiled(clang, "kernel-types.bpf.c"), readFileSync("/sys/kernel/btf/vmlinux"));
        expect([...code.values()].some(isPoisoned)).toBe(false);
      });
    });
  }

  describeWith(
    ["bpf", "command bpftool", "command clang|clang-19"],
    "with what bpftool keeps of the kernel's types",
    () => {
      test("programs are relocated as with all of them", () => {
        const object = compiled(findClang().path, "kernel-types.bpf.c");
        const folder = mkdtempSync(join(tmpdir(), "wirebee-min-"));
        const [objectPath, minimum] = [join(folder, "object.o"), join(folder, "minimum.btf")];
        writeFileSync(objectPath, object);
        execFileSync("bpftool", ["gen", "min_core_btf", "/sys/kernel/btf/vmlinux", minimum, objectPath]);
        const [few, all] = [minimum, "/sys/kernel/btf/vmlinux"].map((path) =>
          ours(object, readFileSync(path)),
        );
        rmSync(folder, { recursive: true });
        for (const name of ["offsets", "questions"]) expect(few.get(name)).toBe(all.get(name));
        expect(few.get("ids")).not.toBe(all.get("ids"));
      });
    },
  );
});
