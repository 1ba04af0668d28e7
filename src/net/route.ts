/** What becomes of packets that a route is for: rtnetlink's RTN_*. */
export type RouteType =
  | "unicast"
  | "local"
  | "broadcast"
  | "anycast"
  | "multicast"
  | "blackhole"
  | "unreachable"
  | "prohibit"
  /** The table has no answer: the next rule is asked. */
  | "throw";

/** Where a route leads. */
export interface NextHop {
  readonly ifindex: number;
  /** Address of the next router, of either family; without one the destination is on the link. */
  readonly gateway?: Uint8Array;
  /** Its share of the flows, 1 to 256; 1 unless told. */
  readonly weight?: number;
}

export interface Route {
  readonly type: RouteType;
  /** 4 or 16 bytes, network byte order. */
  readonly destination: Uint8Array;
  readonly prefixLength: number;
  readonly gateway?: Uint8Array;
  readonly ifindex: number;
  /** Smaller wins. */
  readonly metric: number;
  /** RT_TABLE_MAIN is 254, RT_TABLE_LOCAL 255. */
  readonly table: number;
  /** The source address that packets sent this way prefer. */
  readonly source?: Uint8Array;
  /** A locked MTU in bytes (`mtu lock N`); one that is not locked does not matter to forwarding. */
  readonly mtu?: number;
  /** IPv4: the type of service that it is for; any unless told. */
  readonly tos?: number;
  /** Several next hops that share the flows, in place of `gateway` and `ifindex`. */
  readonly nextHops?: readonly NextHop[];
}

/** Known tables: enum rt_class_t. */
export const Table = { Default: 253, Main: 254, Local: 255 } as const;

export function nextHopsOf(route: Route): readonly NextHop[] {
  if (route.nextHops !== undefined) return route.nextHops;
  const { ifindex, gateway } = route;
  return [gateway === undefined ? { ifindex } : { ifindex, gateway }];
}

/** A share of flows for each next hop by its weight; `hash` is any number of 32 bits. */
export function pickNextHop(hops: readonly NextHop[], hash: number): NextHop {
  const total = hops.reduce((sum, hop) => sum + (hop.weight ?? 1), 0);
  let left = ((hash >>> 0) / 2 ** 32) * total;
  for (const hop of hops) {
    left -= hop.weight ?? 1;
    if (left < 0) return hop;
  }
  return hops[hops.length - 1];
}
