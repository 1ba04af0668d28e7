import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { ObjectFormatError } from "../errors.js";
import { anyTypes } from "./arbitrary-types.oracle.js";
import { Btf, BtfBuilder, BtfKind, type BtfType } from "./index.js";
import { typeReferences, withReferences } from "./type-references.js";

const encoding = { signed: true, char: false, bool: false };
const int = { kind: BtfKind.Int, name: "int", size: 4, bits: 32, bitOffset: 0, encoding } as const;
const long = { ...int, name: "long", size: 8, bits: 64 } as const;
const ptr = (type: number): BtfType => ({ kind: BtfKind.Ptr, name: "", type });
const fwd = (name: string): BtfType => ({ kind: BtfKind.Fwd, name, isUnion: false });
const enumeration = (name: string, ...values: string[]): BtfType => ({
  kind: BtfKind.Enum,
  name,
  size: 4,
  signed: false,
  values: values.map((each, i) => ({ name: each, value: BigInt(i) })),
});
/** A struct whose members are 8 bytes apart: [name, type]. */
const struct = (name: string, ...members: [string, number][]): BtfType => ({
  kind: BtfKind.Struct,
  name,
  size: members.length * 8,
  hasBitFields: false,
  members: members.map(([each, type], i) => ({ name: each, type, bitOffset: i * 64, bitFieldSize: 0 })),
});

function btfOf(...types: BtfType[]): Btf {
  const builder = new BtfBuilder();
  for (const type of types) builder.add(type);
  return builder.build();
}

function importAll(builder: BtfBuilder, btf: Btf): number[] {
  return Array.from({ length: btf.length }, (_, id) => builder.import(btf, id));
}

/** Whether nothing that can be reached from two types differs, but for what one of them only declares. */
function areSame(a: Btf, first: number, b: Btf, second: number): boolean {
  const seen = new Set<string>();
  const pending: [number, number][] = [[first, second]];
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const key = pair.join();
    if (seen.has(key)) continue;
    seen.add(key);
    const [left, right] = [a.type(pair[0]), b.type(pair[1])];
    if (left.kind === BtfKind.Fwd && left.name === right.name && left.name !== "") continue;
    if ("values" in left && left.values.length === 0 && left.name === right.name) continue;
    const bare = (type: BtfType) => withReferences(type, () => 0);
    try {
      expect(bare(right)).toEqual(bare(left));
    } catch {
      return false;
    }
    const parts = typeReferences(right);
    typeReferences(left).forEach((part, i) => {
      pending.push([part, parts[i]]);
    });
  }
  return true;
}

