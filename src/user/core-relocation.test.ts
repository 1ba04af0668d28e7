import { describe, expect, test } from "vitest";
import { type Btf, BtfBuilder, BtfKind } from "../btf/index.js";
import { CoreRelocationKind, type ObjectSpec } from "../object/index.js";
import { assembledObject } from "../testing/index.js";
import { openUserKernel } from "./index.js";

/** struct config { u32 before[n]; u32 limit; }, or without the member. */
function types(before: number, member = "limit"): Btf {
  const builder = new BtfBuilder();
  const encoding = { signed: false, char: false, bool: false };
  const int = builder.add({ kind: BtfKind.Int, name: "u32", size: 4, bits: 32, bitOffset: 0, encoding });
  const limit = { name: member, type: int, bitOffset: before * 32, bitFieldSize: 0 };
  builder.add({ kind: BtfKind.Struct, name: "config", size: 64, hasBitFields: false, members: [limit] });
  return builder.build();
}

/** Returns where the member is, if there is one; what is behind the question is poisoned without. */
function object(): ObjectSpec {
  const code = `
    r0 = 1
    if r0 == 0 goto +1
    r0 = 4
    exit`;
  const spec = assembledObject({ programs: [{ name: "limit_at", code }] });
  const question = { typeId: 2, access: "0:0" };
  const coreRelocations = [
    { ...question, slot: 0, kind: CoreRelocationKind.FieldExists },
    { ...question, slot: 2, kind: CoreRelocationKind.FieldByteOffset },
  ];
  return {
    ...spec,
    btf: types(1),
    programs: spec.programs.map((program) => ({ ...program, coreRelocations })),
  };
}

describe("CO-RE in the user-space kernel", () => {
  test.each<[string, Btf | undefined, number]>([
    ["without a target, programs are as compiled", undefined, 4],
    ["with a target, they follow its layout", types(5), 20],
    ["what is missing there is never reached", types(0, "other"), 0],
  ])("%s", async (_what, targetBtf, expected) => {
    const spec = object();
    const before = spec.programs[0].code.slice();
    const kernel = openUserKernel(targetBtf === undefined ? {} : { targetBtf });
    const loaded = await kernel.load(spec);
    expect(loaded.program("limit_at").run(new Uint8Array(60)).retval).toBe(expected);
    expect(spec.programs[0].code).toEqual(before);
  });

  test("what is missing and reached is said to be", async () => {
    const spec = object();
    const [program] = spec.programs;
    const coreRelocations = program.coreRelocations.slice(1);
    const unguarded = { ...spec, programs: [{ ...program, coreRelocations }] };
    const loaded = await openUserKernel({ targetBtf: types(0, "other") }).load(unguarded);
    const { trap } = loaded.program("limit_at").run(new Uint8Array(60));
    expect(trap).toMatchObject({
      kind: "invalid instruction",
      message: expect.stringMatching("CO-RE relocation failed"),
    });
  });
});
