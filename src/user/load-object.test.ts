import { describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { NotSupportedError, SyntaxProblem } from "../errors.js";
import { ANY_CLANG, compileFixture, compileText, usualVariant } from "../object/fixtures/compile.oracle.js";
import { type ObjectSpec, parseObject } from "../object/index.js";
import { assembledObject } from "../testing/index.js";
import { MapType, ProgramType } from "../uapi/index.js";
import { openUserKernel } from "./index.js";

const frame = new Uint8Array(64);
const pass = "r0 = 2\nexit";

/** Programs of three types, and maps of which the kernel lacks two. */
function mixed(): ObjectSpec {
  return assembledObject({
    programs: [
      { name: "at_xdp", code: `r1 = hits ll\n${pass}` },
      { name: "traces", type: ProgramType.Tracing, code: `r1 = tasks ll\n${pass}` },
      { name: "at_tc", type: ProgramType.SchedCls, code: pass },
      { name: "stacks", code: `r1 = stacks ll\n${pass}` },
    ],
    maps: [
      { name: "hits", type: MapType.Array },
      { name: "tasks", type: MapType.TaskStorage },
      { name: "stacks", type: MapType.StackTrace },
      { name: "spare", type: MapType.Hash },
    ],
  });
}

describe("loading a part of an object", () => {
  test("without names, a program of another type is refused, naming what could be loaded", async () => {
    await using kernel = openUserKernel();
    const { programs, ...rest } = mixed();
    const three = programs.filter(({ name }) => name !== "stacks");
    await expect(kernel.load({ ...rest, programs: three })).rejects.toThrow(
      "program traces: the user-space kernel runs no programs of type TRACING; load the others by name: at_xdp, at_tc",
    );
    await expect(kernel.load({ ...rest, programs: [programs[1]] })).rejects.toThrow(
      /^program traces: the user-space kernel runs no programs of type TRACING$/,
    );
  });

  test("with names, maps of types that it lacks are left out if no named program uses them", async () => {
    await using kernel = openUserKernel();
    using object = await kernel.load(mixed(), { programs: ["at_xdp", "at_tc"] });
    expect([...object.programs.keys()]).toEqual(["at_xdp", "at_tc"]);
    expect([...object.maps.keys()]).toEqual(["hits", "spare"]);
    expect(object.program("at_xdp").run(frame).action).toBe("XDP_PASS");
    await expect(kernel.load(mixed(), { programs: ["stacks"] })).rejects.toThrow(/maps of type STACK_TRACE/);
    await expect(kernel.load(mixed(), { programs: ["traces"] })).rejects.toThrow(NotSupportedError);
  });

  test("maps that are in a map from the start are loaded with it", async () => {
    const inner = { name: "inner", type: MapType.Array } as const;
    const spec = assembledObject({
      programs: [{ name: "entry", code: `r1 = outer ll\n${pass}` }],
      maps: [
        inner,
        {
          name: "outer",
          type: MapType.ArrayOfMaps,
          valueSize: 4,
          inner,
          values: [{ index: 0, name: "inner" }],
        },
      ],
    });
    await using kernel = openUserKernel();
    using object = await kernel.load(spec, { programs: ["entry"] });
    expect([...object.maps.keys()]).toEqual(["inner", "outer"]);
  });

  test("a name that the object does not have is refused with those that it has", async () => {
    await using kernel = openUserKernel();
    const load = kernel.load(mixed(), { programs: ["of_dreams"] });
    await expect(load).rejects.toThrow(SyntaxProblem);
    await expect(load).rejects.toThrow(
      'there is no program "of_dreams": the object has at_xdp, traces, at_tc, stacks',
    );
  });

  test("a map that is larger than the arena is refused by its name", async () => {
    await using kernel = openUserKernel({ memory: 1 << 24 });
    const spec = assembledObject({
      programs: [{ name: "entry", code: pass }],
      maps: [{ name: "enormous", type: MapType.Array, valueSize: 1 << 20, maxEntries: 1 << 20 }],
    });
    await expect(kernel.load(spec)).rejects.toThrow(NotSupportedError);
    await expect(kernel.load(spec)).rejects.toThrow(/enormous/);
  });
});

describeWith([ANY_CLANG], "loading objects of clang", () => {
  test("a program of no type says what to do, and runs when it has been given one", async () => {
    await using kernel = openUserKernel();
    const spec = parseObject(compileFixture("programs"));
    const load = kernel.load(spec, { programs: ["of_no_type"] });
    await expect(load).rejects.toThrow(
      'program of_no_type: section "xdp_of_old" does not say what type it is: set the program\'s type; by its ' +
        "parameter it is XDP",
    );
    const program = spec.programs.find(({ name }) => name === "of_no_type");
    Object.assign(program ?? {}, { type: ProgramType.Xdp });
    using object = await kernel.load(spec, { programs: ["of_no_type"] });
    expect(object.program("of_no_type").run(frame).action).toBe("XDP_PASS");
  });

  test("a struct_ops is refused by its type, and left out where something else is asked for", async () => {
    await using kernel = openUserKernel();
    const spec = parseObject(compileFixture("struct-ops"));
    await expect(kernel.load(spec)).rejects.toThrow(
      /programs of type STRUCT_OPS; load the others by name: beside/,
    );
    using object = await kernel.load(spec, { programs: ["beside"] });
    expect([...object.maps.keys()]).toEqual([]);
  });

  test("an object for big-endian machines is refused", async () => {
    await using kernel = openUserKernel();
    const spec = parseObject(compileFixture("data", { ...usualVariant(), byteOrder: "big" }));
    await expect(kernel.load(spec)).rejects.toThrow(/is for big-endian machines.*-target bpfel/);
  });

  test("variables start as the file has them, and hold what programs wrote", async () => {
    await using kernel = openUserKernel();
    const spec = parseObject(compileFixture("data"));
    spec.globals.set("limit", 100);
    using object = await kernel.load(spec);
    object.program("sums").run(frame);
    // 3 + 100 + 2 + 5 + 9 + 10 + 20.
    expect(object.globals.get("total")).toBe(149n);
    expect([object.globals.get("one.count"), object.globals.get("another.count")]).toEqual([11, 21]);
    object.globals.set("own", 0);
    object.program("sums").run(frame);
    expect(object.globals.get("total")).toBe(149n + 142n);
  });

  test("initial values lead to maps and to programs", async () => {
    await using kernel = openUserKernel();
    using object = await kernel.load(parseObject(compileFixture("maps")), { programs: ["enter"] });
    expect([...object.programs.keys()]).toEqual(["enter", "next"]);
    // It jumps to `next`, which drops.
    expect(object.program("enter").run(frame).action).toBe("XDP_DROP");
    expect([...object.map("flows").keys()]).toEqual([{ source: 0, port: 0 }]);
  });

  test("a kernel's configuration is its own, and what it is told besides", async () => {
    const asks = `
      extern unsigned long CONFIG_HZ __kconfig;
      extern unsigned LINUX_KERNEL_VERSION __kconfig;
      extern unsigned CONFIG_OF_MINE __kconfig;
      volatile __u64 seen;
      SEC("xdp") int entry(struct xdp_md *ctx) {
        seen = CONFIG_HZ * 1000000 + (LINUX_KERNEL_VERSION >> 8) % 1000 * 1000 + CONFIG_OF_MINE;
        return 2;
      }`;
    const spec = parseObject(compileText(asks));
    await using plain = openUserKernel();
    await expect(plain.load(spec)).rejects.toThrow(/the object needs CONFIG_OF_MINE, which this kernel/);
    await using kernel = openUserKernel({ config: "CONFIG_OF_MINE=42\n" });
    using object = await kernel.load(spec);
    object.program("entry").run(frame);
    expect(object.globals.get("seen")).toBe(1_000_000_000n + BigInt(0x612 % 1000) * 1000n + 42n);
  });

  test("missing kernel functions and variables are refused by name unless they are weak", async () => {
    await using kernel = openUserKernel();
    const strong =
      'extern void of_dreams(void) __ksym; SEC("xdp") int entry(void *ctx) { of_dreams(); return 2; }';
    await expect(kernel.load(parseObject(compileText(strong)))).rejects.toThrow(
      "program entry needs kernel function of_dreams, which is not there",
    );
    const weak = `
      extern void of_dreams(void) __ksym __weak;
      extern const void some_variable __ksym __weak;
      SEC("xdp") int entry(void *ctx) {
        if (of_dreams) of_dreams();
        return &some_variable ? 1 : 2;
      }`;
    using object = await kernel.load(parseObject(compileText(weak)));
    expect(object.program("entry").run(frame).action).toBe("XDP_PASS");
    using unguarded = await kernel.load(parseObject(compileText(strong.replace("__ksym", "__ksym __weak"))));
    const { action, trap } = unguarded.program("entry").run(frame);
    expect({ action, message: trap?.message }).toEqual({
      action: "XDP_ABORTED",
      message: "a call of a weak kernel function that is missing",
    });
  });
});
