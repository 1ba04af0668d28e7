import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { type Btf, BtfBuilder, BtfKind, Btf as ParsedBtf } from "../btf/index.js";
import type { BtfFeature } from "./btf-support.js";
import { fixture } from "./fixtures/fixture.oracle.js";
import { expectNothingOpen } from "./fixtures/left-behind.oracle.js";
import { loadBtfBytes } from "./load-btf.js";
import { prepareBtf } from "./prepare-btf.js";
import { isLittleEndian, libc } from "./sys/libc.js";

const clang = "command clang|clang-19|clang-18|clang-17|clang-16|clang-15|clang-14";

/** Every kind that some kernel does not know. */
function withNewKinds(): Btf {
  const builder = new BtfBuilder({ littleEndian: isLittleEndian });
  const encoding = { signed: true, char: false, bool: false };
  const int = builder.add({ kind: BtfKind.Int, name: "int", size: 4, bits: 32, bitOffset: 0, encoding });
  const float = builder.add({ kind: BtfKind.Float, name: "double", size: 8 });
  const tag = builder.add({ kind: BtfKind.TypeTag, name: "kptr", type: int });
  const pointer = builder.add({ kind: BtfKind.Ptr, name: "", type: tag });
  const values = [{ name: "LARGE", value: 1n << 40n }];
  const wide = builder.add({ kind: BtfKind.Enum64, name: "wide", size: 8, signed: false, values });
  builder.add({
    kind: BtfKind.Enum,
    name: "signs",
    size: 4,
    signed: true,
    values: [{ name: "LESS", value: -1n }],
  });
  const members = [float, pointer, wide].map((type, index) => ({
    name: `member${index}`,
    type,
    bitOffset: index * 64,
    bitFieldSize: 0,
  }));
  const struct = builder.add({ kind: BtfKind.Struct, name: "all", size: 24, members, hasBitFields: false });
  builder.add({ kind: BtfKind.DeclTag, name: "tag", type: struct, componentIndex: 1 });
  const prototype = builder.add({ kind: BtfKind.FuncProto, name: "", returnType: int, params: [] });
  builder.add({ kind: BtfKind.Func, name: "function", type: prototype, linkage: "global" });
  const variable = builder.add({ kind: BtfKind.Var, name: "variable", type: int, linkage: "global" });
  const variables = [{ type: variable, offset: 0, size: 4 }];
  builder.add({ kind: BtfKind.Datasec, name: "?.struct_ops", size: 4, variables });
  return builder.build();
}

/** What changes where a feature is missing: types by id. */
const inOlderTerms: readonly (readonly [feature: BtfFeature, kinds: Readonly<Record<number, BtfKind>>])[] = [
  ["float", { 2: BtfKind.Struct }],
  ["type tag", { 3: BtfKind.Const }],
  ["enum64", { 5: BtfKind.Union, 6: BtfKind.Enum }],
  ["declaration tag", { 8: BtfKind.Int }],
  ["global function", { 10: BtfKind.Func }],
  ["? section", { 12: BtfKind.Datasec }],
];

function refusalOf(bytes: Uint8Array): string | undefined {
  const { fd, refusal } = loadBtfBytes(bytes);
  if (fd !== undefined) libc().close(fd);
  return refusal?.message;
}

describeWith(["bpf", clang], "BTF for Linux", () => {
  expectNothingOpen();
  const object = () => ({ ...fixture("tc"), btf: withNewKinds(), programs: [] });

  test.each(inOlderTerms)("a kernel without %s is given something of the same size", (feature, kinds) => {
    const { btf } = object();
    const prepared = ParsedBtf.parse(prepareBtf(object(), btf, (asked) => asked !== feature).toBytes());
    const changed = [...btf.ids()].filter((id) => !isDeepStrictEqual(prepared.type(id), btf.type(id)));
    expect(Object.fromEntries(changed.map((id) => [id, prepared.kind(id)]))).toEqual(kinds);
    expect(prepared.sizeOf(7)).toBe(24);
  });

  test.each([
    ["everything that this kernel has", () => true],
    ["nothing that is new", () => false],
    ...inOlderTerms.map(([feature]) => [`no ${feature}`, (asked: BtfFeature) => asked !== feature] as const),
  ] as const)("the kernel takes BTF with %s", (_what, isSupported) => {
    const bytes = prepareBtf(object(), withNewKinds(), isSupported).toBytes();
    expect(refusalOf(bytes)).toBeUndefined();
  });

  test("externs, hidden functions and parameters without names are put right", () => {
    const spec = fixture("kernel");
    if (spec.btf === undefined) throw new Error("clang has written no BTF");
    expect(refusalOf(spec.btf.bytes)).toMatch(/BPF_BTF_LOAD: EINVAL: /);
    const prepared = ParsedBtf.parse(prepareBtf(spec, spec.btf).toBytes());
    expect(refusalOf(prepared.bytes)).toBeUndefined();
    const linkage = (name: string) => {
      const id = prepared.find(name, BtfKind.Func);
      const type = id === undefined ? undefined : prepared.type(id);
      return type?.kind === BtfKind.Func ? type.linkage : undefined;
    };
    expect(["kernel", "global_function", "hidden_function", "static_function"].map(linkage)).toEqual([
      "global",
      "global",
      "static",
      "static",
    ]);
    expect(linkage("bpf_dynptr_from_xdp")).toBe("global");
  });
});
