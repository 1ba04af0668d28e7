import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seedOf } from "../../tests/seed.js";
import { ObjectFormatError } from "../errors.js";
import {
  BpfRelocation,
  ElfWriter,
  type NewSection,
  parseElf,
  SectionFlag,
  SectionType,
  SymbolType,
} from "./index.js";

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i + 1);

/** Code, data, .bss, two symbols and a relocation. */
function sample(littleEndian = true): Uint8Array {
  const elf = new ElfWriter(littleEndian);
  const code = { type: SectionType.Progbits, flags: SectionFlag.Alloc | SectionFlag.ExecInstr, align: 8 };
  const xdp = elf.addSection({ name: "xdp", ...code, content: bytes(24) });
  const bss = elf.addSection({
    name: ".bss",
    type: SectionType.Nobits,
    flags: SectionFlag.Alloc,
    content: 40,
  });
  const program = { name: "pass", value: 0, size: 24, type: SymbolType.Func, visibility: 0, section: xdp };
  elf.addSymbol({ ...program, binding: "global" });
  const own = { name: "own", value: 8, size: 4, type: SymbolType.Object, visibility: 0, section: bss };
  const symbol = elf.addSymbol({ ...own, binding: "local" });
  elf.addRelocation(xdp, { offset: 8, type: BpfRelocation.Imm64, symbol });
  return elf.toBytes();
}

