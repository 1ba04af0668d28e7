import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { Btf, BtfKind } from "../btf/index.js";
import { helpers, kfuncByName } from "../helpers/index.js";
import { parseObject } from "../object/index.js";
import { compile } from "./compile.js";
import { testFolder } from "./fixtures.oracle.js";
import { flatMembers } from "./flat-members.oracle.js";
import { generatedHeaders } from "./helper-headers.js";

const file = testFolder();
const include = fileURLToPath(new URL("../../include/wirebee/", import.meta.url));

/** The text of headers that have no code: those of a folder. */
function headersIn(folder: string): string {
  const names = readdirSync(join(include, folder)).filter((name) => name.endsWith(".h"));
  return names.map((name) => readFileSync(join(include, folder, name), "utf8")).join("\n");
}

const declarations = headersIn("bpf") + headersIn("net") + readFileSync(join(include, "kfuncs.h"), "utf8");
const structs = [...declarations.matchAll(/^struct (\w+) \{/gm)]
  .map(([, name]) => name)
  .filter((name) => !name.startsWith("wirebee_"));
const enumerators = [...declarations.matchAll(/^\s*enum \w*\s*\{([^}]*)\}/gm)].flatMap(([, body]) =>
  [...body.replaceAll(/\/\*.*?\*\//gs, "").matchAll(/^\s*(\w+)\s*(?:=|,)/gm)].map(([, name]) => name),
);

describe("headers made from the helper table", () => {
  test.each(Object.entries(generatedHeaders))("%s is up to date", (name, generate) => {
    // If not: node scripts/generate-headers.js, after a build.
    expect(readFileSync(join(include, name), "utf8")).toBe(generate(helpers));
  });
});

describe("kfuncs.h", () => {
  const text =
    readFileSync(join(include, "kfuncs.h"), "utf8") + readFileSync(join(include, "loop.h"), "utf8");
  const declared = [...text.matchAll(/^extern ([^;]*?) __weak __ksym;/gm)].map(([, declaration]) =>
    plain(declaration),
  );

  test("declares kfuncs as the kernel does", () => {
    expect(declared.length).toBeGreaterThan(30);
    const asInTable = declared.map((declaration) => {
      const [, name] = /(\w+)\(/.exec(declaration) ?? [];
      return plain(kfuncByName(name)?.declaration ?? `no kfunc ${name}`);
    });
    expect(declared).toEqual(asInTable);
  });

  /** One way to write a declaration: kernel's names of types, single spaces. */
  function plain(declaration: string): string {
    return declaration
      .replaceAll(/\b__([us](?:8|16|32|64))\b/g, "$1")
      .replaceAll("_Bool", "bool")
      .replaceAll(/\s+/g, " ");
  }
});

describeWith(
  ["bpf", "command clang|clang-14|clang-16|clang-19"],
  "declarations, compared with the running kernel's",
  () => {
    const kernelTypes = () => Btf.parse(readFileSync("/sys/kernel/btf/vmlinux"));

    test("structs have the kernel's layout", () => {
      const source = file(
        "structs.c",
        `#include <wirebee/xdp.h>\n${structs.map((name) => `struct ${name} v_${name} SEC(".data");`).join("\n")}\n`,
      );
      const ours = parseObject(compile(source, { cache: false }).object).btf;
      const theirs = kernelTypes();
      if (ours === undefined) throw new Error("the object has no BTF");
      const compared: string[] = [];
      for (const name of structs) {
        const known = theirs.find(name, BtfKind.Struct);
        if (known === undefined) continue;
        const own = ours.find(name, BtfKind.Struct) ?? 0;
        const kernelMembers = flatMembers(theirs, known);
        for (const [member, place] of flatMembers(ours, own)) {
          expect(kernelMembers.get(member), `struct ${name}, ${member}`).toEqual(place);
        }
        expect(ours.sizeOf(own), `struct ${name}`).toBe(theirs.sizeOf(known));
        compared.push(name);
      }
      // The kernel declares it for its users alone.
      expect(structs.filter((name) => !compared.includes(name))).toEqual(["bpf_lpm_trie_key"]);
    });

    test("enumerators have the kernel's values", () => {
      const source = file(
        "enumerators.c",
        `#include <wirebee/xdp.h>\n${enumerators.map((name) => `__s64 v_${name} SEC(".data") = (__s64)${name};`).join("\n")}\n`,
      );
      const { globals } = parseObject(compile(source, { cache: false }).object);
      const values = new Map<string, bigint>();
      const theirs = kernelTypes();
      for (const id of theirs.ids()) {
        const kind = theirs.kind(id);
        if (kind !== BtfKind.Enum && kind !== BtfKind.Enum64) continue;
        const type = theirs.type(id);
        if (type.kind !== BtfKind.Enum && type.kind !== BtfKind.Enum64) continue;
        for (const { name, value } of type.values) values.set(name, value);
      }
      const unknown = enumerators.filter((name) => !values.has(name));
      const differing = enumerators
        .filter((name) => values.has(name))
        .map((name) => ({ name, ours: globals.get(`v_${name}`) as bigint, theirs: values.get(name) ?? 0n }))
        .filter(({ ours, theirs }) => BigInt.asIntN(32, ours) !== BigInt.asIntN(32, theirs));
      expect(differing).toEqual([]);
      // A driver that a kernel may be built without.
      expect(unknown.filter((name) => !name.startsWith("NETKIT_"))).toEqual([]);
      expect(enumerators.length).toBeGreaterThan(300);
    });
  },
);
