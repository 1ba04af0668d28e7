/** What JSON can say. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/** A number where JavaScript holds it exactly, else a decimal string: 64-bit values may be either. */
export function jsonInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Bytes in hexadecimal: "0a000009". */
export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}

/** A whole document, for people too. */
export function jsonDocument(value: Json): string {
  return JSON.stringify(value, undefined, 2);
}
