import { describe, expect, test } from "vitest";
import { CodeView, encode, type Instruction, PseudoCall, PseudoLd, swapCode } from "../asm/index.js";
import { BtfBuilder, BtfKind } from "../btf/index.js";
import {
  BpfRelocation,
  ElfWriter,
  type NewSymbol,
  SectionFlag,
  SectionType,
  SHN_COMMON,
  SymbolType,
} from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import { MapFlag, ProgramType } from "../uapi/index.js";
import { parseObject } from "./index.js";

const CODE = { type: SectionType.Progbits, flags: SectionFlag.Alloc | SectionFlag.ExecInstr, align: 8 };
const DATA = { type: SectionType.Progbits, flags: SectionFlag.Alloc | SectionFlag.Write };
/** r0 = 2, exit: a function of two slots. */
const RETURN: readonly Instruction[] = [
  { opcode: 0xb7, dst: 0, src: 0, offset: 0, imm: 2 },
  { opcode: 0x95, dst: 0, src: 0, offset: 0, imm: 0 },
];
const call = (imm: number): Instruction => ({ opcode: 0x85, dst: 0, src: PseudoCall.Local, offset: 0, imm });
const load = (imm: number): Instruction => ({ opcode: 0x18, dst: 1, src: 0, offset: 0, imm, nextImm: 0 });

/** An object in the making, without any compiler. */
class Draft {
  readonly elf: ElfWriter;
  readonly #littleEndian: boolean;

  constructor(littleEndian = true) {
    this.elf = new ElfWriter(littleEndian);
    this.#littleEndian = littleEndian;
  }

