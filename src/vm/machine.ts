import type { Arena } from "../arena/index.js";
import type { BpfMap } from "../maps/index.js";

/**
 * What a helper sees of the machine that called it. Registers live in the arena, so that compiled
 * code can pass its arguments to the same helpers: r0 to r10 are eleven 64-bit slots, seen as 32-bit
 * halves through `reg` (register n: low half at 2n, high half at 2n + 1) and whole through `reg64`.
 *
 * A helper reads its arguments from r1 to r5 and sets r0; pointers are arena addresses, so the low
 * half is all of it.
 */
export interface Machine {
  readonly arena: Arena;
  readonly reg: Int32Array;
  readonly reg64: BigInt64Array;
  readonly services: Services;
  /** What the program runs for: the packet and its scratch state. */
  readonly packet: PacketContext;
  /** The CPU that runs, from 0. */
  readonly cpu: number;

  /** Sets r0 to a 32-bit signed number, sign-extended (error numbers, counts). */
  returns(value: number): void;
  /** Sets r0 to an address or an unsigned 32-bit number. */
  returnsAddress(address: number): void;
  /** Sets r0 to 64 bits. */
  returns64(value: bigint): void;

  /** The map behind a program's map pointer (the address that a map load gives). */
  mapAt(address: number): BpfMap;

  /**
   * Calls a function of the program (bpf_loop's and for_each_map_elem's callbacks, timers): `slot` is
   * where it starts. The helper must return at once afterwards; `then` runs when the function has
   * returned, with r0 holding its result, and either calls `callFunction` again or sets r0.
   */
  callFunction(slot: number, args: readonly (number | bigint)[], then: (machine: Machine) => void): void;
}

/** A helper's or kfunc's implementation. */
export type HelperFunction = (machine: Machine) => void;

/** The packet that a program runs for. Offsets are in bytes from `data`. */
export interface PacketContext {
  readonly kind: "xdp" | "skb";
  /** Arena address of struct xdp_md or struct __sk_buff. */
  readonly context: number;
  /** Arena address of the packet's first byte. */
  readonly data: number;
  /** Bytes that lie in one piece at `data`. */
  readonly length: number;
  /** Offset of the network header; programs that see the Ethernet header have 14. */
  readonly networkOffset: number;
  /** Offset of the Ethernet header: 0, or -14 where programs see the network header first. */
  readonly macOffset: number;
}

/** What helpers need of the kernel around the machine. */
export interface Services {
  /** CLOCK_MONOTONIC in nanoseconds; a test may drive it. */
  monotonicNs(): bigint;
  /** CLOCK_BOOTTIME in nanoseconds. */
  bootNs(): bigint;
  /** CLOCK_TAI in nanoseconds. */
  taiNs(): bigint;
  /** jiffies: 64-bit tick count at HZ of `hz`. */
  jiffies(): bigint;
  /** 32 random bits, non-negative. */
  random32(): number;
  readonly cpus: number;
  /** What bpf_trace_printk and bpf_trace_vprintk print. */
  trace(line: string): void;
}
