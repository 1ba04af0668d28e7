import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { btfSection } from "./compiled-types.oracle.js";
import { Btf, type BtfComposite, BtfKind, type BtfType, essentialName } from "./index.js";

/** Compiles a header with a variable of each type; gives what its types have become. */
export function recompiled(folder: string, header: string, clang: string, types: readonly string[]): Btf {
  const [source, object] = [join(folder, "types.c"), join(folder, "types.o")];
  // Clang 14 forgets what it has only seen pointed to; typedefs may be of what is only declared.
  const isTagged = (type: string) => /^(struct|union|enum) /.test(type);
  const variables = types.map((type, i) => `${type} ${isTagged(type) ? "" : "*"}variable${i};\n`).join("");
  writeFileSync(source, `${header}\n${variables}`);
  const args = [
    "-target",
    "bpf",
    "-g",
    "-O0",
    "-Wall",
    "-Werror",
    "-Wno-visibility",
    "-c",
    source,
    "-o",
    object,
  ];
  const { status, stderr } = spawnSync(clang, args, { encoding: "utf8" });
  expect(stderr.split("\n").slice(0, 12).join("\n")).toBe("");
  expect(status).toBe(0);
  return Btf.parse(btfSection(readFileSync(object)));
}

const isComposite = (type: BtfType): type is BtfComposite => "members" in type;
/** What a header adds to fill gaps, and nameless members of no composite, which it leaves out. */
function isLayout(btf: Btf, member: { readonly name: string; readonly type: number }): boolean {
  return (
    !member.name.startsWith("__filler") && (member.name !== "" || isComposite(btf.resolved(member.type)))
  );
}

/** A type as its layout: kinds, sizes, offsets and names all the way down, but not behind pointers. */
function layoutOf(btf: Btf, id: number): unknown {
  const type = btf.resolved(id);
  switch (type.kind) {
    case BtfKind.Struct:
    case BtfKind.Union:
      return [
        type.kind === BtfKind.Struct ? "struct" : "union",
        essentialName(type.name),
        type.size,
        type.members
          .filter((member) => isLayout(btf, member))
          .map((member) => [
            member.name,
            member.bitOffset,
            member.bitFieldSize,
            // A struct of its own is compared on its own.
            isComposite(btf.resolved(member.type)) && btf.resolved(member.type).name !== ""
              ? btf.sizeOf(member.type)
              : layoutOf(btf, member.type),
          ]),
      ];
    case BtfKind.Array:
      return ["array", type.length, layoutOf(btf, type.type)];
    case BtfKind.Int:
    case BtfKind.Float:
      return [type.kind, type.size];
    case BtfKind.Enum:
    case BtfKind.Enum64:
      return [
        "enum",
        essentialName(type.name),
        type.size,
        type.values.map(({ value }) => BigInt.asUintN(type.size > 4 ? 64 : 32, value)),
      ];
    case BtfKind.Fwd:
      return ["declared", type.name];
    default:
      return type.kind;
  }
}

const TAGGED: readonly BtfKind[] = [BtfKind.Struct, BtfKind.Union, BtfKind.Enum, BtfKind.Enum64];

/** The layouts of all named types, by name; several where flavours of one name exist. */
export function layouts(btf: Btf): Map<string, string> {
  const byName = new Map<string, string[]>();
  for (const id of btf.ids()) {
    const type = btf.type(id);
    const isTyped = type.kind === BtfKind.Typedef && type.type !== 0;
    if (type.name === "" || !(TAGGED.includes(type.kind) || isTyped)) continue;
    if ("values" in type && type.values.length === 0) continue;
    const key = `${type.kind === BtfKind.Typedef ? "typedef" : "tag"} ${essentialName(type.name)}`;
    const text = JSON.stringify(layoutOf(btf, id), (_, value) =>
      typeof value === "bigint" ? String(value) : value,
    );
    const known = byName.get(key);
    if (known === undefined) byName.set(key, [text]);
    else if (!known.includes(text)) known.push(text);
  }
  return new Map([...byName].map(([name, texts]) => [name, texts.sort().join("\n")]));
}

