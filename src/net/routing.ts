import { Errno } from "../uapi/index.js";
import type { FibLookup } from "../vm/index.js";

/** A network device as the tables know it. */
export interface Device {
  readonly ifindex: number;
  readonly name: string;
  /** Bytes of a packet without its link-layer header. */
  readonly mtu: number;
  /** 6 bytes. */
  readonly address: Uint8Array;
  /** Whether packets that came in here may be forwarded: the sysctl net.ipv4.conf.DEV.forwarding. */
  readonly forwarding: boolean;
}

export type RouteType = "unicast" | "local" | "blackhole" | "unreachable" | "prohibit";

export interface Route {
  readonly type: RouteType;
  /** 4 or 16 bytes, network byte order. */
  readonly destination: Uint8Array;
  readonly prefixLength: number;
  /** Address of the next hop; without one the destination is on the link. */
  readonly gateway?: Uint8Array;
  readonly ifindex: number;
  /** Smaller wins. */
  readonly metric: number;
  /** RT_TABLE_MAIN is 254. */
  readonly table: number;
  readonly source?: Uint8Array;
  readonly mtu?: number;
}

export interface Neighbour {
  readonly ifindex: number;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly linkAddress: Uint8Array;
}

const ETH_HLEN = 14;
const AF_INET6 = 10;
const TABLE_MAIN = 254;

/** BPF_FIB_LOOKUP_*. */
const Flag = { Direct: 1, Output: 2, SkipNeigh: 4, Tbid: 8, Src: 16, Mark: 32 } as const;
/** BPF_FIB_LKUP_RET_*. */
const Result = {
  Success: 0,
  Blackhole: 1,
  Unreachable: 2,
  Prohibit: 3,
  NotForwarded: 4,
  ForwardingDisabled: 5,
  NoNeighbour: 7,
  FragNeeded: 8,
  NoSource: 9,
} as const;

/** Devices, routes and neighbours of one network namespace, and what programs ask of them. */
export class Routing {
  readonly #devices = new Map<number, Device>();
  readonly #routes: Route[] = [];
  readonly #neighbours: Neighbour[] = [];
  /** Receives what bpf_clone_redirect sends. */
  onClone: ((packet: Uint8Array, ifindex: number, flags: number) => void) | undefined;

  addDevice(device: Device): void {
    this.#devices.set(device.ifindex, device);
  }

  addRoute(route: Route): void {
    this.#routes.push(route);
  }

  addNeighbour(neighbour: Neighbour): void {
    this.#neighbours.push(neighbour);
  }

  hasDevice(ifindex: number): boolean {
    return this.#devices.has(ifindex);
  }

  device(ifindex: number): { readonly mtu: number; readonly hardHeaderLength: number } | undefined {
    const device = this.#devices.get(ifindex);
    return device === undefined ? undefined : { mtu: device.mtu, hardHeaderLength: ETH_HLEN };
  }

  cloneRedirect(packet: Uint8Array, ifindex: number, flags: number): number {
    if (!this.#devices.has(ifindex)) return -Errno.EINVAL;
    this.onClone?.(packet, ifindex, flags);
    return 0;
  }

  /** The routes that match, the longest prefix first, then the smallest metric. */
  #find(destination: Uint8Array, table: number | undefined, ifindex: number | undefined): Route | undefined {
    return this.#routes
      .filter(
        (route) =>
          route.destination.length === destination.length &&
          (table === undefined || route.table === table) &&
          (ifindex === undefined || route.ifindex === ifindex) &&
          hasPrefix(destination, route.destination, route.prefixLength),
      )
      .sort((a, b) => b.prefixLength - a.prefixLength || a.metric - b.metric)[0];
  }

  /** bpf_fib_lookup (net/core/filter.c, bpf_ipv4_fib_lookup and bpf_ipv6_fib_lookup). */
  fibLookup(lookup: FibLookup, flags: number, mustCheckMtu: boolean): number {
    const input = this.#devices.get(lookup.ifindex);
    if (input === undefined) return -Errno.ENODEV;
    if (!input.forwarding) return Result.ForwardingDisabled;
    const isDirect = (flags & Flag.Direct) !== 0;
    const table = isDirect ? ((flags & Flag.Tbid) !== 0 ? lookup.table : TABLE_MAIN) : undefined;
    const output = (flags & Flag.Output) !== 0 ? lookup.ifindex : undefined;
    const route = this.#find(lookup.destination, table, output);
    if (route === undefined) return Result.NotForwarded;
    switch (route.type) {
      case "blackhole":
        return Result.Blackhole;
      case "unreachable":
        return Result.Unreachable;
      case "prohibit":
        return Result.Prohibit;
      case "local":
        return Result.NotForwarded;
      default:
        return this.#fillIn(lookup, route, flags, mustCheckMtu);
    }
  }

  #fillIn(lookup: FibLookup, route: Route, flags: number, mustCheckMtu: boolean): number {
    const device = this.#devices.get(route.ifindex);
    if (device === undefined) return Result.NotForwarded;
    const mtu = route.mtu ?? device.mtu;
    if (mustCheckMtu && lookup.totalLength > mtu) {
      lookup.mtuResult = mtu;
      return Result.FragNeeded;
    }
    lookup.metric = route.metric;
    lookup.ifindex = device.ifindex;
    if ((flags & Flag.Src) !== 0) {
      if (route.source === undefined && lookup.family === AF_INET6) return Result.NoSource;
      lookup.source = route.source ?? lookup.source;
    }
    if (route.gateway !== undefined) {
      if (route.gateway.length === 16) lookup.family = AF_INET6;
      lookup.destination = route.gateway;
    }
    if ((flags & Flag.SkipNeigh) === 0) {
      const neighbour = this.#neighbours.find(
        (entry) => entry.ifindex === device.ifindex && isEqual(entry.address, lookup.destination),
      );
      if (neighbour === undefined) return Result.NoNeighbour;
      lookup.dmac = neighbour.linkAddress;
      lookup.smac = device.address;
    }
    lookup.vlan = { protocol: 0, tci: 0 };
    if (mustCheckMtu) lookup.mtuResult = mtu;
    return Result.Success;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function hasPrefix(address: Uint8Array, prefix: Uint8Array, length: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== prefix[i]) return false;
  const rest = length & 7;
  return rest === 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) === 0;
}
