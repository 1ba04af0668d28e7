import type { Arena } from "../arena/index.js";
import type { BpfMap } from "../maps/index.js";
import type { SkBuff } from "./context/sk-buff.js";
import type { XdpBuff } from "./context/xdp-buff.js";
import type { VmProgram } from "./program.js";
import type { RedirectInfo } from "./redirect-info.js";
import type { TimerQueue } from "./timer-queue.js";

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

  /** Where bpf_redirect and its kin said that the packet goes (struct bpf_redirect_info). */
  readonly redirect: RedirectInfo;
  /** The number of this run of a program, which no other has. */
  readonly run: number;
  /** The program that runs now: after tail calls, the last one. */
  readonly program: VmProgram;

  /** The map behind a program's map pointer (the address that a map load gives). */
  mapAt(address: number): BpfMap;

  /**
   * Calls a function of the program (bpf_loop's and for_each_map_elem's callbacks, timers): `slot` is
   * where it starts. The helper must return at once afterwards; `then` runs when the function has
   * returned, with r0 holding its result, and either calls `callFunction` again or sets r0.
   */
  callFunction(slot: number, args: readonly (number | bigint)[], then: (machine: Machine) => void): void;
  /** Goes on in another program (bpf_tail_call); false where the limit of tail calls is reached. */
  tailCall(program: VmProgram): boolean;
}

/** A helper's or kfunc's implementation. */
export type HelperFunction = (machine: Machine) => void;

/** The packet that a program runs for. */
export type PacketContext = XdpBuff | SkBuff;

/** What helpers need of the kernel around the machine. */
export interface Services {
  /** CLOCK_MONOTONIC in nanoseconds; a test may drive it. */
  monotonicNs(): bigint;
  /** CLOCK_BOOTTIME in nanoseconds. */
  bootNs(): bigint;
  /** CLOCK_MONOTONIC_COARSE in nanoseconds: the time of the last tick. */
  coarseNs(): bigint;
  /** CLOCK_TAI in nanoseconds. */
  taiNs(): bigint;
  /** jiffies: 64-bit tick count at HZ of `hz`. */
  jiffies(): bigint;
  /** 32 random bits, non-negative. */
  random32(): number;
  readonly cpus: number;
  /** What bpf_trace_printk and bpf_trace_vprintk print. */
  trace(line: string): void;
  readonly timers: TimerQueue;
  readonly network: NetworkServices;
}

/** What helpers ask of the network around a program. Error numbers are negative. */
export interface NetworkServices {
  /** MTU and link-layer header length, in bytes; undefined where no device has that index. */
  device(
    ifindex: number,
  ): { readonly mtu: number; readonly hardHeaderLength: number; readonly isUp: boolean } | undefined;
  /** bpf_fib_lookup: fills `lookup` and returns BPF_FIB_LKUP_RET_* or a negative error number. */
  fibLookup(lookup: FibLookup, flags: number, mustCheckMtu: boolean): number;
  /** bpf_clone_redirect: sends a copy out of (or into, with BPF_F_INGRESS) a device. */
  cloneRedirect(packet: Uint8Array, ifindex: number, flags: number): number;
}

/** struct bpf_fib_lookup as plain data: addresses in network byte order, numbers in host order. */
export interface FibLookup {
  /** AF_INET (2) or AF_INET6 (10). */
  family: number;
  readonly l4Protocol: number;
  readonly sport: number;
  readonly dport: number;
  readonly totalLength: number;
  /** Set where the packet's MTU was found. */
  mtuResult: number | undefined;
  ifindex: number;
  readonly tos: number;
  /** IPv6 flow label and priority. */
  readonly flowinfo: number;
  /** Set to the route's metric. */
  metric: number | undefined;
  /** 4 or 16 bytes. */
  source: Uint8Array;
  /** 4 or 16 bytes; becomes the gateway's address. */
  destination: Uint8Array;
  readonly table: number;
  readonly mark: number;
  /** Set to the next hop's VLAN protocol and TCI, and to the addresses of the two ends. */
  vlan: { readonly protocol: number; readonly tci: number } | undefined;
  smac: Uint8Array | undefined;
  dmac: Uint8Array | undefined;
}
