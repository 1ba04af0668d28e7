import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describeWith } from "../../../tests/needs.js";
import { ObjectFormatError } from "../../errors.js";
import { assembledObject } from "../../testing/index.js";
import { AttachType, MapType, ProgramType } from "../../uapi/index.js";
import { openUserKernel } from "../../user/index.js";
import {
  ANY_CLANG,
  compileFixture,
  compileText,
  usualVariant,
  variants,
} from "../fixtures/compile.oracle.js";
import { plainSpec } from "../fixtures/plain-spec.oracle.js";
import { type ObjectSpec, type ProgramSpec, parseObject, writeObject } from "../index.js";

const FIXTURES = ["programs", "data", "maps", "externs", "struct-ops"];
const frame = new Uint8Array(60);
const again = (spec: ObjectSpec) => parseObject(writeObject(spec), { name: spec.name });

describeWith([ANY_CLANG], "objects of clang, written back", () => {
  test.each(variants().flatMap((variant) => FIXTURES.map((name) => ({ name, variant }))))(
    "$name of $variant.clang -mcpu=$variant.cpu, $variant.byteOrder endian: read again they say the same",
    ({ name, variant }) => {
      const spec = parseObject(compileFixture(name, variant));
      expect(plainSpec(again(spec))).toEqual(plainSpec(spec));
    },
  );

  test("what was edited is what is written", () => {
    const spec = parseObject(compileFixture("maps"));
    const edited = new Map(spec.maps.map((map) => [map.name, map]));
    Object.assign(edited.get("flows") ?? {}, { maxEntries: 5000, isPinnedByName: false, flags: 0 });
    Object.assign(edited.get("sized") ?? {}, { valueSize: 40, type: MapType.LruHash });
    Object.assign(edited.get("seen") ?? {}, { mapExtra: 2n ** 40n });
    Object.assign(edited.get("colours") ?? {}, { values: [{ index: 4, name: "red" }] });
    const [program] = spec.programs;
    Object.assign(program, {
      isAutoloaded: false,
      type: ProgramType.SchedCls,
      attachType: AttachType.TcxEgress,
    });
    spec.license = "Dual BSD/GPL";
    const read = again(spec);
    expect(read.maps).toEqual(
      spec.maps.map((map) => ({
        ...map,
        // Without a type of that size there is none.
        valueTypeId: map.name === "sized" ? undefined : map.valueTypeId,
      })),
    );
    expect(read.license).toBe("Dual BSD/GPL");
    expect(read.programs[0]).toEqual({ ...program, section: expect.stringMatching(/^(tc|tcx)\/egress$/) });
  });

  test("variables keep their values, those of .bss among the initialised ones", () => {
    const spec = parseObject(compileFixture("data"));
    spec.globals.set("total", 77n);
    spec.globals.set("limit", 8);
    const read = again(spec);
    expect(read.globals.get("total")).toBe(77n);
    expect(read.globals.get("limit")).toBe(8);
    expect(read.globals.variable("total").map).toBe(".data.bss");
    const places = (program: ProgramSpec) =>
      program.references.map((reference) =>
        "map" in reference ? reference.map.replace(".data.bss", ".bss") : "",
      );
    expect(read.programs.map(places)).toEqual(spec.programs.map(places));
  });

  test("legacy maps become maps of BTF, types are made where there were none", () => {
    const text = `
      struct bpf_map_def { __u32 type, key_size, value_size, max_entries, map_flags; };
      struct bpf_map_def SEC("maps") hits = {BPF_MAP_TYPE_ARRAY, 4, 8, 3, 0};
      SEC("xdp") int counts(struct xdp_md *ctx) {
        __u32 key = 1;
        __u64 *hit = bpf_map_lookup_elem(&hits, &key);
        if (hit) *hit += 1;
        return 2;
      }`;
    const spec = parseObject(compileText(text, { ...usualVariant(), flags: [] }));
    const read = again(spec);
    expect(read.btf).toBeDefined();
    expect(read.maps).toEqual(spec.maps.map((map) => ({ ...map, section: ".maps" })));
    expect(read.programs).toEqual(spec.programs);
  });

  test("two programs share a function, unless one of them has changed it", () => {
    const spec = parseObject(compileFixture("programs"));
    const [first, second] = spec.programs;
    const size = (bytes: Uint8Array) => bytes.length;
    const shared = writeObject(spec);
    expect(first.functions.at(-1)?.name).toBe("once_more");
    first.code = first.code.slice();
    // The static function's last instruction but one, in one of the programs.
    first.code[first.code.length - 12] ^= 1;
    expect(size(writeObject(spec))).toBeGreaterThan(size(shared));
    expect(again(spec).programs).toEqual(spec.programs);
    const name = "from_outside";
    const rename = (program: ProgramSpec) => ({
      ...program,
      functions: program.functions.map((each) =>
        each.linkage === "global" && each.slot > 0 ? { ...each, name } : each,
      ),
    });
    expect(() => writeObject({ ...spec, programs: [first, rename(second)] })).toThrow(
      /two different global functions are called from_outside/,
    );
  });
});

