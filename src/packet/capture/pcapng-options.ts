import { CaptureFormatError, type FormatErrorPlace } from "../../errors.js";

/**
 * Walks the options in `view[start..end)`: 16-bit code, 16-bit length, the value padded to 4 bytes,
 * until opt_endofopt or the end. `place` tells an error where in the file an index is.
 */
export function forEachOption(
  view: DataView,
  start: number,
  end: number,
  littleEndian: boolean,
  place: (at: number) => FormatErrorPlace,
  visit: (code: number, at: number, length: number) => void,
): void {
  let at = start;
  while (at < end) {
    if (end - at < 4) {
      throw new CaptureFormatError(`only ${end - at} bytes left for an option's header`, place(at));
    }
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === 0) {
      if (length === 0) return;
      throw new CaptureFormatError(`opt_endofopt has length ${length}, not 0`, place(at));
    }
    const padded = (length + 3) & ~3;
    if (padded > end - at - 4) {
      throw new CaptureFormatError(
        `option ${code} claims ${length} bytes, but its block has only ${end - at - 4} left`,
        place(at),
      );
    }
    visit(code, at + 4, length);
    at += 4 + padded;
  }
}
