import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith } from "../../../tests/needs.js";
import { ObjectFormatError, SyntaxProblem } from "../../errors.js";
import type { Kernel } from "../../kernel.js";
import { openLinuxKernel } from "../../linux/index.js";
import { openUserKernel } from "../../user/index.js";
import {
  ANY_CLANG,
  clangs,
  compileFixture,
  compileText,
  usualVariant,
  type Variant,
  variants,
} from "../fixtures/compile.oracle.js";
import { untypedSpec } from "../fixtures/plain-spec.oracle.js";
import { linkObjectFiles, linkObjects, type NamedObject, type ObjectSpec, parseObject } from "../index.js";

const SHARED = `
  struct counted { __u32 packets; __u32 pad; };
  struct hits_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 4);
    __type(key, __u32);
    __type(value, struct counted);
  };
  char _license[] SEC("license") = "GPL";`;

/** Two files that use what the other one has: functions, variables, maps, externs of the kernel. */
const MAIN = `${SHARED}
  extern struct hits_map hits SEC(".maps");
  extern volatile __u32 step;
  extern unsigned LINUX_KERNEL_VERSION __kconfig;
  extern __u64 CONFIG_HZ __kconfig __weak;
  int count(__u32 key);
  __weak int rate(struct xdp_md *ctx) { return 1; }
  volatile __u32 own_total = 100;
  volatile __u64 seen;
  static volatile __u32 last = 1;
  static __noinline int local(int value) { return value + last; }
  static int each(__u32 index, void *context) { seen += local(index); return 0; }
  SEC("xdp") int entry(struct xdp_md *ctx) {
    bpf_loop(2, each, 0, 0);
    own_total += step;
    seen += (LINUX_KERNEL_VERSION >> 16) + (CONFIG_HZ != 0);
    return count(1) + local(rate(ctx)) > 5 ? 1 : 2;
  }`;
const LIBRARY = `${SHARED}
  struct hits_map hits SEC(".maps");
  extern volatile __u32 own_total;
  extern unsigned LINUX_KERNEL_VERSION __kconfig;
  volatile __u32 step = 7;
  static volatile __u32 last = 10;
  static __noinline int local(int value) { return value + last; }
  __noinline int count(__u32 key) {
    struct counted *hit = bpf_map_lookup_elem(&hits, &key);
    if (hit) hit->packets += 1;
    return local(own_total & 1) + (LINUX_KERNEL_VERSION == 0);
  }
  int rate(struct xdp_md *ctx) { return local(2) & 0xff; }
  SEC("xdp") int other(struct xdp_md *ctx) { return count(2) > 10 ? 1 : 2; }`;

const files = (variant: Variant): NamedObject[] => [
  { name: "main.bpf.o", bytes: compileText(MAIN, variant) },
  { name: "library.bpf.o", bytes: compileText(LIBRARY, variant) },
];
const names = (spec: ObjectSpec) => spec.programs.map((p) => [p.name, p.functions.map(({ name }) => name)]);
const frame = new Uint8Array(64);

async function behaviour(kernel: Kernel, spec: ObjectSpec): Promise<unknown> {
  await using held = kernel;
  using loaded = await held.load(spec);
  const runs = ["entry", "other", "entry"].map((name) => loaded.program(name).run(frame).action);
  const variables = ["own_total", "step", "seen", "last", "last.1"].map((name) => loaded.globals.get(name));
  return { runs, variables, hits: [...loaded.map("hits")] };
}

