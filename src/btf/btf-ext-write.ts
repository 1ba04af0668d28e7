import { ObjectFormatError } from "../errors.js";
import type { BtfBuilder } from "./btf-builder.js";
import type { SectionInfo } from "./btf-ext.js";
import { BTF_EXT_HEADER_SIZE, BTF_MAGIC, MAX_COLUMN, MAX_LINE } from "./layout.js";

/** Bytes of a record of functions, lines and relocations. */
const RECORD_SIZES = [8, 16, 16] as const;

/**
 * A .BTF.ext section: functions, lines and CO-RE relocations by the name of the section of code, in the
 * byte order of the BTF that they go with. Its strings are added to that BTF, which is therefore written
 * afterwards. Throws ObjectFormatError for what the format has no room for.
 */
export function writeBtfExt(sections: ReadonlyMap<string, SectionInfo>, btf: BtfBuilder): Uint8Array {
  const tables: number[][] = [[], [], []];
  for (const [name, info] of sections) {
    const records = [
      info.functions.map(({ offset, typeId }) => [offset, typeId]),
      info.lines.map(({ offset, file, text, line, column }) => {
        if (line > MAX_LINE || column > MAX_COLUMN) {
          throw new ObjectFormatError(
            `line ${line}, column ${column}: not more than ${MAX_LINE}, ${MAX_COLUMN}`,
            {
              section: ".BTF.ext",
            },
          );
        }
        return [offset, btf.string(file), btf.string(text), ((line << 10) | column) >>> 0];
      }),
      info.relocations.map(({ offset, typeId, access, kind }) => [offset, typeId, btf.string(access), kind]),
    ];
    records.forEach((list, i) => {
      // A section without records of a kind is no part of that table: libbpf refuses 0 records.
      if (list.length > 0) tables[i] = [...tables[i], btf.string(name), list.length, ...list.flat()];
    });
  }
  tables.forEach((table, i) => {
    if (table.length > 0) table.unshift(RECORD_SIZES[i]);
  });

  const bytes = new Uint8Array(BTF_EXT_HEADER_SIZE + tables.flat().length * 4);
  const view = new DataView(bytes.buffer);
  const le = btf.littleEndian;
  view.setUint16(0, BTF_MAGIC, le);
  view.setUint8(2, 1);
  view.setUint32(4, BTF_EXT_HEADER_SIZE, le);
  let offset = 0;
  tables.forEach((table, i) => {
    view.setUint32(8 + i * 8, offset, le);
    view.setUint32(12 + i * 8, table.length * 4, le);
    for (const word of table) {
      view.setUint32(BTF_EXT_HEADER_SIZE + offset, word, le);
      offset += 4;
    }
  });
  return bytes;
}
