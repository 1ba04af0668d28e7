import { SyntaxProblem } from "../../errors.js";

export const IPV4_LENGTH = 4;

/**
 * The four bytes, network order, of "10.0.0.1". Only four decimal numbers without leading zeroes are
 * taken, as inet_pton does. Throws SyntaxProblem.
 */
export function parseIpv4(text: string): Uint8Array {
  const parts = text.split(".");
  const good =
    parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  if (!good) {
    throw new SyntaxProblem(`"${text}" is no IPv4 address: four numbers such as 10.0.0.1 are needed`);
  }
  return Uint8Array.from(parts, Number);
}

/** "10.0.0.1" of the four bytes at `at`. */
export function formatIpv4(bytes: Uint8Array, at = 0): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}
