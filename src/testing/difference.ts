/** One thing in which two kernels differ. */
export interface Difference {
  /** Index of the packet after which it showed; undefined for what shows at loading. */
  readonly packet: number | undefined;
  /** "return value", "packet", "map counters, key 01000000". */
  readonly where: string;
  /** What the kernels have, in the order that they were given in. */
  readonly found: readonly { readonly kernel: string; readonly text: string }[];
}

/** "after packet 2: return value: user has 1 (XDP_DROP), linux has 2 (XDP_PASS)". */
export function describeDifference({ packet, where, found }: Difference): string {
  const when = packet === undefined ? "" : `after packet ${packet}: `;
  const sides = found.map(({ kernel, text }) => `${kernel} has ${text}`);
  return `${when}${where}: ${sides.join(", ")}`;
}

const SHOWN_BYTES = 8;

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Two byte strings in words: their lengths, or the bytes from the first that differs. */
export function bytesInWords(a: Uint8Array, b: Uint8Array): [string, string] {
  if (a.length !== b.length) return [`${a.length} bytes: ${hex(a)}`, `${b.length} bytes: ${hex(b)}`];
  const first = a.findIndex((byte, index) => byte !== b[index]);
  const words = (bytes: Uint8Array) =>
    `${hex(bytes.subarray(first, first + SHOWN_BYTES))} at byte ${first} of ${bytes.length}`;
  return [words(a), words(b)];
}
