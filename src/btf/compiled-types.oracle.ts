import { fileURLToPath } from "node:url";
import { compile } from "../compile/index.js";
import { parseElf } from "../elf/index.js";

/** An object made of a source in fixtures/, and its .BTF section. */
export function compiledTypes(source: string, clang: string): { object: Uint8Array; btf: Uint8Array } {
  const path = fileURLToPath(new URL(`fixtures/${source}`, import.meta.url));
  const { object } = compile(path, { clang });
  return { object, btf: btfSection(object) };
}

export function btfSection(object: Uint8Array): Uint8Array {
  const section = parseElf(object).sections.find(({ name }) => name === ".BTF");
  if (section === undefined) throw new Error("the object has no BTF");
  return section.data;
}
