import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ObjectFormatError } from "../errors.js";
import { Btf, BtfBuilder, BtfExt, BtfKind, type SectionInfo, writeBtfExt } from "./index.js";

const offset = fc.nat({ max: 0xffffffff });
const text = fc.constantFrom("", "firewall.bpf.c", "\treturn XDP_PASS;", "0:1:2");
const TYPES = 3;
const typeId = fc.nat({ max: TYPES });
const records = <T>(record: fc.Arbitrary<T>) => fc.array(record, { maxLength: 5 });

const anySection: fc.Arbitrary<SectionInfo> = fc
  .record({
    functions: records(fc.record({ offset, typeId })),
    lines: records(
      fc.record({
        offset,
        file: text,
        text,
        line: fc.nat({ max: 0x3fffff }),
        column: fc.nat({ max: 0x3ff }),
      }),
    ),
    relocations: records(fc.record({ offset, typeId, access: text, kind: offset })),
  })
  .filter((info) => info.functions.length + info.lines.length + info.relocations.length > 0);
const anySections = fc.dictionary(fc.constantFrom("xdp", "tc", ".text", "xdp/devmap"), anySection);

function builderOf(littleEndian = true): BtfBuilder {
  const builder = new BtfBuilder({ littleEndian });
  for (let i = 0; i < TYPES; i++) builder.add({ kind: BtfKind.Fwd, name: `t${i}`, isUnion: false });
  return builder;
}

const sections = (info: Partial<SectionInfo>) =>
  new Map([["xdp", { functions: [], lines: [], relocations: [], ...info }]]);
const line = { offset: 8, file: "a.c", text: "x;", line: 7, column: 3 };

describe(".BTF.ext", () => {
  test("what is written is read again, in either byte order", () => {
    fc.assert(
      fc.property(anySections, fc.boolean(), (info, littleEndian) => {
        const builder = builderOf(littleEndian);
        const bytes = writeBtfExt(new Map(Object.entries(info)), builder);
        const read = BtfExt.parse(bytes, builder.build());
        expect(Object.fromEntries(read.sections)).toEqual(info);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["a line", { ...line, line: 0x400000 }],
    ["a column", { ...line, column: 0x400 }],
  ])("%s that has no room is refused", (_what, each) => {
    expect(() => writeBtfExt(sections({ lines: [each] }), builderOf())).toThrow(ObjectFormatError);
  });

  const builder = builderOf();
  const good = writeBtfExt(sections({ functions: [{ offset: 0, typeId: 1 }], lines: [line] }), builder);
  const btf = Btf.parse(builder.toBytes());

  test.each<[string, number, number, RegExp]>([
    ["no magic number", 0, 0x1234, /magic/],
    ["another version", 2, 0x0002, /version 2/],
    ["a header that is longer than the section", 4, 0xffff, /header length/],
    ["a table outside of the section", 8, 0xfff0, /not within/],
    ["records that are too short", 32, 4, /records of 4 bytes/],
    ["a section's name that does not exist", 36, 0xffff, /string 65535/],
    ["no records", 40, 0, /0 records/],
    ["more records than there are", 40, 3, /3 records/],
    ["a type that does not exist", 48, TYPES + 1, /type 4 does not exist/],
  ])("%s is refused", (_what, at, value, message) => {
    const bytes = good.slice();
    new DataView(bytes.buffer).setUint16(at, value, true);
    expect(() => BtfExt.parse(bytes, btf)).toThrow(ObjectFormatError);
    expect(() => BtfExt.parse(bytes, btf)).toThrow(message);
  });

  test("every byte that is changed, and every length, gives a typed error or is read", () => {
    for (let at = 0; at < good.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const bytes = good.slice();
        bytes[at] = value;
        readOrRefuse(bytes);
      }
      readOrRefuse(good.slice(0, at));
    }
    function readOrRefuse(bytes: Uint8Array): void {
      try {
        BtfExt.parse(bytes, btf);
      } catch (error) {
        expect(error).toBeInstanceOf(ObjectFormatError);
      }
    }
  });
});
