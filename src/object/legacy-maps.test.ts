import { describe, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { BpfRelocation, ElfWriter, SectionFlag, SectionType, SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import { MapFlag, MapType } from "../uapi/index.js";
import { ANY_CLANG, compileText, usualVariant } from "./fixtures/compile.oracle.js";
import { type MapSpec, parseObject } from "./index.js";

interface LegacyObject {
  /** Section of the maps; "maps" by default. */
  readonly section?: string;
  /** Bytes of each definition. */
  readonly size: number;
  readonly maps: Readonly<Record<string, readonly number[]>>;
  /** Programs that only return, by section. */
  readonly programs?: Readonly<Record<string, string>>;
  readonly littleEndian?: boolean;
}

const RETURN = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);

function legacyObject({
  section = "maps",
  size,
  maps,
  programs = {},
  littleEndian = true,
}: LegacyObject): ElfWriter {
  const elf = new ElfWriter(littleEndian);
  const content = new Uint8Array(size * Object.keys(maps).length);
  const view = new DataView(content.buffer);
  const flags = SectionFlag.Alloc | SectionFlag.Write;
  const index = elf.addSection({ name: section, type: SectionType.Progbits, flags, content });
  for (const [at, [name, words]] of Object.entries(maps).entries()) {
    for (const [n, word] of words.entries()) view.setUint32(at * size + n * 4, word, littleEndian);
    const place = { value: at * size, size, type: SymbolType.Object, visibility: 0, section: index };
    elf.addSymbol({ name, ...place, binding: "global" });
  }
  for (const [sectionName, name] of Object.entries(programs)) {
    const code = { type: SectionType.Progbits, flags: SectionFlag.Alloc | SectionFlag.ExecInstr };
    const own = elf.addSection({ name: sectionName, ...code, content: RETURN });
    const place = { value: 0, size: RETURN.length, type: SymbolType.Func, visibility: 0, section: own };
    elf.addSymbol({ name, ...place, binding: "global" });
  }
  return elf;
}

const parsed = (object: LegacyObject) => parseObject(legacyObject(object).toBytes());
const mapOf = (object: LegacyObject, name: string): MapSpec =>
  parsed(object).maps.find((map) => map.name === name) as MapSpec;

describe("maps without BTF", () => {
  test.each([true, false])("struct bpf_map_def (little endian: %s)", (littleEndian) => {
    const maps = { flows: [MapType.Hash, 8, 16, 100, 1], rules: [MapType.Array, 4, 2, 3, 0] };
    expect(parsed({ size: 20, maps, littleEndian }).maps).toMatchObject([
      { name: "flows", type: MapType.Hash, keySize: 8, valueSize: 16, maxEntries: 100, flags: 1 },
      { name: "rules", type: MapType.Array, keySize: 4, valueSize: 2, maxEntries: 3, isPinnedByName: false },
    ]);
  });

  test("the kernel's samples: inner maps by their index, NUMA node by the flag", () => {
    const size = 28;
    const maps = {
      inner: [MapType.Hash, 4, 8, 5, 0, 0, 0],
      outer: [MapType.ArrayOfMaps, 4, 4, 2, 0, 0, 0],
      local: [MapType.Hash, 4, 8, 5, MapFlag.NumaNode, 0, 1],
    };
    expect(mapOf({ size, maps }, "outer").inner?.name).toBe("inner");
    expect(mapOf({ size, maps }, "inner")).toMatchObject({ inner: undefined, numaNode: undefined });
    expect(mapOf({ size, maps }, "local").numaNode).toBe(1);
  });

  test("iproute2: pinning, inner maps and their places, tail calls by section", () => {
    const spec = parsed({
      size: 36,
      maps: {
        jumps: [MapType.ProgArray, 4, 4, 8, 0, 3, 2, 0, 0],
        outer: [MapType.HashOfMaps, 4, 4, 8, 0, 5, 1, 7, 0],
        first: [MapType.Array, 4, 8, 1, 0, 7, 0, 0, 4],
        template: [MapType.Array, 4, 8, 1, 0, 7, 0, 0, 0xffffffff],
      },
      programs: { classifier: "enter", "3/2": "second", "0x3/5": "fifth", "4/0": "elsewhere" },
    });
    const maps = new Map(spec.maps.map((map) => [map.name, map]));
    expect(maps.get("jumps")).toMatchObject({
      isPinnedByName: true,
      values: [
        { index: 2, name: "second" },
        { index: 5, name: "fifth" },
      ],
    });
    expect(maps.get("outer")).toMatchObject({ isPinnedByName: false, values: [{ index: 4, name: "first" }] });
    expect(maps.get("outer")?.inner?.name).toBe("first");
    expect(spec.programs.map(({ name, type }) => [name, type])).toEqual([
      ["enter", 3],
      ["second", 0],
      ["fifth", 0],
      ["elsewhere", 0],
    ]);
  });

  test("a section for each map", () => {
    const maps = { flows: [MapType.Hash, 8, 16, 100, 0] };
    expect(parsed({ section: "maps/flows", size: 280, maps }).maps).toMatchObject([
      { name: "flows", keySize: 8, section: "maps/flows" },
    ]);
  });

  const array = [MapType.Array, 4, 4, 1, 0];
  test.each<[string, LegacyObject, RegExp]>([
    ["a definition that is too short", { size: 16, maps: { a: [2, 4, 4, 1] } }, /needs 20 at least/],
    ["one that says more", { size: 24, maps: { a: [...array, 1] } }, /says more than is known.*offset 20/],
    ["unknown pinning", { size: 36, maps: { a: [...array, 1, 9] } }, /pinning 9 is unknown/],
  ])("%s is refused", (_, object, message) => {
    expect(() => parsed(object)).toThrow(ObjectFormatError);
    expect(() => parsed(object)).toThrow(message);
  });

  test("a definition that refers to something, and one without a symbol, are refused", () => {
    const referring = legacyObject({ size: 40, maps: { a: array } });
    referring.addRelocation(1, { offset: 32, type: BpfRelocation.Abs64, symbol: 0 });
    expect(() => parseObject(referring.toBytes())).toThrow(/refers to something.*offset 32/);
    const nameless = new ElfWriter(true);
    const flags = SectionFlag.Alloc;
    nameless.addSection({ name: "maps", type: SectionType.Progbits, flags, content: new Uint8Array(20) });
    expect(() => parseObject(nameless.toBytes())).toThrow(/no symbol names the maps/);
  });
});

describeWith([ANY_CLANG], "maps without BTF, of clang", () => {
  const source = `
    struct bpf_map_def { __u32 type, key_size, value_size, max_entries, map_flags; };
    struct bpf_map_def SEC("maps") first = {BPF_MAP_TYPE_ARRAY, 4, 8, 3, 0};
    struct bpf_map_def SEC("maps") second = {BPF_MAP_TYPE_HASH, 4, 8, 5, 0};
    struct ____btf_map_second { __u32 key; __u64 value; };
    struct ____btf_map_second SEC(".maps.second") ____btf_map_second = {};
    SEC("xdp") int looks(struct xdp_md *ctx) {
      __u32 key = 0;
      return bpf_map_lookup_elem(&second, &key) != 0;
    }`;

  test.each([[["-g"]], [[]]])("programs refer to them, with flags %j", (flags) => {
    const spec = parseObject(compileText(source, { ...usualVariant(), flags }));
    expect(spec.maps.map(({ name, maxEntries }) => [name, maxEntries])).toEqual([
      ["first", 3],
      ["second", 5],
    ]);
    expect(spec.programs[0].references).toMatchObject([{ kind: "map", map: "second" }]);
    const second = spec.maps[1];
    const types = [second.keyTypeId, second.valueTypeId].map(
      (id) => id !== undefined && spec.btf?.sizeOf(id),
    );
    expect(types).toEqual(flags.length === 0 ? [false, false] : [4, 8]);
  });
});
