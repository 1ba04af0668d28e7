import { Trap } from "./trap.js";

/*
 * Arithmetic on registers held as 32-bit halves: `reg[at]` is the low and `reg[at + 1]` the high
 * half of the destination, `lo` and `hi` are the second operand. Numbers instead of BigInt, which
 * would allocate at each instruction; only 64-bit division goes through BigInt.
 *
 * Here is what the interpreter does not do in place. Operations are AluOp's, as numbers for the sake
 * of V8's jump tables.
 */

/** RFC 9669 §4.1, class ALU64. `offset` 1 makes division and modulo signed. */
export function alu64(reg: Int32Array, at: number, op: number, lo: number, hi: number, offset: number): void {
  const a = reg[at];
  const b = reg[at + 1];
  switch (op) {
    // Mul
    case 0x20:
      reg[at + 1] = mulHigh(a, lo) + Math.imul(a, hi) + Math.imul(b, lo);
      reg[at] = Math.imul(a, lo);
      return;
    // Div
    case 0x30:
      divide64(reg, at, false, lo, hi, offset === 1);
      return;
    // Lsh
    case 0x60: {
      const n = lo & 63;
      if (n >= 32) {
        reg[at + 1] = a << (n - 32);
        reg[at] = 0;
      } else if (n > 0) {
        reg[at + 1] = (b << n) | (a >>> (32 - n));
        reg[at] = a << n;
      }
      return;
    }
    // Rsh
    case 0x70: {
      const n = lo & 63;
      if (n >= 32) {
        reg[at] = b >>> (n - 32);
        reg[at + 1] = 0;
      } else if (n > 0) {
        reg[at] = (a >>> n) | (b << (32 - n));
        reg[at + 1] = b >>> n;
      }
      return;
    }
    // Neg
    case 0x80:
      reg[at] = -a;
      reg[at + 1] = ~b + (a === 0 ? 1 : 0);
      return;
    // Mod
    case 0x90:
      divide64(reg, at, true, lo, hi, offset === 1);
      return;
    // Arsh
    case 0xc0: {
      const n = lo & 63;
      if (n >= 32) {
        reg[at] = b >> (n - 32);
        reg[at + 1] = b >> 31;
      } else if (n > 0) {
        reg[at] = (a >>> n) | (b << (32 - n));
        reg[at + 1] = b >> n;
      }
      return;
    }
    default:
      throw new Trap("invalid instruction", `no 64-bit ALU operation 0x${op.toString(16)}`);
  }
}

/** RFC 9669 §4.1, class ALU: a number whose low 32 bits are the result. */
export function alu32(a: number, op: number, b: number, offset: number): number {
  switch (op) {
    // Mul
    case 0x20:
      return Math.imul(a, b);
    // Div
    case 0x30:
      if (b === 0) return 0;
      return offset === 1 ? (a / b) | 0 : ((a >>> 0) / (b >>> 0)) >>> 0;
    // Neg
    case 0x80:
      return -a;
    // Mod
    case 0x90:
      if (b === 0) return a;
      return offset === 1 ? a % b : (a >>> 0) % (b >>> 0);
    // Arsh
    case 0xc0:
      return a >> (b & 31);
    default:
      throw new Trap("invalid instruction", `no 32-bit ALU operation 0x${op.toString(16)}`);
  }
}

/** Movsx of the low 8, 16 or 32 bits (RFC 9669 §4.1). */
export function moveSigned(reg: Int32Array, at: number, lo: number, bits: number): void {
  reg[at] = moveSigned32(lo, bits);
  reg[at + 1] = reg[at] >> 31;
}

/** Movsx of class ALU: the low half of the result. */
export function moveSigned32(lo: number, bits: number): number {
  return (lo << (32 - bits)) >> (32 - bits);
}

/** x / 0 = 0 and x % 0 = x; the smallest number / -1 wraps to itself (RFC 9669 §4.1). */
function divide64(
  reg: Int32Array,
  at: number,
  modulo: boolean,
  lo: number,
  hi: number,
  isSigned: boolean,
): void {
  if (lo === 0 && hi === 0) {
    if (!modulo) {
      reg[at] = 0;
      reg[at + 1] = 0;
    }
    return;
  }
  if (hi === 0 && reg[at + 1] === 0 && (!isSigned || (lo >= 0 && reg[at] >= 0))) {
    const a = reg[at] >>> 0;
    const b = lo >>> 0;
    reg[at] = modulo ? a % b : a / b;
    return;
  }
  const dividend = join(reg[at], reg[at + 1], isSigned);
  const divisor = join(lo, hi, isSigned);
  const result = modulo ? dividend % divisor : dividend / divisor;
  reg[at] = Number(BigInt.asIntN(32, result));
  reg[at + 1] = Number(BigInt.asIntN(32, result >> 32n));
}

function join(lo: number, hi: number, isSigned: boolean): bigint {
  const high = isSigned ? BigInt(hi) : BigInt(hi >>> 0);
  return (high << 32n) | BigInt(lo >>> 0);
}

/** The high 32 bits of the unsigned product of two 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >>> 16);
  const cross = aLow * bHigh + (middle % 0x10000);
  return aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000);
}

function swap32(value: number): number {
  return (
    (value << 24) | ((value << 8) & 0x00ff0000) | ((value >>> 8) & 0x0000ff00) | ((value >>> 24) & 0x000000ff)
  );
}

/**
 * Byte order (RFC 9669 §4.2) on this little-endian machine: `swap` false truncates (le16, le32,
 * le64), true swaps (be16 … or bswap16 …). `width` is 16, 32 or 64 bits.
 */
export function byteOrder(reg: Int32Array, at: number, swap: boolean, width: number): void {
  const lo = reg[at];
  const hi = reg[at + 1];
  switch (width) {
    case 16:
      reg[at] = swap ? ((lo & 0xff) << 8) | ((lo >>> 8) & 0xff) : lo & 0xffff;
      reg[at + 1] = 0;
      return;
    case 32:
      reg[at] = swap ? swap32(lo) : lo;
      reg[at + 1] = 0;
      return;
    case 64:
      if (swap) {
        reg[at] = swap32(hi);
        reg[at + 1] = swap32(lo);
      }
      return;
    default:
      throw new Trap("invalid instruction", `no byte swap of ${width} bits`);
  }
}
