import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { CodeView, checkCode, PseudoCall, PseudoLd } from "../asm/index.js";
import { formatType } from "../btf/index.js";
import { AttachType, MapFlag, MapType, ProgramType } from "../uapi/index.js";
import { ANY_CLANG, compileFixture, compileText, usualVariant, variants } from "./fixtures/compile.oracle.js";
import { type MapSpec, type ObjectSpec, type ProgramSpec, parseObject } from "./index.js";

const all = variants().map((variant) => ({
  title: `${variant.clang} -mcpu=${variant.cpu}, ${variant.byteOrder} endian`,
  variant,
}));

const programOf = (spec: ObjectSpec, name: string) =>
  spec.programs.find((program) => program.name === name) as ProgramSpec;
const mapOf = (spec: ObjectSpec, name: string) => spec.maps.find((map) => map.name === name) as MapSpec;

describeWith([ANY_CLANG], "objects of clang", () => {
  test.each(all)("programs and their functions: $title", ({ variant }) => {
    const spec = parseObject(compileFixture("programs", variant));
    expect(spec).toMatchObject({
      littleEndian: variant.byteOrder === "little",
      license: "GPL",
      kernelVersion: 0x60000,
    });
    const facts = ({ name, section, type, attachType, isAutoloaded, functions }: ProgramSpec) => [
      name,
      section,
      type,
      attachType,
      isAutoloaded,
      functions.map((own) => `${own.linkage} ${own.name}`).join(", "),
    ];
    expect(spec.programs.map(facts)).toEqual([
      [
        "first",
        "xdp",
        ProgramType.Xdp,
        AttachType.Xdp,
        true,
        "global first, global from_outside, static once_more",
      ],
      [
        "second",
        "xdp",
        ProgramType.Xdp,
        AttachType.Xdp,
        true,
        "global second, global may_be_replaced, static once_more, static only_here",
      ],
      ["on_demand", "xdp.frags", ProgramType.Xdp, AttachType.Xdp, false, expect.anything()],
      [
        "at_tc",
        "tcx/ingress",
        ProgramType.SchedCls,
        AttachType.TcxIngress,
        true,
        "global at_tc, static once_more",
      ],
      ["of_no_type", "xdp_of_old", ProgramType.Unspec, undefined, true, "global of_no_type"],
      ["traces", "fentry/do_exit", ProgramType.Tracing, AttachType.TraceFentry, true, "global traces"],
    ]);
    expect(programOf(spec, "on_demand")).toMatchObject({ hasFrags: true, attachTarget: undefined });
    expect(programOf(spec, "traces").attachTarget).toBe("do_exit");
    expect(programOf(spec, "traces").coreRelocations.map(({ access }) => access)).toEqual(["0:1", "0:0"]);
    expect(spec.functions?.map(({ name, functions }) => [name, functions.length])).toEqual([
      ["for_others", 2],
    ]);
  });

  test.each(all)("calls and callbacks lead to the functions that are meant: $title", ({ variant }) => {
    const spec = parseObject(compileFixture("programs", variant));
    for (const program of [...spec.programs, ...(spec.functions ?? [])]) {
      expect(checkCode(program.code)).toEqual(program.functions.map(({ slot }) => slot));
      const starts = new Set(program.lines.map(({ slot }) => slot));
      for (const own of program.functions) {
        expect(starts).toContain(own.slot);
        expect(own.typeId === undefined ? "" : spec.btf?.name(own.typeId)).toBe(own.name);
      }
    }
    const program = programOf(spec, "on_demand");
    const code = new CodeView(program.code);
    const callback = program.functions.find(({ name }) => name === "each");
    const pointers = [...Array(code.length).keys()].filter(
      (slot) => code.isWide(slot) && code.src(slot) === PseudoLd.Func,
    );
    expect(pointers.map((slot) => slot + code.imm(slot) + 1)).toEqual([callback?.slot]);
  });

  test.each(all)("data sections and variables: $title", ({ variant }) => {
    const spec = parseObject(compileFixture("data", variant));
    const facts = ({ name, valueSize, flags, data }: MapSpec) => [name, valueSize, flags, data?.length];
    const shared = MapFlag.Mmapable;
    const maps = spec.maps.map(facts);
    expect(maps).toContainEqual([".rodata", 8, shared | MapFlag.RdonlyProg, 8]);
    expect(maps).toContainEqual([".bss", 8, shared, 8]);
    expect(maps).toContainEqual([".data.custom", 8, shared, 8]);
    // Only static and hidden variables are in no header that others could read it by.
    expect(maps).toContainEqual([".rodata.str1.1", 16, MapFlag.RdonlyProg, 16]);
    const { globals } = spec;
    expect(globals.get("origin")).toEqual({ x: 3, y: -4 });
    expect(globals.get("limit")).toBe(7);
    expect(globals.get("custom")).toEqual({ x: 1, y: 2 });
    expect(globals.get("secret")).toBe(5);
    expect(globals.get("own")).toBe(9);
    expect(globals.get("one.count")).toBe(10);
    expect(globals.get("another.count")).toBe(20);
    expect(globals.get("total")).toBe(0n);
    expect(globals.names.filter((name) => globals.variable(name).isStatic).sort()).toEqual([
      "another.count",
      "one.count",
      "own",
      "secret",
    ]);
    globals.set("origin", { x: -1, y: 1 });
    globals.set("total", 5n);
    expect([globals.get("origin"), globals.get("total")]).toEqual([{ x: -1, y: 1 }, 5n]);
  });

  test.each(all)("maps: $title", ({ variant }) => {
    const spec = parseObject(compileFixture("maps", variant));
    expect(mapOf(spec, "flows")).toMatchObject({
      type: MapType.Hash,
      keySize: 8,
      valueSize: 8,
      maxEntries: 100,
      flags: MapFlag.NoPrealloc,
      isPinnedByName: true,
    });
    expect(mapOf(spec, "sized")).toMatchObject({
      keySize: 4,
      valueSize: 12,
      numaNode: 0,
      keyTypeId: undefined,
    });
    expect(mapOf(spec, "seen")).toMatchObject({ keySize: 0, valueSize: 4, mapExtra: 3n });
    expect(mapOf(spec, "events")).toMatchObject({ maxEntries: 8192 });
    expect(mapOf(spec, "perf")).toMatchObject({ maxEntries: 0, keySize: 4 });
    expect(mapOf(spec, "colours")).toMatchObject({
      valueSize: 4,
      inner: { name: "colours.inner", type: MapType.Array, maxEntries: 4 },
      values: [
        { index: 1, name: "red" },
        { index: 3, name: "blue" },
      ],
    });
    expect(mapOf(spec, "tables").inner).toMatchObject({ type: MapType.Hash, maxEntries: 7, valueSize: 8 });
    expect(mapOf(spec, "jumps").values).toEqual([{ index: 2, name: "next" }]);
    const { btf } = spec;
    const key = mapOf(spec, "flows").keyTypeId;
    expect(btf === undefined || key === undefined ? "" : formatType(btf, key)).toBe("struct flow");
    const used = programOf(spec, "enter").references.map((reference) => "map" in reference && reference.map);
    expect(new Set(used)).toEqual(new Set(["colours", "flows", "blue", "jumps"]));
  });

  test.each(all)("externs: $title", ({ variant }) => {
    const spec = parseObject(compileFixture("externs", variant));
    expect(
      spec.kconfig.map(({ name, offset, size, kind, isWeak }) => [name, offset, size, kind, isWeak]),
    ).toEqual([
      ["CONFIG_HZ", 0, 8, "int", false],
      ["CONFIG_NET", 8, 4, "tristate", true],
      ["LINUX_KERNEL_VERSION", 12, 4, "int", false],
      ["LINUX_OF_TOMORROW", 16, 4, "int", true],
      ["CONFIG_SHORT", 20, 2, "int", true],
      ["CONFIG_BPF", 22, 1, "bool", false],
      ["CONFIG_LETTER", 23, 1, "char", true],
      ["CONFIG_TEXT", 24, 8, "string", true],
    ]);
    const kconfig = mapOf(spec, ".kconfig");
    expect(kconfig).toMatchObject({ valueSize: 32, flags: MapFlag.Mmapable | MapFlag.RdonlyProg });
    expect(kconfig.valueTypeId === undefined ? 0 : spec.btf?.sizeOf(kconfig.valueTypeId)).toBe(32);
    const calls = programOf(spec, "calls");
    const kernel = calls.references.filter(({ kind }) => kind === "kfunc" || kind === "ksym");
    expect(kernel).toMatchObject([
      { kind: "kfunc", name: "bpf_rcu_read_lock", isWeak: false, typeId: expect.any(Number) },
      { kind: "ksym", name: "bpf_of_tomorrow___v2", isWeak: true, typeId: expect.any(Number) },
      { kind: "kfunc", name: "bpf_of_tomorrow___v2", isWeak: true, typeId: expect.any(Number) },
      { kind: "ksym", name: "bpf_prog_active", isWeak: true, typeId: expect.any(Number) },
      { kind: "ksym", name: "bpf_anything", isWeak: true, typeId: undefined },
    ]);
    const code = new CodeView(calls.code);
    expect(kernel.map(({ slot }) => code.src(slot))).toEqual([PseudoCall.Kfunc, 0, PseudoCall.Kfunc, 0, 0]);
  });

  test.each(all)("struct_ops and data of loaders: $title", ({ variant }) => {
    const spec = parseObject(compileFixture("struct-ops", variant));
    expect(mapOf(spec, "ours")).toMatchObject({
      type: MapType.StructOps,
      valueSize: 40,
      flags: MapFlag.Link,
      section: ".struct_ops.link",
      values: [
        { index: 8, name: "begin" },
        { index: 16, name: "end" },
      ],
    });
    expect(mapOf(spec, "spare")).toMatchObject({ section: "?.struct_ops", flags: 0 });
    expect(programOf(spec, "begin")).toMatchObject({ type: ProgramType.StructOps, attachTarget: "begin" });
    expect(spec.metadata).toMatchObject([
      { name: ".of_loaders", variables: [{ name: "priority", offset: 0, size: 4, isStatic: false }] },
    ]);
  });

  test.each([
    ["without debug information", []],
    ["with its pieces apart", ["-g", "-ffunction-sections"]],
  ])("programs %s are read", (_, flags) => {
    const text = `
      static __noinline int helper(int value) { return value * 3; }
      static volatile __u32 counter = 4;
      SEC("xdp") int entry(struct xdp_md *ctx) { counter++; return helper(ctx->data) & 1; }
      char _license[] SEC("license") = "GPL";`;
    const spec = parseObject(compileText(text, { ...usualVariant(), flags }));
    expect(spec.btf === undefined).toBe(flags.length === 0);
    expect(spec.programs.map(({ name }) => name)).toContain("entry");
    const program = programOf(spec, "entry");
    expect(program.functions.map(({ name }) => name)).toEqual(["entry", "helper"]);
    const value = spec.globals.get("counter");
    expect(flags.length === 0 ? value : [value]).toEqual(
      flags.length === 0 ? Uint8Array.of(4, 0, 0, 0) : [4],
    );
  });

  test("pointers in data stay as the file has them: no loader gives them places", () => {
    const text = `
      volatile __u32 value = 1;
      volatile __u32 *volatile pointers[2] = {&value, &value};
      SEC("xdp") int entry(struct xdp_md *ctx) { return pointers[1] != 0; }`;
    const spec = parseObject(compileText(text));
    const { map, offset, size } = spec.globals.variable("pointers");
    expect(mapOf(spec, map).data?.subarray(offset, offset + size)).toEqual(new Uint8Array(16));
  });

  test("an exception callback is a part of its program, though nothing calls it", () => {
    const text = `
      __noinline int handles(__u64 cookie) { return 1; }
      __noinline int not_used(__u64 cookie) { return 2; }
      __attribute__((btf_decl_tag("exception_callback:handles")))
      SEC("xdp") int throws(struct xdp_md *ctx) { return 2; }`;
    const spec = parseObject(compileText(text));
    expect(spec.programs[0].functions.map(({ name }) => name)).toEqual(["throws", "handles"]);
    expect(spec.functions?.map(({ name }) => name)).toEqual(["not_used"]);
  });

  test("a static function beside a program is a subprogram, a static program in values is refused", () => {
    const text = `
      static __noinline SEC("xdp") int beside(struct xdp_md *ctx) { return ctx->data & 3; }
      SEC("xdp") int entry(struct xdp_md *ctx) { return beside(ctx) + 1; }`;
    const spec = parseObject(compileText(text));
    expect(spec.programs.map(({ name, functions }) => [name, functions.length])).toEqual([["entry", 2]]);
    const jumps = `
      static SEC("xdp") int own(struct xdp_md *ctx) { return 1; }
      struct {
        __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
        __uint(max_entries, 4);
        __uint(key_size, 4);
        __array(values, int(void *));
      } jumps SEC(".maps") = {.values = {(void *)&own}};`;
    expect(() => parseObject(compileText(jumps))).toThrow(
      /map jumps: its values must be programs, not static/,
    );
  });

  test.each<[string, string, RegExp, string[]?]>([
    [
      "another object's function",
      'int elsewhere(int); SEC("xdp") int entry(struct xdp_md *ctx) { return elsewhere(1); }',
      /function "elsewhere" is declared here and defined elsewhere: link this object/,
    ],
    [
      "another object's variable",
      'extern int elsewhere; SEC("xdp") int entry(struct xdp_md *ctx) { return elsewhere; }',
      /variable "elsewhere" is declared here and defined elsewhere/,
    ],
    [
      "an extern without BTF",
      'int elsewhere(int); SEC("xdp") int entry(struct xdp_md *ctx) { return elsewhere(1); }',
      /"elsewhere" is defined elsewhere, and without BTF nothing says where: compile with -g/,
      [],
    ],
    [
      "maps without BTF",
      'struct { __uint(type, 1); } flows SEC(".maps");',
      /maps are defined by BTF, which this object lacks: compile with -g \(in \.maps\)/,
      [],
    ],
    [
      "a common variable",
      'int shared; SEC("xdp") int entry(struct xdp_md *ctx) { return shared; }',
      /"shared": a common symbol has no place yet: compile with -fno-common \(in xdp/,
      ["-g", "-fcommon"],
    ],
    [
      "an unknown property",
      'struct { __uint(type, 1); __uint(max_size, 5); } flows SEC(".maps");',
      /map flows: "max_size" is no property of a map that is known \(in \.maps\)/,
    ],
    [
      "a map of no type",
      'struct { __uint(max_entries, 5); } flows SEC(".maps");',
      /map flows: it has no type \(in \.maps\)/,
    ],
    [
      "sizes that contradict",
      'struct { __uint(type, 1); __type(key, __u32); __uint(key_size, 8); } flows SEC(".maps");',
      /map flows: "key_size" says 8 bytes, but it has 4/,
    ],
    [
      "values of a plain map",
      'struct { __uint(type, 1); __array(values, struct { __uint(type, 1); }); } flows SEC(".maps");',
      /map flows: a map of type HASH has no "values"/,
    ],
    [
      "an extern of no configuration",
      'extern struct xdp_md CONFIG_X __kconfig; SEC("xdp") int entry(struct xdp_md *c) { return CONFIG_X.data; }',
      /"CONFIG_X" is neither bool, integer, enum libbpf_tristate nor char array/,
    ],
  ])("%s is refused by name", (_, text, message, flags = ["-g"]) => {
    expect(() => parseObject(compileText(text, { ...usualVariant(), flags }))).toThrow(message);
  });
});
