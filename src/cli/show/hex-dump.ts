const ROW = 16;

/** Bytes in the manner of tcpdump -X: offset, eight groups of two bytes, and what is printable. */
export function hexDump(bytes: Uint8Array, indent = "\t"): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = bytes.subarray(at, at + ROW);
    let hex = "";
    let text = "";
    row.forEach((byte, i) => {
      hex += byte.toString(16).padStart(2, "0") + (i % 2 === 1 ? " " : "");
      text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".";
    });
    lines.push(`${indent}0x${at.toString(16).padStart(4, "0")}:  ${hex.padEnd(40)} ${text}`);
  }
  return lines;
}
