import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CodeView, program as encodeProgram, type Instruction, insn } from "../../asm/index.js";
import { type Btf, BtfBuilder, BtfKind, type BtfType, encodeValue } from "../../btf/index.js";
import { CoreRelocationError, ObjectFormatError } from "../../errors.js";
import { ProgramType } from "../../uapi/index.js";
import { CoreRelocationKind, type CoreTarget, type ProgramSpec, relocateCore } from "../index.js";
import { POISON_HELPER } from "./patch-instruction.js";

const {
  FieldByteOffset,
  FieldByteSize,
  FieldExists,
  FieldLshiftU64,
  FieldRshiftU64,
  FieldSigned,
  TypeIdLocal,
  TypeIdTarget,
  TypeExists,
  TypeSize,
  EnumvalExists,
  EnumvalValue,
} = CoreRelocationKind;

const encoding = { signed: false, char: false, bool: false };
const u32: BtfType = { kind: BtfKind.Int, name: "u32", size: 4, bits: 32, bitOffset: 0, encoding };
const u64: BtfType = { ...u32, name: "u64", size: 8, bits: 64 };

/** A struct with members [name, type, byte]; type 1 is always u32, 2 u64. */
function struct(name: string, size: number, ...members: [string, number, number][]): BtfType {
  return {
    kind: BtfKind.Struct,
    name,
    size,
    hasBitFields: false,
    members: members.map(([each, type, byte]) => ({
      name: each,
      type,
      bitOffset: byte * 8,
      bitFieldSize: 0,
    })),
  };
}

function enumeration(name: string, values: Record<string, bigint>, signed = false): BtfType {
  const list = Object.entries(values).map(([each, value]) => ({ name: each, value }));
  return { kind: BtfKind.Enum, name, size: 4, signed, values: list };
}

function btfOf(...types: BtfType[]): Btf {
  const builder = new BtfBuilder();
  for (const type of [u32, u64, ...types]) builder.add(type);
  return builder.build();
}

function programOf(
  code: Uint8Array,
  ...relocations: [slot: number, typeId: number, access: string, kind: number][]
) {
  const spec: ProgramSpec = {
    name: "prog",
    section: "xdp",
    type: ProgramType.Xdp,
    attachType: undefined,
    attachTarget: undefined,
    isSleepable: false,
    hasFrags: false,
    isAutoloaded: true,
    code,
    functions: [],
    lines: [],
    references: [],
    coreRelocations: relocations.map(([slot, typeId, access, kind]) => ({ slot, typeId, access, kind })),
  };
  return spec;
}

/** One instruction with one relocation of type 3, applied. */
function patched(
  local: Btf,
  target: CoreTarget | undefined,
  instruction: Instruction,
  access: string,
  kind: number,
  typeId = 3,
): CodeView {
  const spec = programOf(encodeProgram(instruction, insn.exit()), [0, typeId, access, kind]);
  return new CodeView(relocateCore(spec, local, target));
}

const local = btfOf(struct("foo", 8, ["a", 1, 0], ["b", 1, 4]));
const load = (offset: number) => insn.load("W", 1, 2, offset);

