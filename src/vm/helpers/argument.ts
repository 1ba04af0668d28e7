import { SkBuff } from "../context/sk-buff.js";
import { XdpBuff } from "../context/xdp-buff.js";
import type { Machine } from "../machine.js";
import { Trap } from "../trap.js";
import { LOWEST_ADDRESS } from "./kernel-address.js";

/** What stands for flags beyond 32 bits: no helper knows bit 31, so it is refused as they would be. */
const UNKNOWN_FLAG = 0x80000000;

/** Argument `n` (1 to 5) as an address or an unsigned 32-bit number. */
export function u32(machine: Machine, n: number): number {
  return machine.reg[n * 2] >>> 0;
}

/** Argument `n` as a signed 32-bit number. */
export function s32(machine: Machine, n: number): number {
  return machine.reg[n * 2];
}

/** Argument `n` as an unsigned 64-bit number. */
export function u64(machine: Machine, n: number): bigint {
  return BigInt.asUintN(64, machine.reg64[n]);
}

/** The high half of argument `n`, unsigned. */
export function high32(machine: Machine, n: number): number {
  return machine.reg[n * 2 + 1] >>> 0;
}

/** Argument `n` as 64 bits of flags of which no helper knows more than the low 31. */
export function flags(machine: Machine, n: number): number {
  return machine.reg[n * 2 + 1] === 0 ? machine.reg[n * 2] >>> 0 : UNKNOWN_FLAG;
}

/** Checks that `length` bytes at an address are memory that a program can have. */
export function checkMemory(machine: Machine, address: number, length: number, what: string): void {
  if (address < LOWEST_ADDRESS || address + length > machine.arena.u8.length) {
    throw new Trap("memory access", `${what}: no ${length} bytes at 0x${address.toString(16)}`);
  }
}

/** The memory that arguments `n` (address) and `n + 1` (length) describe. */
export function memory(machine: Machine, n: number, what: string): { address: number; length: number } {
  const address = u32(machine, n);
  const length = u32(machine, n + 1);
  if (length > 0) checkMemory(machine, address, length, what);
  return { address, length };
}

/** The packet as an XDP frame; traps where the program is no XDP program. */
export function xdp(machine: Machine): XdpBuff {
  const { packet } = machine;
  if (packet instanceof XdpBuff) return packet;
  throw new Trap("invalid argument", "a helper for XDP was called for an sk_buff");
}

/** The packet as an sk_buff; traps where the program is an XDP program. */
export function skb(machine: Machine): SkBuff {
  const { packet } = machine;
  if (packet instanceof SkBuff) return packet;
  throw new Trap("invalid argument", "a helper for sk_buffs was called for an XDP frame");
}
