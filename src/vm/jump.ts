import { Trap } from "./trap.js";

/*
 * Operations are JmpOp's, as numbers for the sake of V8's jump tables.
 */

/** Whether a 64-bit conditional jump is taken (RFC 9669 §4.3); operands as 32-bit halves. */
export function isTaken64(op: number, aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  switch (op) {
    // Jeq
    case 0x10:
      return aLo === bLo && aHi === bHi;
    // Jne
    case 0x50:
      return aLo !== bLo || aHi !== bHi;
    // Jset
    case 0x40:
      return ((aLo & bLo) | (aHi & bHi)) !== 0;
    // Jgt
    case 0x20:
      return below(bLo, bHi >>> 0, aLo, aHi >>> 0);
    // Jge
    case 0x30:
      return !below(aLo, aHi >>> 0, bLo, bHi >>> 0);
    // Jlt
    case 0xa0:
      return below(aLo, aHi >>> 0, bLo, bHi >>> 0);
    // Jle
    case 0xb0:
      return !below(bLo, bHi >>> 0, aLo, aHi >>> 0);
    // Jsgt
    case 0x60:
      return below(bLo, bHi, aLo, aHi);
    // Jsge
    case 0x70:
      return !below(aLo, aHi, bLo, bHi);
    // Jslt
    case 0xc0:
      return below(aLo, aHi, bLo, bHi);
    // Jsle
    case 0xd0:
      return !below(bLo, bHi, aLo, aHi);
    default:
      throw new Trap("invalid instruction", `no jump 0x${op.toString(16)}`);
  }
}

/** Whether a 32-bit conditional jump is taken: the low halves alone decide. */
export function isTaken32(op: number, a: number, b: number): boolean {
  switch (op) {
    // Jeq
    case 0x10:
      return a === b;
    // Jne
    case 0x50:
      return a !== b;
    // Jset
    case 0x40:
      return (a & b) !== 0;
    // Jgt
    case 0x20:
      return a >>> 0 > b >>> 0;
    // Jge
    case 0x30:
      return a >>> 0 >= b >>> 0;
    // Jlt
    case 0xa0:
      return a >>> 0 < b >>> 0;
    // Jle
    case 0xb0:
      return a >>> 0 <= b >>> 0;
    // Jsgt
    case 0x60:
      return a > b;
    // Jsge
    case 0x70:
      return a >= b;
    // Jslt
    case 0xc0:
      return a < b;
    // Jsle
    case 0xd0:
      return a <= b;
    default:
      throw new Trap("invalid instruction", `no jump 0x${op.toString(16)}`);
  }
}

function below(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi < bHi || (aHi === bHi && aLo >>> 0 < bLo >>> 0);
}