describe("ambiguous relocations", () => {
  const target = btfOf(struct("foo", 8, ["b", 1, 0]), struct("foo___2", 8, ["b", 1, 4]));
  const answer = () => patched(local, { vmlinux: target }, load(4), "0:1", FieldByteOffset);

  test("are refused by an error that names both candidates", () => {
    expect(answer).toThrow(CoreRelocationError);
    expect(answer).toThrow(
      "program prog, instruction 0: struct foo.b is ambiguous: " +
        "struct foo.b (type 3 of the kernel) at bit 0 gives 0, but " +
        "struct foo___2.b (type 4 of the kernel) at bit 32 gives 4",
    );
    try {
      answer();
    } catch (error) {
      expect(error).toMatchObject({ program: "prog", slot: 0 });
      expect((error as CoreRelocationError).candidates).toHaveLength(2);
    }
  });

  test("are none where candidates agree", () => {
    const twins = btfOf(struct("foo", 8, ["b", 1, 4]), struct("foo___2", 16, ["x", 1, 0], ["b", 1, 4]));
    expect(patched(local, { vmlinux: twins }, load(4), "0:1", FieldByteOffset).offset(0)).toBe(4);
  });

  test("are none where only one candidate has the field, and then that one counts for what follows", () => {
    const two = btfOf(struct("foo", 8, ["b", 1, 0]), struct("foo___2", 16, ["a", 1, 8], ["b", 1, 4]));
    const code = encodeProgram(load(0), load(4), insn.exit());
    const first = programOf(code, [0, 3, "0:0", FieldByteOffset], [1, 3, "0:1", FieldByteOffset]);
    expect(new CodeView(relocateCore(first, local, { vmlinux: two })).offset(1)).toBe(4);
    const other = programOf(code, [1, 3, "0:1", FieldByteOffset], [0, 3, "0:0", FieldByteOffset]);
    expect(() => relocateCore(other, local, { vmlinux: two })).toThrow(/ambiguous/);
  });

  test.each<[string, number, BtfType, BtfType]>([
    ["sizes of types", TypeSize, struct("foo", 8), struct("foo___2", 16)],
    ["ids of types", TypeIdTarget, struct("foo", 8), struct("foo___2", 8)],
  ])("%s are compared too", (_what, kind, one, other) => {
    const vmlinux = btfOf(one, other);
    expect(() => patched(local, { vmlinux }, insn.mov64Imm(1, 8), "0", kind)).toThrow(/ambiguous/);
  });
});

describe("types of modules", () => {
  const vmlinux = btfOf(struct("bar", 4));
  const module = (name: string, byte: number) => {
    const builder = new BtfBuilder({ base: vmlinux });
    builder.add(struct("foo", 32, ["b", 1, byte]));
    return { name, btf: builder.build() };
  };

  test("count where the kernel has none", () => {
    const target = { vmlinux, modules: [module("veth", 20)] };
    expect(patched(local, target, load(4), "0:1", FieldByteOffset).offset(0)).toBe(20);
    const own = btfOf(struct("foo", 8, ["b", 1, 0]));
    expect(patched(local, { ...target, vmlinux: own }, load(4), "0:1", FieldByteOffset).offset(0)).toBe(0);
  });

  test("must agree, and are named with their module", () => {
    const target = { vmlinux, modules: [module("veth", 20), module("bonding", 24)] };
    expect(() => patched(local, target, load(4), "0:1", FieldByteOffset)).toThrow(
      /type 4 of module veth\) at bit 160 gives 20, but .* of module bonding\) at bit 192 gives 24/,
    );
  });
});