describe("BtfBuilder.import", () => {
  // [1] struct node { struct node *next; int value; }
  const list = btfOf(struct("node", ["next", 2], ["value", 3]), ptr(1), int);

  test("copies a type with all that it refers to", () => {
    const builder = new BtfBuilder();
    builder.add(long);
    const id = builder.import(list, 1);
    expect(areSame(list, 1, builder.build(), id)).toBe(true);
    expect(builder.import(list, 1)).toBe(id);
    expect(builder.length).toBe(5);
  });

  test("uses a recursive type again that is there already", () => {
    const builder = new BtfBuilder();
    const ids = importAll(builder, list);
    const again = btfOf(int, ptr(3), struct("node", ["next", 2], ["value", 1]));
    expect(importAll(builder, again)).toEqual([0, ids[3], ids[2], ids[1]]);
    expect(builder.length).toBe(4);
  });

  test("keeps apart what differs only far away", () => {
    const builder = new BtfBuilder();
    const id = builder.import(list, 1);
    const other = btfOf(struct("node", ["next", 2], ["value", 3]), ptr(1), { ...int, name: "s32" });
    const otherId = builder.import(other, 1);
    expect(otherId).not.toBe(id);
    const btf = builder.build();
    expect(areSame(other, 1, btf, otherId)).toBe(true);
    expect(areSame(list, 1, btf, id)).toBe(true);
  });

  const declaration = btfOf(fwd("node"), ptr(1), struct("user", ["list", 2]));
  test("a declaration that comes first becomes the definition", () => {
    const builder = new BtfBuilder();
    const [, declared, , user] = importAll(builder, declaration);
    const [, node] = importAll(builder, list);
    expect(node).toBe(declared);
    const btf = builder.build();
    expect(btf.type(node).kind).toBe(BtfKind.Struct);
    expect(areSame(declaration, 3, btf, user)).toBe(true);
    expect(btf.length).toBe(5);
  });

  test("a declaration that comes second is the definition", () => {
    const builder = new BtfBuilder();
    const [, node, pointer] = importAll(builder, list);
    expect(importAll(builder, declaration).slice(1, 3)).toEqual([node, pointer]);
  });

  test("structs that see the declaration and the definition are one", () => {
    const withDefinition = btfOf(
      struct("node", ["next", 2], ["value", 3]),
      ptr(1),
      int,
      struct("user", ["list", 2]),
    );
    for (const [first, second] of [
      [declaration, withDefinition],
      [withDefinition, declaration],
    ]) {
      const builder = new BtfBuilder();
      importAll(builder, first);
      importAll(builder, second);
      expect(builder.length).toBe(5);
      const btf = builder.build();
      expect(btf.findAll("user")).toHaveLength(1);
      expect(areSame(withDefinition, 4, btf, btf.find("user") ?? 0)).toBe(true);
    }
  });

  test("a declaration of what has two definitions stays one", () => {
    const builder = new BtfBuilder();
    builder.import(btfOf(struct("node", ["a", 2]), int), 1);
    builder.import(btfOf(struct("node", ["b", 2]), int), 1);
    expect(builder.type(builder.import(declaration, 1))).toEqual(fwd("node"));
  });

  test("an enum without values is a declaration", () => {
    const builder = new BtfBuilder();
    const declared = builder.import(btfOf(enumeration("mode")), 1);
    const full = enumeration("mode", "ON", "OFF");
    expect(builder.import(btfOf(int, full), 2)).toBe(declared);
    expect(builder.type(declared)).toEqual(full);
    expect(builder.import(btfOf(enumeration("mode")), 1)).toBe(declared);
  });

  test("variables and data sections are never merged", () => {
    const variable: BtfType = { kind: BtfKind.Var, name: "count", type: 1, linkage: "static" };
    const section: BtfType = {
      kind: BtfKind.Datasec,
      name: ".bss",
      size: 4,
      variables: [{ type: 2, offset: 0, size: 4 }],
    };
    const builder = new BtfBuilder();
    const first = importAll(builder, btfOf(int, variable, section));
    const second = importAll(builder, btfOf(int, variable, section));
    expect(second[1]).toBe(first[1]);
    expect(second[2]).not.toBe(first[2]);
    expect(second[3]).not.toBe(first[3]);
    expect(builder.type(second[3])).toMatchObject({ variables: [{ type: second[2] }] });
  });

  test("split BTF uses what its base has", () => {
    const builder = new BtfBuilder({ base: list });
    expect(builder.import(btfOf(int, ptr(3), struct("node", ["next", 2], ["value", 1])), 3)).toBe(1);
    expect(builder.import(list, 2)).toBe(2);
    const own = builder.import(declaration, 3);
    expect(own).toBe(4);
    expect(builder.build().type(own)).toMatchObject({ name: "user", members: [{ type: 2 }] });
  });

  test("types that were added by other means are used too", () => {
    const builder = new BtfBuilder();
    const id = builder.add(int);
    expect(builder.import(btfOf(long, int), 2)).toBe(id);
  });

  test("any types are copied, with nothing changed", () => {
    fc.assert(
      fc.property(anyTypes(), (types) => {
        const source = btfOf(...types);
        const builder = new BtfBuilder();
        try {
          const ids = importAll(builder, source);
          const btf = builder.build();
          for (const [id, newId] of ids.entries()) expect(areSame(source, id, btf, newId)).toBe(true);
        } catch (error) {
          // Types that refer to themselves without a struct in between are nothing that C has.
          if (!(error instanceof ObjectFormatError)) throw error;
          expect(error.message).toMatch(/refers to itself/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("a chain of 20,000 structs needs no stack", () => {
    const builder = new BtfBuilder();
    const COUNT = 20_000;
    for (let i = 0; i < COUNT; i++) {
      builder.add(struct(`s${i}`, ["next", 2 * i + 2]));
      builder.add(ptr(i === COUNT - 1 ? 0 : 2 * i + 3));
    }
    const source = builder.build();
    const copy = new BtfBuilder();
    copy.import(source, 1);
    expect(copy.length).toBe(2 * COUNT + 1);
    copy.import(Btf.parse(source.bytes), 1);
    expect(copy.length).toBe(2 * COUNT + 1);
  });

  test("a pointer that points to itself is refused", () => {
    expect(() => new BtfBuilder().import(btfOf(ptr(2), ptr(1)), 1)).toThrow(/type 1 refers to itself/);
  });
});

describeWith(["bpf"], "types of the running kernel", () => {
  test("are imported once", () => {
    const bytes = readFileSync("/sys/kernel/btf/vmlinux");
    const builder = new BtfBuilder();
    const kernel = Btf.parse(bytes);
    const wanted = ["sk_buff", "xdp_md"];
    const import_ = (btf: Btf) =>
      wanted.map((name) => builder.import(btf, btf.find(name, BtfKind.Struct) ?? 0));
    const ids = import_(kernel);
    const { length } = builder;
    expect(length).toBeGreaterThan(1000);
    expect(import_(Btf.parse(bytes))).toEqual(ids);
    expect(builder.length).toBe(length);
    const copy = builder.build();
    wanted.forEach((name, i) => {
      expect(areSame(kernel, kernel.find(name, BtfKind.Struct) ?? 0, copy, ids[i])).toBe(true);
    });
  });
});
