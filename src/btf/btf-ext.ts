import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { BTF_MAGIC } from "./layout.js";

/** A function of a program section; `offset` in bytes from the section's start. */
export interface FuncInfo {
  readonly offset: number;
  /** Its Func type. */
  readonly typeId: number;
}

/** Where an instruction comes from. */
export interface LineInfo {
  readonly offset: number;
  readonly file: string;
  /** The source line's text. */
  readonly text: string;
  /** Both from 1; column 0 where unknown. */
  readonly line: number;
  readonly column: number;
}

/** A CO-RE relocation (enum bpf_core_relo_kind). */
export interface CoreRelocation {
  readonly offset: number;
  readonly typeId: number;
  /** "0:1:2": indices of array, member, member …; for enums the value's index; "0" for types. */
  readonly access: string;
  readonly kind: number;
}

export interface SectionInfo {
  readonly functions: readonly FuncInfo[];
  readonly lines: readonly LineInfo[];
  readonly relocations: readonly CoreRelocation[];
}

interface Record {
  readonly at: number;
  readonly section: string;
}

/** .BTF.ext: what belongs to the code of each section, by section name. */
export class BtfExt {
  readonly sections: ReadonlyMap<string, SectionInfo>;

  private constructor(sections: ReadonlyMap<string, SectionInfo>) {
    this.sections = sections;
  }

  /** Reads a .BTF.ext section that goes with a .BTF. Throws ObjectFormatError. */
  static parse(bytes: Uint8Array, btf: Btf): BtfExt {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const le = btf.littleEndian;
    const fail = (message: string, offset?: number): never => {
      throw new ObjectFormatError(message, { section: ".BTF.ext", offset });
    };
    if (bytes.length < 24) fail(`${bytes.length} bytes are no header`, 0);
    if (view.getUint16(0, le) !== BTF_MAGIC) fail("no BTF magic number in the byte order of .BTF", 0);
    if (bytes[2] !== 1) fail(`version ${bytes[2]} is unknown; only 1 exists`, 2);
    const headerLength = view.getUint32(4, le);
    if (headerLength < 24 || headerLength > bytes.length) fail(`header length ${headerLength}`, 4);

    const part = (place: number, leastSize: number): Record[] => {
      if (headerLength < place + 8) return [];
      const offset = headerLength + view.getUint32(place, le);
      const length = view.getUint32(place + 4, le);
      if (length === 0) return [];
      const end = offset + length;
      if (end > bytes.length || offset % 4 !== 0 || length < 4)
        fail("a table is not within the section", place);
      const size = view.getUint32(offset, le);
      if (size < leastSize || size % 4 !== 0) fail(`records of ${size} bytes`, offset);
      const records: Record[] = [];
      for (let at = offset + 4; at < end; ) {
        if (at + 8 > end) fail("a section's header is cut off", at);
        const section = btf.string(view.getUint32(at, le));
        const count = view.getUint32(at + 4, le);
        at += 8;
        if (count === 0 || count * size > end - at) fail(`${count} records do not fit`, at - 4);
        for (let i = 0; i < count; i++) records.push({ at: at + i * size, section });
        at += count * size;
      }
      return records;
    };

    const sections = new Map<
      string,
      { functions: FuncInfo[]; lines: LineInfo[]; relocations: CoreRelocation[] }
    >();
    const sectionOf = (record: Record) => {
      let section = sections.get(record.section);
      if (section === undefined) {
        section = { functions: [], lines: [], relocations: [] };
        sections.set(record.section, section);
      }
      return section;
    };
    const u32 = (at: number) => view.getUint32(at, le);
    const typeId = (at: number) =>
      u32(at) < btf.length ? u32(at) : fail(`type ${u32(at)} does not exist`, at);
    for (const record of part(8, 8)) {
      sectionOf(record).functions.push({ offset: u32(record.at), typeId: typeId(record.at + 4) });
    }
    for (const record of part(16, 16)) {
      const place = u32(record.at + 12);
      sectionOf(record).lines.push({
        offset: u32(record.at),
        file: btf.string(u32(record.at + 4)),
        text: btf.string(u32(record.at + 8)),
        line: place >>> 10,
        column: place & 0x3ff,
      });
    }
    for (const record of part(24, 16)) {
      sectionOf(record).relocations.push({
        offset: u32(record.at),
        typeId: typeId(record.at + 4),
        access: btf.string(u32(record.at + 8)),
        kind: u32(record.at + 12),
      });
    }
    return new BtfExt(sections);
  }
}
