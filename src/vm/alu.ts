import { AluOp } from "../asm/index.js";
import { Trap } from "./trap.js";

/*
 * Arithmetic on registers held as 32-bit halves: `reg[at]` is the low and `reg[at + 1]` the high
 * half of the destination, `lo` and `hi` are the second operand. Numbers instead of BigInt, which
 * would allocate at each instruction; only 64-bit division goes through BigInt.
 */

/** RFC 9669 §4.1, class ALU64. `offset` 1 makes division and modulo signed. */
export function alu64(reg: Int32Array, at: number, op: number, lo: number, hi: number, offset: number): void {
  const a = reg[at];
  const b = reg[at + 1];
  switch (op) {
    case AluOp.Add: {
      const sum = (a + lo) | 0;
      reg[at + 1] = b + hi + (sum >>> 0 < a >>> 0 ? 1 : 0);
      reg[at] = sum;
      return;
    }
    case AluOp.Sub:
      reg[at + 1] = b - hi - (a >>> 0 < lo >>> 0 ? 1 : 0);
      reg[at] = a - lo;
      return;
    case AluOp.Mul:
      reg[at + 1] = mulHigh(a, lo) + Math.imul(a, hi) + Math.imul(b, lo);
      reg[at] = Math.imul(a, lo);
      return;
    case AluOp.Div:
    case AluOp.Mod:
      divide64(reg, at, op === AluOp.Mod, lo, hi, offset === 1);
      return;
    case AluOp.Or:
      reg[at] = a | lo;
      reg[at + 1] = b | hi;
      return;
    case AluOp.And:
      reg[at] = a & lo;
      reg[at + 1] = b & hi;
      return;
    case AluOp.Xor:
      reg[at] = a ^ lo;
      reg[at + 1] = b ^ hi;
      return;
    case AluOp.Lsh: {
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
    case AluOp.Rsh: {
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
    case AluOp.Arsh: {
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
    case AluOp.Neg:
      reg[at] = -a;
      reg[at + 1] = ~b + (a === 0 ? 1 : 0);
      return;
    case AluOp.Mov:
      move64(reg, at, lo, hi, offset);
      return;
    default:
      throw new Trap("invalid instruction", `no 64-bit ALU operation 0x${op.toString(16)}`);
  }
}

/** RFC 9669 §4.1, class ALU: the result's high half is zero. */
export function alu32(reg: Int32Array, at: number, op: number, operand: number, offset: number): void {
  const a = reg[at];
  reg[at] = result32(a, op, operand, offset);
  reg[at + 1] = 0;
}

function result32(a: number, op: number, b: number, offset: number): number {
  switch (op) {
    case AluOp.Add:
      return a + b;
    case AluOp.Sub:
      return a - b;
    case AluOp.Mul:
      return Math.imul(a, b);
    case AluOp.Div:
      if (b === 0) return 0;
      return offset === 1 ? (a / b) | 0 : ((a >>> 0) / (b >>> 0)) >>> 0;
    case AluOp.Mod:
      if (b === 0) return a;
      return offset === 1 ? a % b : (a >>> 0) % (b >>> 0);
    case AluOp.Or:
      return a | b;
    case AluOp.And:
      return a & b;
    case AluOp.Xor:
      return a ^ b;
    case AluOp.Lsh:
      return a << (b & 31);
    case AluOp.Rsh:
      return a >>> (b & 31);
    case AluOp.Arsh:
      return a >> (b & 31);
    case AluOp.Neg:
      return -a;
    case AluOp.Mov:
      return offset === 8 ? (b << 24) >> 24 : offset === 16 ? (b << 16) >> 16 : b;
    default:
      throw new Trap("invalid instruction", `no 32-bit ALU operation 0x${op.toString(16)}`);
  }
}

/** Mov, and movsx where `offset` is 8, 16 or 32 (RFC 9669 §4.1). */
function move64(reg: Int32Array, at: number, lo: number, hi: number, offset: number): void {
  switch (offset) {
    case 8:
      reg[at] = (lo << 24) >> 24;
      break;
    case 16:
      reg[at] = (lo << 16) >> 16;
      break;
    case 32:
      reg[at] = lo;
      break;
    default:
      reg[at] = lo;
      reg[at + 1] = hi;
      return;
  }
  reg[at + 1] = reg[at] >> 31;
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
