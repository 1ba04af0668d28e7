/** Whether a byte, if there is one, is from `first` to `last`. */
export function isWithin(byte: number | undefined, first: number, last: number): boolean {
  return byte !== undefined && byte >= first && byte <= last;
}

/** White space of ASCII, and Latin-1's no-break space: to Linux a byte is Latin-1 (lib/ctype.c). */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0xa0 || isWithin(byte, 0x09, 0x0d);
}

export function isAlphanumeric(byte: number | undefined): boolean {
  return isWithin(byte, 0x30, 0x39) || isWithin(byte, 0x41, 0x5a) || isWithin(byte, 0x61, 0x7a);
}

/** Printable, and neither space nor letter nor digit; of Latin-1 too, with its × and ÷. */
export function isPunctuation(byte: number): boolean {
  if (isWithin(byte, 0xa1, 0xbf) || byte === 0xd7 || byte === 0xf7) return true;
  return isWithin(byte, 0x21, 0x7e) && !isAlphanumeric(byte);
}