describe("objects of assembly text, written", () => {
  test("they run as before", async () => {
    const spec = assembledObject({
      programs: [
        {
          name: "counts",
          code: `
            r1 = hits[0]+8 ll
            r2 = 5
            lock *(u64 *)(r1 + 0) += r2
            call get_smp_processor_id
            call helped
            exit
          helped:
            r0 = 2
            exit`,
        },
        { name: "at_tc", type: ProgramType.SchedCls, code: "r0 = 0\nexit" },
      ],
      maps: [
        { name: "hits", type: MapType.Array, valueSize: 16 },
        {
          name: "outer",
          type: MapType.ArrayOfMaps,
          valueSize: 4,
          maxEntries: 2,
          inner: { name: "x", type: MapType.Hash },
        },
      ],
    });
    // A place in a map's first value is a variable of a data section, of which this map has none.
    expect(() => writeObject(spec)).toThrow(/counts refers to byte 8 of hits, which has no data to write/);
    const [program] = spec.programs;
    const plain = { ...program, references: [], code: program.code.slice(6 * 8), functions: [] };
    expect(() => writeObject({ ...spec, programs: [plain] })).toThrow(
      /its functions do not say where it begins/,
    );
    const rest: ObjectSpec = { ...spec, programs: [spec.programs[1]] };
    const read = again(rest);
    expect(read.programs).toMatchObject([{ name: "at_tc", section: "tc", type: ProgramType.SchedCls }]);
    expect(read.maps.map(({ name, type, valueSize }) => [name, type, valueSize])).toEqual([
      ["hits", MapType.Array, 16],
      ["outer", MapType.ArrayOfMaps, 4],
    ]);
    await using kernel = openUserKernel();
    using loaded = await kernel.load(read);
    expect(loaded.program("at_tc").run(frame).action).toBe("TC_ACT_OK");
  });

  test("what cannot be said is refused by name", () => {
    const spec = assembledObject({ programs: [{ name: "pass", code: "r0 = 2\nexit" }] });
    const [pass] = spec.programs;
    const change = (facts: Partial<ProgramSpec>) => () =>
      writeObject({ ...spec, programs: [{ ...pass, ...facts }] });
    expect(change({ type: ProgramType.SchedCls, hasFrags: true })).toThrow(
      /program pass: no section's name says/,
    );
    expect(change({ references: [{ kind: "map", slot: 0, map: "gone" }] })).toThrow(
      /pass refers to "gone", which the object does not have/,
    );
    const kfunc = { kind: "kfunc", slot: 0, name: "bpf_rcu_read_lock", isWeak: false } as const;
    expect(change({ references: [kfunc] })).toThrow(/"bpf_rcu_read_lock" of the kernel is not declared/);
    expect(() => writeObject({ ...spec, programs: [pass, pass] })).toThrow(ObjectFormatError);
  });
});

describeWith(["bpf", "command bpftool", "command unshare", ANY_CLANG], "libbpf loads what is written", () => {
  test.each(["data", "maps", "externs", "programs"])("%s", (name) => {
    const folder = mkdtempSync(join(tmpdir(), "wirebee-write-"));
    try {
      const spec = parseObject(compileFixture(name));
      const path = join(folder, "written.o");
      // libbpf loads an object whole: programs of no type, or of hooks that are not there, would stop it.
      const programs = spec.programs.filter(
        ({ type, isAutoloaded }) => type === ProgramType.Xdp && isAutoloaded,
      );
      writeFileSync(path, writeObject({ ...spec, programs }));
      const script = [
        "mount -t bpf bpf /sys/fs/bpf",
        `bpftool prog loadall ${path} /sys/fs/bpf/p`,
        "ls /sys/fs/bpf/p",
      ];
      const { status, stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-ec", script.join("\n")], {
        encoding: "utf8",
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(stdout.trim().split("\n").sort()).toEqual(programs.map((program) => program.name).sort());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
