import { AtomicOp } from "../asm/index.js";
import { Trap } from "./trap.js";

/**
 * One atomic read-modify-write of 4 or 8 bytes at `address` (RFC 9669 §5.3). One machine runs at a
 * time, so plain reads and writes are atomic. `s` is where the source register's low half is.
 */
export function atomic(
  view: DataView,
  reg: Int32Array,
  address: number,
  op: number,
  isWide: boolean,
  s: number,
): void {
  const newLo = reg[s];
  const newHi = isWide ? reg[s + 1] : 0;
  const lo = view.getInt32(address, true);
  const hi = isWide ? view.getInt32(address + 4, true) : 0;
  if (op === AtomicOp.Cmpxchg) {
    if (lo === reg[0] && (!isWide || hi === reg[1])) store(view, address, newLo, newHi, isWide);
    reg[0] = lo;
    reg[1] = hi;
    return;
  }
  modify(view, address, op & ~AtomicOp.Fetch, lo, hi, newLo, newHi, isWide);
  if ((op & AtomicOp.Fetch) !== 0) {
    reg[s] = lo;
    reg[s + 1] = hi;
  }
}

function modify(
  view: DataView,
  address: number,
  op: number,
  lo: number,
  hi: number,
  operandLo: number,
  operandHi: number,
  isWide: boolean,
): void {
  switch (op) {
    case AtomicOp.Add: {
      const sum = (lo + operandLo) | 0;
      const carry = sum >>> 0 < lo >>> 0 ? 1 : 0;
      store(view, address, sum, (hi + operandHi + carry) | 0, isWide);
      return;
    }
    case AtomicOp.Or:
      store(view, address, lo | operandLo, hi | operandHi, isWide);
      return;
    case AtomicOp.And:
      store(view, address, lo & operandLo, hi & operandHi, isWide);
      return;
    case AtomicOp.Xor:
      store(view, address, lo ^ operandLo, hi ^ operandHi, isWide);
      return;
    case AtomicOp.Xchg & ~AtomicOp.Fetch:
      store(view, address, operandLo, operandHi, isWide);
      return;
    default:
      throw new Trap("invalid instruction", `no atomic operation 0x${op.toString(16)}`);
  }
}

function store(view: DataView, address: number, lo: number, hi: number, isWide: boolean): void {
  view.setInt32(address, lo, true);
  if (isWide) view.setInt32(address + 4, hi, true);
}