/** The names under which a header defines its types, and those of the typedefs that it was made from. */
export function definedTypes(header: string, btf: Btf): string[] {
  const typedefs = [...btf.ids()].filter((id) => btf.kind(id) === BtfKind.Typedef);
  return [...definedTags(header), ...new Set(typedefs.map((id) => btf.name(id)))].filter(
    (name) => !name.startsWith("__builtin_"),
  );
}

export function definedTags(header: string): string[] {
  return [...header.matchAll(/^((?:struct|union|enum) \w+) \{/gm)].map(([, name]) => name);
}

export function hasBitFields(btf: Btf, id: number): boolean {
  const type = btf.type(id);
  return (
    isComposite(type) &&
    type.members.some(
      (member) =>
        member.bitFieldSize > 0 ||
        (isInlined(btf, member.type) && hasBitFields(btf, btf.resolve(elementOf(btf, member.type)))),
    )
  );
}

function elementOf(btf: Btf, id: number): number {
  const type = btf.resolved(id);
  return type.kind === BtfKind.Array ? elementOf(btf, type.type) : btf.resolve(id);
}

const isInlined = (btf: Btf, id: number) => {
  const type = btf.type(elementOf(btf, id));
  return isComposite(type) && type.name === "";
};

/** What C can be asked to agree with: the size of each type, and where each member is. */
export function layoutClaims(btf: Btf): string[] {
  const claims: string[] = [];
  const seen = new Map<string, number>();
  /** The first of a name has it, others a number. */
  const named = (space: string, name: string) => {
    const number = (seen.get(`${space} ${name}`) ?? 0) + 1;
    seen.set(`${space} ${name}`, number);
    return number === 1 ? name : `${name}___${number}`;
  };
  const members = (type: BtfComposite, title: string, path: string, at: number) => {
    for (const member of type.members) {
      if (member.bitFieldSize > 0) continue;
      const inner = btf.resolved(member.type);
      if (member.name === "" && !isComposite(inner)) continue;
      const own = `${path}${member.name}`;
      const byte = at + member.bitOffset / 8;
      if (member.name !== "")
        claims.push(`_Static_assert(__builtin_offsetof(${title}, ${own}) == ${byte}, "");`);
      if (isComposite(inner) && inner.name === "")
        members(inner, title, member.name === "" ? path : `${own}.`, byte);
    }
  };
  for (const id of btf.ids()) {
    const type = btf.type(id);
    if (type.name === "") continue;
    let title: string | undefined;
    if (TAGGED.includes(type.kind)) {
      const word = isComposite(type) ? (type.kind === BtfKind.Union ? "union" : "struct") : "enum";
      title = `${word} ${named("tag", type.name)}`;
      if ("values" in type && type.values.length === 0) continue;
    } else if (type.kind === BtfKind.Typedef && type.name !== "__builtin_va_list") {
      title = named("typedef", type.name);
      if (!isComposite(btf.resolved(id))) continue;
    } else {
      continue;
    }
    claims.push(`_Static_assert(sizeof(${title}) == ${btf.sizeOf(id)}, "");`);
    const resolved = btf.resolved(id);
    if (isComposite(resolved)) members(resolved, title, "", 0);
  }
  return claims;
}

export function expectSameLayouts(have: Btf, want: Btf, least: number): void {
  const [mine, theirs] = [layouts(have), layouts(want)];
  const differences = [...theirs].filter(([name, layout]) => mine.has(name) && mine.get(name) !== layout);
  expect(differences.slice(0, 3).map(([name, layout]) => [name, layout, mine.get(name)])).toEqual([]);
  const missing = [...theirs.keys()].filter((name) => name.startsWith("tag ") && !mine.has(name));
  expect(missing).toEqual([]);
  expect(theirs.size).toBeGreaterThan(least);
}