describeWith([ANY_CLANG], "linking objects", () => {
  test.each(variants())("what one declares the other has: $clang $cpu $byteOrder", (variant) => {
    const spec = linkObjects(files(variant), { name: "both" });
    expect(spec).toMatchObject({
      name: "both",
      license: "GPL",
      littleEndian: variant.byteOrder === "little",
    });
    expect(names(spec)).toEqual([
      ["entry", ["entry", "each", "local", "count", "local", "rate"]],
      ["other", ["other", "count", "local"]],
    ]);
    expect(spec.maps.map(({ name }) => name)).toContain("hits");
    expect(spec.kconfig.map(({ name }) => name)).toEqual(["CONFIG_HZ", "LINUX_KERNEL_VERSION"]);
    // Static variables stay apart, weak functions give way.
    expect([spec.globals.get("last"), spec.globals.get("last.1")]).toEqual([1, 10]);
    const files_ = new Set(spec.programs[0].lines.map(({ text }) => text.includes("hit->packets")));
    expect(files_).toEqual(new Set([true, false]));
    const types = spec.btf === undefined ? [] : [...spec.btf.ids()].map((id) => spec.btf?.name(id));
    expect(types.filter((name) => name === "counted")).toEqual(["counted"]);
  });

  test("the linked program runs as one", async () => {
    expect(await behaviour(openUserKernel(), linkObjects(files(usualVariant())))).toMatchObject({
      variables: [114, 7, expect.any(BigInt), 1, 10],
      hits: [
        [0, { packets: 0, pad: 0 }],
        [1, { packets: 2, pad: 0 }],
        [2, { packets: 1, pad: 0 }],
        [3, { packets: 0, pad: 0 }],
      ],
    });
  });

  test("a linked file can be linked again, in any order, and with a spec", () => {
    const [main, library] = files(usualVariant());
    const whole = untypedSpec(linkObjects([main, library]));
    expect(untypedSpec(linkObjects([linkObjectFiles([main, library])]))).toEqual(whole);
    expect(names(linkObjects([library, main])).sort()).toEqual(names(linkObjects([main, library])).sort());
    const third =
      'SEC("tc") int at_tc(struct __sk_buff *skb) { return 0; } char _license[] SEC("license") = "GPL";';
    const spec = linkObjects([linkObjects([main, library]), compileText(third)]);
    expect(spec.programs.map(({ name }) => name)).toEqual(["entry", "other", "at_tc"]);
  });

  test("what is declared may stay undefined in a file, but not in a spec", () => {
    const [main] = files(usualVariant());
    const partial = linkObjectFiles([main]);
    expect(() => parseObject(partial)).toThrow(/is declared here and defined elsewhere: link this object/);
    expect(names(linkObjects([partial, files(usualVariant())[1]])).length).toBe(2);
  });

  test("objects without BTF are linked by the names of their symbols", () => {
    const variant = { ...usualVariant(), flags: [] };
    const a = 'int twice(int); SEC("xdp") int entry(struct xdp_md *ctx) { return twice(ctx->data); }';
    const b = "__noinline int twice(int value) { return value * 2; }";
    const spec = linkObjects([compileText(a, variant), compileText(b, variant)]);
    expect(names(spec)).toEqual([["entry", ["entry", "twice"]]]);
  });

  const license = (text: string) => `char _license[] SEC("license") = "${text}";`;
  const program = 'SEC("xdp") int entry(struct xdp_md *ctx) { return value; }';
  const map = (entries: number) =>
    `struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, ${entries}); __type(key, __u32); ` +
    '__type(value, __u32); } m SEC(".maps");';
  test.each<[string, string, string, RegExp]>([
    [
      "two definitions",
      "int value = 1;",
      "int value = 2;",
      /"value" is defined in a\.o and in b\.o: make one/,
    ],
    ["two licences", license("GPL"), license("MIT"), /a\.o and b\.o do not agree on it.*\(in license\)/],
    [
      "two types of a variable",
      `extern __u64 value; ${program}`,
      "__u32 value = 1;",
      /a\.o and b\.o declare "value" differently \(int unsigned long long: 8 bytes and 4\): share a header/,
    ],
    [
      "two types of a member",
      "struct s { int a, b; }; extern struct s pair; int use(void) { return pair.b; }",
      "struct s { int b, a; }; struct s pair = {1};",
      /declare "pair" differently \(struct s: member "a" is elsewhere\)/,
    ],
    [
      "two prototypes",
      "int f(int a); int use(void) { return f(1); }",
      "int f(int a, int b) { return a; }",
      /declare "f" differently \(func proto: 1 parameters and 2\)/,
    ],
    ["two maps", map(4), map(5), /declare "m" differently \(maps 2,4,4,4,.* and 2,4,4,5,/],
    [
      "the kernel's and another's",
      "extern int f(void) __ksym; int use(void) { return f(); }",
      "int f(void) { return 1; }",
      /"f" is the kernel's in a\.o alone: declare it alike/,
    ],
  ])("%s are refused, naming symbol and objects", (_, a, b, message) => {
    const inputs = [
      { name: "a.o", bytes: compileText(a) },
      { name: "b.o", bytes: compileText(b) },
    ];
    expect(() => linkObjectFiles(inputs)).toThrow(ObjectFormatError);
    expect(() => linkObjectFiles(inputs)).toThrow(message);
  });

  test("of weak definitions the first counts, and a strong one more, wherever it stands", () => {
    const text = (weak: string, value: number) => `${weak} int value(void) { return ${value}; }`;
    const use = 'int value(void); SEC("xdp") int entry(struct xdp_md *ctx) { return value(); }';
    const inputs = [text("__weak", 5), use, text("__weak", 6), text("", 7)].map((each) => compileText(each));
    const returned = (spec: ObjectSpec) => spec.programs[0].code.at(-12);
    expect(returned(linkObjects(inputs.slice(0, 3)))).toBe(5);
    expect(returned(linkObjects(inputs))).toBe(7);
    expect(returned(linkObjects([inputs[3], inputs[0], inputs[1]]))).toBe(7);
  });

  test("a map may be declared again behind a pointer, by name alone", () => {
    const a = `struct node; struct node *head; ${program.replace("value", "head != 0")}`;
    const b = "struct node { int value; }; extern struct node *head; int use(void) { return head->value; }";
    expect(linkObjects([compileText(a), compileText(b)]).globals.names).toEqual(["head"]);
  });

  test("nothing, and objects of different byte order, are refused", () => {
    expect(() => linkObjects([])).toThrow(SyntaxProblem);
    const big = compileText(license("GPL"), { ...usualVariant(), byteOrder: "big" });
    expect(() => linkObjects([compileText(license("GPL")), big])).toThrow(
      /object 1 and object 2 are for machines of different byte order/,
    );
    expect(() => linkObjects([{ name: "text.o", bytes: new Uint8Array(9) }])).toThrow(
      /text\.o: this is no ELF/,
    );
  });
});

describeWith(["command bpftool", ANY_CLANG], "linking as bpftool gen object does", () => {
  /** What both make of the same objects. */
  function linked(inputs: readonly NamedObject[]): { ours: ObjectSpec; theirs: ObjectSpec } {
    const folder = mkdtempSync(join(tmpdir(), "wirebee-link-"));
    try {
      const paths = inputs.map(({ name, bytes }) => {
        const path = join(folder, name);
        writeFileSync(path, bytes);
        return path;
      });
      const output = join(folder, "linked.o");
      const { status, stderr } = spawnSync("bpftool", ["gen", "object", output, ...paths], {
        encoding: "utf8",
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      return { ours: linkObjects(inputs), theirs: parseObject(readFileSync(output)) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test.each(clangs())("%s: the result is the same, and does the same", async (clang) => {
    const { ours, theirs } = linked(files({ ...usualVariant(), clang }));
    expect(untypedSpec(ours)).toEqual(untypedSpec(theirs));
    expect(ours.btf?.length).toBe(theirs.btf?.length);
    expect(await behaviour(openUserKernel(), ours)).toEqual(await behaviour(openUserKernel(), theirs));
  });

  test.each(clangs())("%s: objects of every kind, side by side", (clang) => {
    const names = ["programs", "maps", "externs", "struct-ops"];
    const variant = { ...usualVariant(), clang };
    const { ours, theirs } = linked(names.map((name) => ({ name, bytes: compileFixture(name, variant) })));
    expect(ours.programs.find(({ name }) => name === "traces")?.coreRelocations.length).toBe(2);
    expect(untypedSpec(ours)).toEqual(untypedSpec(theirs));
    expect(ours.btf?.length).toBe(theirs.btf?.length);
  });
});

describeWith(["bpf", ANY_CLANG], "linked objects in Linux", () => {
  test("do what they do in the user-space kernel", async () => {
    const spec = () => linkObjects(files(usualVariant()), { name: "linked" });
    const config = "CONFIG_HZ=1000";
    const linux = await behaviour(openLinuxKernel(), spec());
    const user = await behaviour(openUserKernel({ config }), spec());
    const rest = ({ variables, ...facts }: { variables: unknown[] }) => ({
      ...facts,
      // `seen` counts the kernel's version in.
      variables: variables.filter((_, index) => index !== 2),
    });
    expect(rest(linux as { variables: unknown[] })).toEqual(rest(user as { variables: unknown[] }));
  });
});
