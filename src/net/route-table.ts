import { type Flow, flowHash } from "./flow.js";
import type { Verdict } from "./policy-rule.js";
import { isWithin } from "./prefix.js";
import { type NextHop, nextHopsOf, pickNextHop, type Route } from "./route.js";

/** The bits of the type of service that IPv4 routes go by (INET_DSCP_LEGACY_TOS_MASK). */
const LEGACY_TOS = 0x1c;

/** A route that was found, and the next hop among its own. */
export interface FoundRoute {
  readonly route: Route;
  readonly hop: NextHop;
  readonly prefixLength: number;
}

/** Routes of one table and family, in the order in which they are tried. */
export class RouteTable {
  readonly #routes: Route[] = [];

  get isEmpty(): boolean {
    return this.#routes.length === 0;
  }

  /** Longest prefix first, then the largest type of service, then the smallest metric, then age. */
  add(route: Route): void {
    const at = this.#routes.findIndex((each) => isBefore(route, each));
    this.#routes.splice(at < 0 ? this.#routes.length : at, 0, route);
  }

  matching(destination: Uint8Array): Route[] {
    return this.#routes.filter((route) => isWithin(destination, route.destination, route.prefixLength));
  }
}

function isBefore(a: Route, b: Route): boolean {
  if (a.prefixLength !== b.prefixLength) return a.prefixLength > b.prefixLength;
  const tos = (a.tos ?? 0) - (b.tos ?? 0);
  return tos !== 0 ? tos > 0 : a.metric < b.metric;
}

/** net/ipv4/fib_trie.c, fib_table_lookup, over one table or several that are one. */
export function lookupIpv4(
  tables: readonly RouteTable[],
  flow: Flow,
  isAlive: (hop: NextHop) => boolean,
): Verdict<FoundRoute> {
  // Several tables are one trie: the order of their routes is that of all together.
  const routes = tables.flatMap((table) => table.matching(flow.destination));
  if (tables.length > 1) routes.sort((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0));
  for (const route of routes) {
    if (route.tos !== undefined && route.tos !== 0 && route.tos !== (flow.tos & LEGACY_TOS)) continue;
    switch (route.type) {
      case "blackhole":
      case "unreachable":
      case "prohibit":
        return route.type;
      case "throw":
        return "again";
      default: {
        const hops = nextHopsOf(route).filter(
          (each) => isAlive(each) && (flow.oif === 0 || each.ifindex === flow.oif),
        );
        if (hops.length === 0) continue;
        const hop = flow.oif === 0 ? pickNextHop(hops, flowHash(flow)) : hops[0];
        return { route, hop, prefixLength: route.prefixLength };
      }
    }
  }
  return "again";
}

/**
 * net/ipv6/route.c, fib6_table_lookup: among the routes of the longest prefix and smallest metric, one
 * through device `preferred` wins. A reject route is found like any other.
 */
export function lookupIpv6(
  table: RouteTable,
  flow: Flow,
  preferred: number,
  isAlive: (hop: NextHop) => boolean,
): Verdict<FoundRoute> {
  const alive = table
    .matching(flow.destination)
    .flatMap((route) => nextHopsOf(route).map((hop) => ({ route, hop })))
    .filter(({ route, hop }) => isReject(route) || isAlive(hop));
  if (alive.length === 0) return "again";
  const { prefixLength, metric } = alive[0].route;
  const best = alive.filter(({ route }) => route.prefixLength === prefixLength && route.metric === metric);
  const match = best.find(({ hop }) => hop.ifindex === preferred) ?? best[0];
  const siblings = nextHopsOf(match.route).filter(isAlive);
  // fib6_select_path: a look-up for output keeps what matched its device.
  const isShared = siblings.length > 1 && flow.oif === 0;
  const hop = isShared ? pickNextHop(siblings, flowHash(flow)) : match.hop;
  return { route: match.route, hop, prefixLength };
}

function isReject({ type }: Route): boolean {
  return type === "blackhole" || type === "unreachable" || type === "prohibit" || type === "throw";
}
