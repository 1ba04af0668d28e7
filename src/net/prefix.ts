/** A range of addresses: those whose first `prefixLength` bits are those of `address`. */
export interface Prefix {
  /** 4 or 16 bytes, network byte order. */
  readonly address: Uint8Array;
  readonly prefixLength: number;
}

export function isSameAddress(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Whether an address is in a range. */
export function isWithin(address: Uint8Array, range: Uint8Array, prefixLength: number): boolean {
  return address.length === range.length && commonBits(address, range) >= prefixLength;
}

/** The number of leading bits that two addresses share. */
export function commonBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = a[i] ^ b[i];
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return a.length * 8;
}
