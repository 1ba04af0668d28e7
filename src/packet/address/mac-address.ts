import { SyntaxProblem } from "../../errors.js";

export const MAC_LENGTH = 6;

/** The six bytes of "02:00:00:00:00:01"; hyphens may stand for the colons. Throws SyntaxProblem. */
export function parseMac(text: string): Uint8Array {
  if (!/^[0-9a-f]{1,2}([:-])[0-9a-f]{1,2}(\1[0-9a-f]{1,2}){4}$/i.test(text)) {
    throw new SyntaxProblem(`"${text}" is no MAC address: six bytes such as 02:00:00:00:00:01 are needed`);
  }
  return Uint8Array.from(text.split(/[:-]/), (byte) => Number.parseInt(byte, 16));
}

/** "02:00:00:00:00:01" of the six bytes at `at`. */
export function formatMac(bytes: Uint8Array, at = 0): string {
  let text = "";
  for (let i = 0; i < MAC_LENGTH; i++) {
    text += (i === 0 ? "" : ":") + bytes[at + i].toString(16).padStart(2, "0");
  }
  return text;
}