/** Sets a number of so many bytes at an offset. */
function patched(file: Uint8Array, offset: number, value: bigint, size: 1 | 2 | 4 | 8): Uint8Array {
  const copy = file.slice();
  for (let i = 0; i < size; i++) copy[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return copy;
}

const file = sample();
const table = Number(new DataView(file.buffer).getBigUint64(40, true));
/** Where a field of a section's header stands. */
const header = (section: number, field: number) => table + section * 64 + field;
const [XDP, BSS, REL, SYMTAB, STRTAB] = [1, 2, 3, 4, 5];
const contentOf = (section: number) =>
  Number(new DataView(file.buffer).getBigUint64(header(section, 24), true));

function refusal(input: Uint8Array): ObjectFormatError {
  try {
    parseElf(input);
  } catch (error) {
    if (error instanceof ObjectFormatError) return error;
    throw error;
  }
  throw new Error("it was read");
}

describe("ELF", () => {
  test.each([true, false])("what is written is read again (little endian: %s)", (littleEndian) => {
    const elf = parseElf(sample(littleEndian));
    expect(elf.littleEndian).toBe(littleEndian);
    expect(elf.sections.map(({ name, size, align }) => [name, size, align])).toEqual([
      ["", 0, 0],
      ["xdp", 24, 8],
      [".bss", 40, 1],
      [".relxdp", 16, 8],
      [".symtab", 72, 8],
      [".strtab", elf.sections[STRTAB].size, 1],
    ]);
    expect(elf.sections[XDP].data).toEqual(bytes(24));
    expect(elf.sections[BSS].data).toEqual(new Uint8Array(0));
    // Local symbols come first.
    expect(elf.symbols.map(({ name, binding, value }) => [name, binding, value])).toEqual([
      ["", "local", 0],
      ["own", "local", 8],
      ["pass", "global", 0],
    ]);
    expect(elf.relocations.get(XDP)).toEqual([
      { offset: 8, type: BpfRelocation.Imm64, symbol: elf.symbols[1] },
    ]);
  });

  test("any sections and symbols are read as they were written", () => {
    const seed = seedOf("ELF sections");
    const section: fc.Arbitrary<NewSection> = fc.record({
      name: fc.string({ unit: "grapheme-ascii" }),
      type: fc.constant(SectionType.Progbits),
      flags: fc.nat({ max: 0xffff }),
      align: fc.constantFrom(1, 2, 8, 64),
      entrySize: fc.nat(),
      content: fc.uint8Array({ maxLength: 40 }),
    });
    const anySymbol = fc.record({
      name: fc.string({ unit: "grapheme-ascii" }),
      value: fc.nat(),
      size: fc.nat(),
      type: fc.nat({ max: 4 }),
      binding: fc.constantFrom<("local" | "global" | "weak")[]>("local", "global", "weak"),
      visibility: fc.nat({ max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(section, { minLength: 1, maxLength: 8 }),
        fc.array(anySymbol, { maxLength: 8 }),
        fc.boolean(),
        (sections, symbols, littleEndian) => {
          const writer = new ElfWriter(littleEndian);
          for (const each of sections) writer.addSection(each);
          for (const each of symbols) writer.addSymbol({ ...each, section: 1 });
          const elf = parseElf(writer.toBytes());
          const read = elf.sections.slice(1, sections.length + 1);
          const field = ({
            name,
            type,
            flags,
            align,
            entrySize,
            data,
          }: (typeof read)[number]): NewSection => ({
            name,
            type,
            flags,
            align,
            entrySize,
            content: Uint8Array.from(data),
          });
          expect(read.map(field)).toEqual(sections);
          const locals = symbols.filter(({ binding }) => binding === "local");
          const others = symbols.filter(({ binding }) => binding !== "local");
          const known = elf.symbols.slice(1).map(({ index, ...symbol }) => symbol);
          expect(known).toEqual([...locals, ...others].map((symbol) => ({ ...symbol, section: 1 })));
        },
      ),
      { seed, numRuns: 300 },
    );
  });

  const huge = 1n << 60n;
  test.each<[string, Uint8Array, number | undefined, RegExp]>([
    ["nothing", new Uint8Array(0), 0, /empty/],
    ["a text", new TextEncoder().encode("int main() {}"), 0, /no ELF file/],
    ["half a header", file.slice(0, 40), 0, /no ELF header/],
    ["32 bits", patched(file, 4, 1n, 1), 4, /64-bit/],
    ["no byte order", patched(file, 5, 3n, 1), 5, /byte order 3/],
    ["another byte order", patched(file, 5, 2n, 1), 18, /machine 63232/],
    ["an executable", patched(file, 16, 2n, 2), 16, /relocatable/],
    ["another machine", patched(file, 18, 62n, 2), 18, /machine 62, not for BPF.*-target bpf/],
    ["no section table", patched(file, 40, 0n, 8), 40, /no sections/],
    ["a section table beyond all", patched(file, 40, huge, 8), 40, /beyond any file/],
    ["a section table past the end", patched(file, 40, BigInt(file.length), 8), 40, /section table/],
    ["section headers of no size", patched(file, 58, 0n, 2), 58, /section headers of 0 bytes/],
    ["65535 sections", patched(file, 60, 0xfffen, 2), 60, /65534 section headers/],
    ["2^60 sections", patched(patched(file, 60, 0n, 2), header(0, 32), huge, 8), header(0, 32), /beyond/],
    ["no section names", patched(file, 62, 1n, 2), 62, /no section names/],
    [
      "names of a section of 2^32 bytes",
      patched(file, header(STRTAB, 32), 1n << 32n, 8),
      header(5, 0),
      /not in/,
    ],
    [
      "content past the end",
      patched(file, header(XDP, 32), BigInt(file.length), 8),
      header(1, 0),
      /not in the/,
    ],
    ["sections that overlap", overlapping(), table, /sections overlap/],
    [
      "a name without an end",
      patched(file, contentOf(STRTAB) + sizeOf(STRTAB) - 1, 1n, 1),
      undefined,
      /name at/,
    ],
    ["a name that is not there", patched(file, header(XDP, 0), 9999n, 4), undefined, /name at 9999/],
    ["symbols without names", patched(file, header(SYMTAB, 40), 1n, 4), undefined, /no names/],
    [
      "a symbol cut in half",
      patched(file, header(SYMTAB, 32), 60n, 8),
      contentOf(SYMTAB),
      /symbols of 24 bytes/,
    ],
    ["symbols of 8 bytes", patched(file, header(SYMTAB, 56), 8n, 8), contentOf(SYMTAB), /symbols of 8 bytes/],
    [
      "a symbol of no section",
      patched(file, contentOf(SYMTAB) + 30, 77n, 2),
      contentOf(SYMTAB) + 24,
      /section 77/,
    ],
    [
      "an unknown binding",
      patched(file, contentOf(SYMTAB) + 28, 0x91n, 1),
      contentOf(SYMTAB) + 24,
      /binding 9/,
    ],
    ["too many sections to count", patched(file, contentOf(SYMTAB) + 30, 0xffffn, 2), undefined, /65000/],
    ["relocations with addends", patched(file, header(REL, 4), 4n, 4), undefined, /RELA/],
    ["relocations of no section", patched(file, header(REL, 44), 99n, 4), contentOf(REL), /section 99/],
    [
      "relocations of 4 bytes",
      patched(file, header(REL, 56), 4n, 8),
      contentOf(REL),
      /relocations of 4 bytes/,
    ],
    ["a relocation of nothing", patched(file, contentOf(REL) + 12, 50n, 4), contentOf(REL), /symbol 50 of 3/],
    ["a relocation past the end", patched(file, contentOf(REL), 24n, 8), contentOf(REL), /byte 24 of the 24/],
  ])("%s is refused by name and place", (_, input, offset, message) => {
    const error = refusal(input);
    expect(error.message).toMatch(message);
    if (offset !== undefined) expect(error.offset).toBe(offset);
  });

  function sizeOf(section: number): number {
    return Number(new DataView(file.buffer).getBigUint64(header(section, 32), true));
  }

  /** Every section has the whole file for its content. */
  function overlapping(): Uint8Array {
    const all = [XDP, REL, SYMTAB, STRTAB];
    return all.reduce(
      (input, section) =>
        patched(patched(input, header(section, 24), 0n, 8), header(section, 32), BigInt(file.length), 8),
      file,
    );
  }
});
