import type { BtfBuilder } from "../btf/index.js";
import type { ProgramSpec } from "../object/index.js";
import { FUNC_INFO_SIZE, LINE_INFO_SIZE } from "./load-program.js";
import { isLittleEndian } from "./sys/libc.js";

/** A program's func_info and line_info; either is empty where the object's would not do. */
export interface DebugRecords {
  readonly functions: Uint8Array;
  readonly lines: Uint8Array;
}

const NONE = new Uint8Array(0);

/**
 * What the kernel wants to know of a program's functions and lines (check_btf_func and check_btf_line
 * of kernel/bpf/verifier.c): of all functions or of none, and a line at the start of each.
 */
export function debugRecords(program: ProgramSpec, btf: BtfBuilder): DebugRecords {
  const { functions, lines } = program;
  const isComplete = functions.every(({ typeId }) => typeId !== undefined);
  if (!isComplete) return { functions: NONE, lines: NONE };
  const starts = new Set(lines.map(({ slot }) => slot));
  const hasLines = functions.every(({ slot }) => starts.has(slot));
  return {
    functions: words(
      FUNC_INFO_SIZE,
      functions.map(({ slot, typeId }) => [slot, typeId ?? 0]),
    ),
    lines: hasLines
      ? words(
          LINE_INFO_SIZE,
          lines.map(({ slot, file, text, line, column }) => [
            slot,
            btf.string(file),
            btf.string(text),
            (line << 10) | (column & 0x3ff),
          ]),
        )
      : NONE,
  };
}

function words(size: number, records: readonly (readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(records.length * size);
  const view = new DataView(bytes.buffer);
  for (const [index, record] of records.entries()) {
    for (const [at, word] of record.entries())
      view.setUint32(index * size + at * 4, word >>> 0, isLittleEndian);
  }
  return bytes;
}
