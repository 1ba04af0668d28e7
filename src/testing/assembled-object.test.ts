import { describe, expect, test } from "vitest";
import { disassemble } from "../asm/index.js";
import { BtfKind } from "../btf/index.js";
import { InstructionError, SyntaxProblem } from "../errors.js";
import { MapType, ProgramType } from "../uapi/index.js";
import { type AssembledObject, assembledObject } from "./index.js";

const counters = { name: "counters", type: MapType.Array, maxEntries: 4 };
const programOf = (code: string, more: Partial<AssembledObject> = {}) =>
  assembledObject({ programs: [{ name: "main", code }], maps: [counters], ...more }).programs[0];

describe("assembledObject", () => {
  test("refers to maps, places in their values, and kernel functions", () => {
    const spec = assembledObject({
      programs: [
        {
          name: "main",
          type: ProgramType.SchedCls,
          code: "r1 = counters ll\nr2 = counters[0]+8 ll\ncall kfunc#1\nexit",
          kfuncs: ["bpf_rcu_read_lock", "bpf_rcu_read_unlock"],
        },
      ],
      maps: [{ name: "other", type: MapType.Hash }, counters],
    });
    expect(spec.programs[0].references).toEqual([
      { kind: "map", slot: 0, map: "counters" },
      { kind: "map-value", slot: 2, map: "counters", offset: 8 },
      { kind: "kfunc", slot: 4, name: "bpf_rcu_read_unlock", isWeak: false },
    ]);
    expect(spec.maps[0]).toMatchObject({ keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 });
    expect(spec.programs[0]).toMatchObject({ type: ProgramType.SchedCls, isAutoloaded: true });
  });

  test("calls helpers by name, with or without bpf_", () => {
    const { code } = programOf("call ktime_get_ns\ncall bpf_ktime_get_ns\nexit");
    expect(disassemble(code).map(({ text }) => text)).toEqual(["call 0x5", "call 0x5", "exit"]);
  });

  test("has types for functions only where Linux wants them", () => {
    const plain = programOf("call f\nexit\nf: r0 = 1\nexit");
    expect(plain.functions.map(({ name, slot, typeId }) => [name, slot, typeId])).toEqual([
      ["main", 0, undefined],
      ["main_1", 2, undefined],
    ]);
    const spec = assembledObject({
      programs: [{ name: "main", code: "r2 = f ll\nr0 = 0\nexit\nf: r0 = 1\nexit" }],
    });
    const [main, callback] = spec.programs[0].functions;
    expect(spec.btf?.type(main.typeId ?? 0)).toMatchObject({
      kind: BtfKind.Func,
      name: "main",
      linkage: "global",
    });
    expect(spec.btf?.type(callback.typeId ?? 0)).toMatchObject({ name: "main_1", linkage: "static" });
  });

  test("has types for values with locks and timers: structs with them in their places", () => {
    const special = [
      { kind: "spin_lock", offset: 4, size: 4 },
      { kind: "timer", offset: 16, size: 16 },
    ] as const;
    const { btf, maps } = assembledObject({
      programs: [],
      maps: [{ name: "guarded", type: MapType.Array, valueSize: 40, special }],
    });
    const type = btf?.type(maps[0].valueTypeId ?? 0);
    if (btf === undefined || type?.kind !== BtfKind.Struct) throw new Error("the value is no struct");
    expect(type.size).toBe(40);
    expect(
      type.members.map((member) => [member.bitOffset / 8, btf.sizeOf(member.type), btf.name(member.type)]),
    ).toEqual([
      [0, 4, ""],
      [4, 4, "bpf_spin_lock"],
      [8, 8, ""],
      [16, 16, "bpf_timer"],
      [32, 8, ""],
    ]);
    expect(btf.sizeOf(maps[0].keyTypeId ?? 0)).toBe(4);
  });

  test.each<[string, () => unknown, RegExp, new (...args: never[]) => Error]>([
    ["text that is no program", () => programOf("r1 ="), /line 1/, InstructionError],
    ["a jump to nowhere", () => programOf("goto +5\nexit"), /out of range/, InstructionError],
    ["a map that is not there", () => programOf("r1 = map[idx:7]\nexit"), /no map 7/, SyntaxProblem],
    ["a kernel function without a name", () => programOf("call kfunc#0\nexit"), /no kfunc 0/, SyntaxProblem],
    [
      "fields that it has no types for",
      () =>
        programOf("exit", {
          maps: [{ ...counters, special: [{ kind: "kptr", offset: 0, size: 8 }] }],
        }),
      /no kptr fields/,
      SyntaxProblem,
    ],
    [
      "global variables",
      () => assembledObject({ programs: [] }).globals.get("x"),
      /no global variable/,
      SyntaxProblem,
    ],
  ])("refuses %s", (_name, make, message, type) => {
    expect(make).toThrow(message);
    expect(make).toThrow(type);
  });
});