describe("instructions", () => {
  const moved = btfOf(struct("foo", 0x9000, ["a", 1, 0x8000], ["b", 2, 16]));
  const target = { vmlinux: moved };

  test("the width of an access follows the field's", () => {
    const code = patched(local, target, load(4), "0:1", FieldByteOffset);
    expect([code.opcode(0), code.offset(0)]).toEqual([insn.load("Dw", 1, 2, 0).opcode, 16]);
  });

  test("an offset that no instruction has room for is refused", () => {
    expect(() => patched(local, target, load(0), "0:0", FieldByteOffset)).toThrow(CoreRelocationError);
    expect(() => patched(local, target, load(0), "0:0", FieldByteOffset)).toThrow(
      /struct foo.a is at byte 32768/,
    );
    expect(patched(local, target, insn.mov64Imm(1, 0), "0:0", FieldByteOffset).imm(0)).toBe(0x8000);
  });

  test("what is missing poisons its instruction, both halves of a wide one", () => {
    const none = { vmlinux: btfOf(struct("foo", 8)) };
    const narrow = patched(local, none, load(4), "0:1", FieldByteOffset);
    expect([narrow.opcode(0), narrow.imm(0)]).toEqual([0x85, POISON_HELPER]);
    const wide = patched(local, none, insn.imm64(1, 4n), "0:1", FieldByteOffset);
    expect([0, 1].map((slot) => [wide.opcode(slot), wide.imm(slot)])).toEqual([
      [0x85, POISON_HELPER],
      [0x85, POISON_HELPER],
    ]);
    expect(patched(local, none, insn.mov64Imm(1, 1), "0:1", FieldExists).imm(0)).toBe(0);
  });

  test.each<[string, Instruction, string, number, RegExp]>([
    [
      "another offset than the compiler's",
      load(8),
      "0:1",
      FieldByteOffset,
      /has 8 where the object's types say 4/,
    ],
    ["another immediate", insn.mov64Imm(1, 7), "0:1", FieldExists, /has 7 where the object's types say 1/],
    [
      "another width than the field's",
      insn.load("Dw", 1, 2, 4),
      "0:1",
      FieldByteOffset,
      /does not access the 4 bytes/,
    ],
    ["an operand that is a register", insn.mov64Reg(1, 2), "0:1", FieldExists, /has no immediate/],
    ["an instruction that takes none", insn.exit(), "0:1", FieldExists, /takes no relocation/],
    ["a load of a map", insn.mapFd(1, 4), "0:1", FieldByteOffset, /takes no relocation/],
    ["an access of letters", load(4), "0:x", FieldByteOffset, /list of indices/],
    ["an access of nothing", load(4), "", FieldByteOffset, /list of indices/],
    ["a negative index", load(4), "0:-1", FieldByteOffset, /list of indices/],
    ["a member that does not exist", load(4), "0:2", FieldByteOffset, /has no member 2/],
    ["a part of a number", load(4), "0:1:0", FieldByteOffset, /u32 has no parts/],
    ["more steps than there can be", load(4), `0${":1".repeat(64)}`, FieldByteOffset, /more than 64 steps/],
    ["a kind that does not exist", load(4), "0:1", 13, /kind 13/],
    ["a type with an access", load(4), "0:1", TypeExists, /access "0"/],
    ["an enumerator of a struct", load(4), "0", EnumvalValue, /no enum/],
  ])("%s is refused", (_what, instruction, access, kind, message) => {
    const attempt = () => patched(local, target, instruction, access, kind);
    expect(attempt).toThrow(ObjectFormatError);
    expect(attempt).toThrow(message);
  });

  test("an instruction that the program does not have is refused", () => {
    const spec = programOf(encodeProgram(insn.exit()), [1, 3, "0:1", FieldExists]);
    expect(() => relocateCore(spec, local, target)).toThrow(/instruction 1, which program prog lacks/);
  });

  test("types without a name are refused, since nothing is found by it", () => {
    const anonymous = btfOf(struct("", 8, ["a", 1, 0]));
    expect(() => patched(anonymous, target, load(0), "0:0", FieldByteOffset)).toThrow(/no name/);
  });
});

describe("enumerators", () => {
  const from = btfOf(enumeration("e", { A: 0xf0000000n, B: 1n }));
  const value = (target: Btf, instruction: Instruction, index = 0) =>
    patched(from, { vmlinux: target }, instruction, String(index), EnumvalValue);
  const wide = (code: CodeView) => [code.imm(0), code.imm(1)];

  test("from 2^31 on stay unsigned where the compiler has them so", () => {
    const to = btfOf(enumeration("e", { A: 0x90000001n }));
    expect(wide(value(to, insn.imm64(1, 0xf0000000n)))).toEqual([0x90000001 | 0, 0]);
    expect(wide(value(to, insn.imm64(1, -0x10000000n)))).toEqual([0x90000001 | 0, -1]);
    expect(value(to, insn.mov64Imm(1, 0xf0000000 | 0)).imm(0)).toBe(0x90000001 | 0);
  });

  test("of 64 bits replace those of 32", () => {
    const to = btfOf({
      kind: BtfKind.Enum64,
      name: "e___wide",
      size: 8,
      signed: false,
      values: [
        { name: "B___2", value: 0x123456789n },
        { name: "C", value: 0n },
      ],
    });
    expect(wide(value(to, insn.imm64(1, 1n), 1))).toEqual([0x23456789, 1]);
    expect(patched(from, { vmlinux: to }, insn.mov64Imm(1, 1), "0", EnumvalExists).imm(0)).toBe(0);
    expect(value(to, insn.mov64Imm(1, 0)).imm(0)).toBe(POISON_HELPER);
  });
});

describe("without a kernel", () => {
  test("code stays as it was compiled, but for ids of the object's own types", () => {
    const flavored = btfOf(struct("foo", 8, ["a", 1, 0]), struct("foo___2", 8, ["a", 1, 4]));
    expect(patched(flavored, undefined, load(0), "0:0", FieldByteOffset).offset(0)).toBe(0);
    expect(patched(flavored, undefined, insn.mov64Imm(1, 1), "0:0", FieldExists).imm(0)).toBe(1);
    expect(patched(flavored, undefined, insn.imm64(1, 77n), "0", TypeIdLocal).imm(0)).toBe(3);
  });

  test("a relocation that makes no sense is refused all the same", () => {
    expect(() => patched(local, undefined, load(0), "0:9", FieldByteOffset)).toThrow(ObjectFormatError);
  });
});

test("types of another byte order are refused", () => {
  const big = new BtfBuilder({ littleEndian: false });
  big.add(u32);
  const attempt = () => patched(local, { vmlinux: big.build() }, load(4), "0:1", FieldByteOffset);
  expect(attempt).toThrow(/another byte order/);
});

/** Reading a bit-field by its relocations: bytes at an offset, shifted to and fro. */
describe("bit-fields", () => {
  test("are read as they were written, in either byte order", () => {
    const field = fc.record({
      storage: fc.constantFrom(1, 2, 4, 8),
      bits: fc.integer({ min: 1, max: 64 }),
      gap: fc.nat({ max: 20 }),
      signed: fc.boolean(),
      value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    });
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 8 }), fc.boolean(), (fields, littleEndian) => {
        const builder = new BtfBuilder({ littleEndian });
        const members = [];
        const values: Record<string, bigint> = {};
        let at = 0;
        for (const [i, { storage, bits, gap, signed, value }] of fields.entries()) {
          const width = Math.min(bits, storage * 8);
          const type = builder.add({
            kind: BtfKind.Int,
            name: `int${i}`,
            size: storage,
            bits: storage * 8,
            bitOffset: 0,
            encoding: { ...encoding, signed },
          });
          at += gap;
          // As C lays them out: within one unit of the type.
          if ((at % (storage * 8)) + width > storage * 8) at = Math.ceil(at / (storage * 8)) * storage * 8;
          members.push({ name: `f${i}`, type, bitOffset: at, bitFieldSize: width });
          values[`f${i}`] = signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
          at += width;
        }
        const size = Math.ceil(at / 64) * 8;
        const id = builder.add({ kind: BtfKind.Struct, name: "s", size, hasBitFields: true, members });
        const btf = builder.build();
        const bytes = encodeValue(btf, id, values, littleEndian);
        members.forEach(({ name, bitFieldSize }, i) => {
          // What is certain stands there as the compiler has it; the rest is open.
          const questions: [kind: number, compiled: number][] = [
            [FieldByteOffset, 0],
            [FieldByteSize, 0],
            [FieldLshiftU64, 0],
            [FieldRshiftU64, 64 - bitFieldSize],
            [FieldSigned, Number(fields[i].signed)],
          ];
          const spec = programOf(
            encodeProgram(...questions.map(([, compiled]) => insn.mov64Imm(1, compiled))),
            ...questions.map(
              ([kind], slot) => [slot, id, `0:${i}`, kind] as [number, number, string, number],
            ),
          );
          const view = new CodeView(relocateCore(spec, btf, { vmlinux: btf }));
          const [offset, width, left, right, signed] = questions.map((_, slot) => view.imm(slot));
          let raw = 0n;
          for (let byte = 0; byte < width; byte++) {
            raw = (raw << 8n) | BigInt(bytes[littleEndian ? offset + width - 1 - byte : offset + byte]);
          }
          const shifted = BigInt.asUintN(64, raw << BigInt(left));
          const value = signed === 1 ? BigInt.asIntN(64, shifted) >> BigInt(right) : shifted >> BigInt(right);
          expect(value).toBe(values[name]);
        });
      }),
      { numRuns: 300 },
    );
  });
});