  code(name: string, instructions: readonly Instruction[]): number {
    const code = encode(instructions);
    return this.elf.addSection({ name, ...CODE, content: this.#littleEndian ? code : swapCode(code) });
  }

  symbol(name: string, section: number, facts: Partial<NewSymbol> = {}): number {
    const usual = { value: 0, size: 0, type: SymbolType.Func, binding: "global", visibility: 0 } as const;
    return this.elf.addSymbol({ ...usual, name, section, ...facts });
  }

  read() {
    return parseObject(this.elf.toBytes());
  }
}

function withProgram(instructions: readonly Instruction[] = RETURN): { draft: Draft; xdp: number } {
  const draft = new Draft();
  const xdp = draft.code("xdp", instructions);
  draft.symbol("entry", xdp, { size: encode(instructions).length });
  return { draft, xdp };
}

describe("objects made by hand", () => {
  test.each([true, false])("a program and its subprogram (little endian: %s)", (littleEndian) => {
    const draft = new Draft(littleEndian);
    const text = draft.code(".text", [...RETURN, ...RETURN]);
    const xdp = draft.code("xdp", [call(1), ...RETURN]);
    draft.symbol("unused", text, { size: 16, binding: "local" });
    draft.symbol("used", text, { value: 16, size: 16, binding: "local" });
    draft.symbol("entry", xdp, { size: 24 });
    const section = draft.symbol("", text, { type: SymbolType.Section, binding: "local" });
    draft.elf.addRelocation(xdp, { offset: 0, type: BpfRelocation.Call32, symbol: section });
    const { programs } = draft.read();
    expect(programs).toMatchObject([{ name: "entry", type: ProgramType.Xdp, section: "xdp" }]);
    expect(programs[0].functions.map(({ name, slot }) => [name, slot])).toEqual([
      ["entry", 0],
      ["used", 3],
    ]);
    expect(programs[0].code).toEqual(encode([call(2), ...RETURN, ...RETURN]));
  });

  test.each([
    ["a section's symbol", SymbolType.Section, 24, 0],
    ["a function's symbol", SymbolType.Func, 0, 24],
  ])("a pointer to a function, by %s", (_, type, imm, value) => {
    const draft = new Draft();
    const text = draft.code(".text", [...RETURN, RETURN[1], ...RETURN]);
    const xdp = draft.code("xdp", [load(imm), ...RETURN]);
    draft.symbol("other", text, { size: 24 });
    draft.symbol("callback", text, { value: 24, size: 16, binding: "local" });
    draft.symbol("entry", xdp, { size: 32 });
    const symbol = draft.symbol("", text, { type, value, binding: "local", size: type === 3 ? 0 : 16 });
    draft.elf.addRelocation(xdp, { offset: 0, type: BpfRelocation.Imm64, symbol });
    const [program] = draft.read().programs;
    const code = new CodeView(program.code);
    expect([code.src(0), code.imm(0), program.functions[1].slot]).toEqual([PseudoLd.Func, 3, 4]);
  });

  test("subprograms stand in the order of their first call, each once, however they call each other", () => {
    const draft = new Draft();
    const text = draft.code(".text", [call(2), ...RETURN, call(-4), ...RETURN]);
    const xdp = draft.code("xdp", [call(-1), call(-1), ...RETURN]);
    draft.symbol("first", text, { size: 24 });
    const last = draft.symbol("last", text, { value: 24, size: 24 });
    draft.symbol("entry", xdp, { size: 32 });
    const first = draft.symbol("", text, { type: SymbolType.Section, binding: "local" });
    draft.elf.addRelocation(xdp, { offset: 8, type: BpfRelocation.Call32, symbol: first });
    draft.elf.addRelocation(xdp, { offset: 0, type: BpfRelocation.Call32, symbol: last });
    const [program] = draft.read().programs;
    expect(program.functions.map(({ name }) => name)).toEqual(["entry", "last", "first"]);
  });

  test("a variable of a section, with what the instruction adds to its place", () => {
    const { draft, xdp } = withProgram([load(4), ...RETURN]);
    const data = draft.elf.addSection({ name: ".data", ...DATA, content: new Uint8Array(16) });
    const symbol = draft.symbol("pair", data, { type: SymbolType.Object, value: 8, size: 8 });
    draft.elf.addRelocation(xdp, { offset: 0, type: BpfRelocation.Imm64, symbol });
    const spec = draft.read();
    expect(spec.programs[0].references).toEqual([{ kind: "map-value", slot: 0, map: ".data", offset: 12 }]);
    // Without BTF nobody can know its variables.
    expect(spec.maps).toMatchObject([{ name: ".data", flags: 0, valueSize: 16 }]);
    expect(spec.globals.get("pair")).toEqual(new Uint8Array(8));
  });

  test("sections of one name, and variables of one name, are told apart", () => {
    const { draft } = withProgram();
    for (const value of [1, 2]) {
      const content = Uint8Array.of(value, 0, 0, 0);
      const data = draft.elf.addSection({ name: ".rodata.x", ...DATA, content });
      draft.symbol("count", data, { type: SymbolType.Object, size: 4, binding: "local" });
    }
    const { maps, globals } = draft.read();
    expect(maps.map(({ name, flags }) => [name, flags])).toEqual([
      [".rodata.x", MapFlag.RdonlyProg],
      [".rodata.x#2", MapFlag.RdonlyProg],
    ]);
    expect(globals.names).toEqual(["count", "count.1"]);
    expect(globals.get("count.1")).toEqual(Uint8Array.of(2, 0, 0, 0));
  });

  test("code that no function has is not looked at", () => {
    const draft = new Draft();
    const xdp = draft.code("xdp", [call(99), ...RETURN]);
    draft.symbol("entry", xdp, { value: 8, size: 16 });
    const absolute = draft.symbol("gone", 0xfff1, { type: SymbolType.None });
    draft.elf.addRelocation(xdp, { offset: 0, type: BpfRelocation.Call32, symbol: absolute });
    expect(draft.read().programs[0].code).toEqual(encode(RETURN));
  });

  const flags = SectionFlag.Alloc;
  test.each<[string, (draft: Draft, xdp: number) => void, RegExp]>([
    [
      "code that is no instructions",
      (draft) => draft.elf.addSection({ name: "tc", ...CODE, content: new Uint8Array(12) }),
      /12 bytes of code are no multiple of 8.*\(in tc\)/,
    ],
    [
      "a function past the end",
      (draft, xdp) => draft.symbol("far", xdp, { value: 24, size: 16 }),
      /function far of 16 bytes at 24 is not in its section.*\(in xdp at offset 24\)/,
    ],
    ["a function without code", (draft, xdp) => draft.symbol("none", xdp), /function none of 0 bytes/],
    [
      "a function of half an instruction",
      (draft, xdp) => draft.symbol("half", xdp, { size: 12 }),
      /function half of 12 bytes/,
    ],
    [
      "functions that overlap",
      (draft, xdp) => draft.symbol("inside", xdp, { value: 8, size: 8 }),
      /function inside overlaps another/,
    ],
    [
      "a kernel version of 2 bytes",
      (draft) => draft.elf.addSection({ name: "version", ...DATA, content: new Uint8Array(2) }),
      /a kernel version has 4 bytes, not 2 \(in version\)/,
    ],
    [
      "variables of 2^31 bytes",
      (draft) => draft.elf.addSection({ name: ".bss", type: SectionType.Nobits, flags, content: 2 ** 31 }),
      /2147483648 bytes of variables are more than a map's value can have/,
    ],
    [
      "variables of 2^50 bytes",
      (draft) => draft.elf.addSection({ name: ".bss.x", type: SectionType.Nobits, flags, content: 2 ** 50 }),
      /bytes of variables are more than a map's value/,
    ],
  ])("%s: refused by name and place", (_, change, message) => {
    const { draft, xdp } = withProgram();
    change(draft, xdp);
    expect(() => draft.read()).toThrow(ObjectFormatError);
    expect(() => draft.read()).toThrow(message);
  });

  const reference = (facts: Partial<NewSymbol> & { readonly at?: number; readonly named?: string }) => {
    const { at = 0, named = "it", ...rest } = facts;
    const { draft, xdp } = withProgram([load(0), call(-1), ...RETURN]);
    const symbol = draft.symbol(named, rest.section ?? 0, { type: SymbolType.None, ...rest });
    draft.elf.addRelocation(xdp, { offset: at, type: BpfRelocation.Imm64, symbol });
    return draft;
  };
  test.each<[string, Draft, RegExp]>([
    ["half an instruction", reference({ section: 0xfff1, at: 4 }), /it is not at an instruction.*offset 4/],
    ["a plain instruction", reference({ section: 0xfff1, at: 24 }), /only calls and 64-bit immediate loads/],
    ["what is nowhere", reference({ section: 0xfff1 }), /"it": it is neither map, variable nor function/],
    [
      "what is called, and is nowhere",
      reference({ section: 0xfff1, at: 16 }),
      /what is called is no function/,
    ],
    [
      "a common variable",
      reference({ section: SHN_COMMON }),
      /common symbol has no place yet: .*-fno-common/,
    ],
    ["an extern", reference({}), /"it" is defined elsewhere, and without BTF nothing says where/],
    [
      "the middle of a function",
      reference({ section: 1, value: 8, type: SymbolType.Section }),
      /is no function/,
    ],
    ["the middle of an instruction", reference({ section: 1, value: 3 }), /there is no function at byte 3/],
  ])("a reference to %s is refused", (_, draft, message) => {
    expect(() => draft.read()).toThrow(message);
  });

  test("an extern that BTF does not have is refused", () => {
    const draft = reference({});
    const types = new BtfBuilder();
    types.add({ kind: BtfKind.Fwd, name: "other", isUnion: false });
    draft.elf.addSection({ name: ".BTF", ...DATA, content: types.toBytes() });
    expect(() => draft.read()).toThrow(/"it" is neither defined nor declared: there is no C library in BPF/);
  });

  test("a stripped object, and one that refers to jump tables, are refused", () => {
    const stripped = new Draft();
    stripped.code("xdp", RETURN);
    const bytes = stripped.elf.toBytes();
    // The symbols' section becomes one of no meaning.
    const table = Number(new DataView(bytes.buffer).getBigUint64(40, true));
    bytes[table + 2 * 64 + 4] = 7;
    expect(() => parseObject(bytes)).toThrow(/there are no symbols: strip it with llvm-strip -g/);
    const { draft, xdp } = withProgram([load(0), ...RETURN]);
    const tables = draft.elf.addSection({ name: ".jumptables", ...DATA, content: new Uint8Array(8) });
    const symbol = draft.symbol("table", tables, { type: SymbolType.Object, size: 8 });
    draft.elf.addRelocation(xdp, { offset: 0, type: BpfRelocation.Imm64, symbol });
    expect(() => draft.read()).toThrow(/jump tables need Linux 6.19: compile with -fno-jump-tables/);
  });

  test("programs that share an enormous subprogram are refused before they fill the memory", () => {
    const draft = new Draft();
    const many = 1 << 18;
    const content = new Uint8Array(many * 8);
    for (let slot = 0; slot < many; slot++) content.set([0xb7], slot * 8);
    const text = draft.elf.addSection({ name: ".text", ...CODE, content });
    const callers = 64;
    const xdp = draft.code("xdp", Array.from({ length: callers }, () => [call(-1), RETURN[1]]).flat());
    const large = draft.symbol("large", text, { size: content.length });
    for (let i = 0; i < callers; i++) {
      draft.symbol(`caller${i}`, xdp, { value: i * 16, size: 16 });
      draft.elf.addRelocation(xdp, { offset: i * 16, type: BpfRelocation.Call32, symbol: large });
    }
    expect(() => draft.read()).toThrow(/programs have more than 8388608 instructions: split the object/);
  });
});
