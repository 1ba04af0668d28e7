import { JmpOp } from "../asm/index.js";
import { Trap } from "./trap.js";

/** Whether a 64-bit conditional jump is taken (RFC 9669 §4.3); operands as 32-bit halves. */
export function isTaken64(op: number, aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  switch (op) {
    case JmpOp.Jeq:
      return aLo === bLo && aHi === bHi;
    case JmpOp.Jne:
      return aLo !== bLo || aHi !== bHi;
    case JmpOp.Jset:
      return ((aLo & bLo) | (aHi & bHi)) !== 0;
    case JmpOp.Jgt:
      return below(bLo, bHi >>> 0, aLo, aHi >>> 0);
    case JmpOp.Jge:
      return !below(aLo, aHi >>> 0, bLo, bHi >>> 0);
    case JmpOp.Jlt:
      return below(aLo, aHi >>> 0, bLo, bHi >>> 0);
    case JmpOp.Jle:
      return !below(bLo, bHi >>> 0, aLo, aHi >>> 0);
    case JmpOp.Jsgt:
      return below(bLo, bHi, aLo, aHi);
    case JmpOp.Jsge:
      return !below(aLo, aHi, bLo, bHi);
    case JmpOp.Jslt:
      return below(aLo, aHi, bLo, bHi);
    case JmpOp.Jsle:
      return !below(bLo, bHi, aLo, aHi);
    default:
      throw new Trap("invalid instruction", `no jump 0x${op.toString(16)}`);
  }
}

/** Whether a 32-bit conditional jump is taken: the low halves alone decide. */
export function isTaken32(op: number, a: number, b: number): boolean {
  switch (op) {
    case JmpOp.Jeq:
      return a === b;
    case JmpOp.Jne:
      return a !== b;
    case JmpOp.Jset:
      return (a & b) !== 0;
    case JmpOp.Jgt:
      return a >>> 0 > b >>> 0;
    case JmpOp.Jge:
      return a >>> 0 >= b >>> 0;
    case JmpOp.Jlt:
      return a >>> 0 < b >>> 0;
    case JmpOp.Jle:
      return a >>> 0 <= b >>> 0;
    case JmpOp.Jsgt:
      return a > b;
    case JmpOp.Jsge:
      return a >= b;
    case JmpOp.Jslt:
      return a < b;
    case JmpOp.Jsle:
      return a <= b;
    default:
      throw new Trap("invalid instruction", `no jump 0x${op.toString(16)}`);
  }
}

function below(aLo: number, aHi: number, bLo: number, bHi: number): boolean {
  return aHi < bHi || (aHi === bHi && aLo >>> 0 < bLo >>> 0);
}
