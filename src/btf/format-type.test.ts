import { describe, expect, test } from "vitest";
import { ObjectFormatError } from "../errors.js";
import { BtfBuilder, BtfKind, type BtfType, formatType } from "./index.js";

const { Ptr, Const, Volatile, Restrict, TypeTag, Typedef } = BtfKind;
type Modifier =
  | typeof Ptr
  | typeof Const
  | typeof Volatile
  | typeof Restrict
  | typeof TypeTag
  | typeof Typedef;
/** A type as what it is made of, from the outside in: [Ptr, Const, "int"]. */
type Chain = readonly (Modifier | number[] | string)[];

const unsigned = { signed: false, char: false, bool: false };

function build(builder: BtfBuilder, chain: Chain): number {
  const [first, ...rest] = chain;
  if (first === undefined || first === "void") return 0;
  if (typeof first === "string") {
    const [word, name] = first.split(" ");
    if (word === "struct") {
      return builder.add({
        kind: BtfKind.Struct,
        name: name ?? "",
        size: 0,
        hasBitFields: false,
        members: [],
      });
    }
    if (word === "enum") {
      return builder.add({ kind: BtfKind.Enum, name: name ?? "", size: 4, signed: false, values: [] });
    }
    if (word === "union") return builder.add({ kind: BtfKind.Fwd, name, isUnion: true });
    return builder.add({
      kind: BtfKind.Int,
      name: first,
      size: 4,
      bits: 32,
      bitOffset: 0,
      encoding: unsigned,
    });
  }
  const type = build(builder, rest);
  if (Array.isArray(first)) {
    return builder.add({ kind: BtfKind.Array, name: "", type, indexType: type, length: first[0] });
  }
  const name = first === TypeTag ? "rcu" : first === Typedef ? "foo_t" : "";
  return builder.add({ kind: first, name, type });
}

function proto(builder: BtfBuilder, returns: Chain, ...params: Chain[]): number {
  return builder.add({
    kind: BtfKind.FuncProto,
    name: "",
    returnType: build(builder, returns),
    params: params.map((param) => ({ name: "", type: build(builder, param) })),
  });
}

describe("formatType", () => {
  test.each<[string, Chain]>([
    ["void", ["void"]],
    ["int", ["int"]],
    ["struct xdp_md *", [Ptr, "struct xdp_md"]],
    ["struct {…}", ["struct"]],
    ["enum xdp_action", ["enum xdp_action"]],
    ["enum {…} *", [Ptr, "enum"]],
    ["union u *", [Ptr, "union u"]],
    ["const char *", [Ptr, Const, "char"]],
    ["char *const", [Const, Ptr, "char"]],
    ["const volatile int", [Const, Volatile, "int"]],
    ["int *const volatile *restrict", [Restrict, Ptr, Const, Volatile, Ptr, "int"]],
    ["void **", [Ptr, Ptr, "void"]],
    ["int[4]", [[4], "int"]],
    ["int[2][3]", [[2], [3], "int"]],
    ["int *[4]", [[4], Ptr, "int"]],
    ["int (*)[4]", [Ptr, [4], "int"]],
    ["int (*const *)[4]", [Ptr, Const, Ptr, [4], "int"]],
    ["const int[4]", [Const, [4], Const, "int"]],
    ["foo_t *", [Ptr, Typedef, [4], "int"]],
    ['struct s __attribute__((btf_type_tag("rcu"))) *', [Ptr, TypeTag, "struct s"]],
  ])("%s", (expected, chain) => {
    const builder = new BtfBuilder();
    const id = build(builder, chain);
    expect(formatType(builder.build(), id)).toBe(expected);
  });

  test.each<[string, (builder: BtfBuilder) => BtfType | number]>([
    ["int (void)", (b) => proto(b, ["int"])],
    ["void (void *, ...)", (b) => proto(b, ["void"], [Ptr, "void"], ["void"])],
    [
      "int (*)(void *, long)",
      (b) => ({ kind: Ptr, name: "", type: proto(b, ["int"], [Ptr, "void"], ["long"]) }),
    ],
    [
      "int (*[4])(long)",
      (b) => {
        const pointer = b.add({ kind: Ptr, name: "", type: proto(b, ["int"], ["long"]) });
        return { kind: BtfKind.Array, name: "", type: pointer, indexType: pointer, length: 4 };
      },
    ],
    [
      // A function that returns a pointer to a function.
      "int (*(*)(int))(long)",
      (b) => {
        const inner = b.add({ kind: Ptr, name: "", type: proto(b, ["int"], ["long"]) });
        const outer = b.add({
          kind: BtfKind.FuncProto,
          name: "",
          returnType: inner,
          params: [{ name: "", type: build(b, ["int"]) }],
        });
        return { kind: Ptr, name: "", type: outer };
      },
    ],
    [
      "int main(int)",
      (b) => ({ kind: BtfKind.Func, name: "main", type: proto(b, ["int"], ["int"]), linkage: "global" }),
    ],
    [
      "int counters[8]",
      (b) => ({ kind: BtfKind.Var, name: "counters", type: build(b, [[8], "int"]), linkage: "static" }),
    ],
    [".maps", () => ({ kind: BtfKind.Datasec, name: ".maps", size: 0, variables: [] })],
  ])("%s", (expected, make) => {
    const builder = new BtfBuilder();
    const made = make(builder);
    const id = typeof made === "number" ? made : builder.add(made);
    expect(formatType(builder.build(), id)).toBe(expected);
  });

  test("a tag that is an attribute", () => {
    const builder = new BtfBuilder();
    const tag = builder.add({
      kind: TypeTag,
      name: "address_space(1)",
      type: build(builder, ["int"]),
      isAttribute: true,
    });
    const pointer = builder.add({ kind: Ptr, name: "", type: tag });
    expect(formatType(builder.build(), pointer)).toBe("int __attribute__((address_space(1))) *");
  });

  test("types that refer to themselves are refused", () => {
    const builder = new BtfBuilder();
    builder.add({ kind: Ptr, name: "", type: 2 });
    builder.add({ kind: Const, name: "", type: 1 });
    builder.add({
      kind: BtfKind.FuncProto,
      name: "",
      returnType: 0,
      params: [
        { name: "f", type: 3 },
        { name: "g", type: 0 },
      ],
    });
    const btf = builder.build();
    for (const id of [1, 2, 3, 4]) expect(() => formatType(btf, id)).toThrow(ObjectFormatError);
  });
});
