import { Errno } from "../uapi/index.js";
import type { FibLookup } from "../vm/index.js";
import { type Device, Scope } from "./device.js";
import type { Flow } from "./flow.js";
import type { Verdict } from "./policy-rule.js";
import { type Route, Table } from "./route.js";
import type { FoundRoute } from "./route-table.js";
import type { Routing } from "./routing.js";
import { selectIpv4Source, selectIpv6Source } from "./source-address.js";

const AF_INET6 = 10;
const LOOPBACK = 1;
/** IP_MAX_MTU, and IP6_MAX_MTU less the header that it counts. */
const IPV4_MAX_MTU = 0xffff;
const IPV6_MAX_MTU = 0xffff + 40;
const IPV6_MIN_MTU = 1280;
const ANY_IPV4 = new Uint8Array(4);

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

/** bpf_fib_lookup (net/core/filter.c, bpf_ipv4_fib_lookup and bpf_ipv6_fib_lookup). */
export function fibLookup(routing: Routing, lookup: FibLookup, flags: number, mustCheckMtu: boolean): number {
  const isIpv6 = lookup.family === AF_INET6;
  // Addresses of one link alone are never forwarded.
  if (isIpv6 && (isLinkOnly(lookup.destination) || isLinkOnly(lookup.source))) return Result.NotForwarded;
  const input = routing.deviceAt(lookup.ifindex);
  if (input === undefined) return -Errno.ENODEV;
  const forwards = isIpv6 ? (input.ipv6Forwarding ?? input.forwarding) : input.forwarding;
  if (!forwards) return Result.ForwardingDisabled;

  const found = findRoute(routing, lookup, flags);
  if (typeof found === "string") return refusal(found, isIpv6);
  const { type } = found.route;
  // IPv6 finds reject routes as it finds others.
  if (type === "blackhole" || type === "unreachable" || type === "prohibit") return refusal(type, false);
  if (type !== "unicast") return Result.NotForwarded;
  const device = routing.deviceAt(found.hop.ifindex);
  if (device === undefined) return Result.NotForwarded;
  return fillIn(routing, lookup, found, device, { flags, mustCheckMtu, destination: lookup.destination });
}

/** Multicast, link-local or loopback (include/net/addrconf.h, rt6_need_strict). */
function isLinkOnly(address: Uint8Array): boolean {
  if (address[0] === 0xff || (address[0] === 0xfe && (address[1] & 0xc0) === 0x80)) return true;
  return address[15] === 1 && address.subarray(0, 15).every((byte) => byte === 0);
}

/** IPv6 does not tell why the rules refuse. */
function refusal(verdict: Exclude<Verdict<never>, never>, isIpv6: boolean): number {
  if (isIpv6) return Result.NotForwarded;
  switch (verdict) {
    case "blackhole":
      return Result.Blackhole;
    case "unreachable":
      return Result.Unreachable;
    case "prohibit":
      return Result.Prohibit;
    default:
      return Result.NotForwarded;
  }
}

function findRoute(routing: Routing, lookup: FibLookup, flags: number): Verdict<FoundRoute> {
  const isIpv6 = lookup.family === AF_INET6;
  const family = isIpv6 ? "ipv6" : "ipv4";
  const isOutput = (flags & Flag.Output) !== 0;
  const isDirect = (flags & Flag.Direct) !== 0;
  const flow: Flow = {
    source: lookup.source,
    destination: lookup.destination,
    iif: isOutput ? LOOPBACK : lookup.ifindex,
    oif: isOutput ? lookup.ifindex : 0,
    tos: isIpv6 ? (lookup.flowinfo >>> 20) & 0xff : lookup.tos,
    mark: (flags & Flag.Mark) !== 0 ? lookup.mark : 0,
    protocol: lookup.l4Protocol,
    sourcePort: lookup.sport,
    destinationPort: lookup.dport,
    flowLabel: isIpv6 ? lookup.flowinfo & 0xfffff : 0,
  };
  // IPv6 prefers routes through the device that was given, be it the packet's input or output.
  if (!isDirect) return routing.lookup(family, flow, lookup.ifindex);
  const hasTable = (flags & Flag.Tbid) !== 0;
  const table = hasTable ? lookup.table : Table.Main;
  // The table's number stands where the next hop's VLAN does, and is cleared.
  if (hasTable) lookup.vlan = { protocol: 0, tci: 0 };
  return routing.lookupTable(family, table, flow, lookup.ifindex);
}

interface Request {
  readonly flags: number;
  readonly mustCheckMtu: boolean;
  /** The packet's destination; the look-up's becomes the gateway. */
  readonly destination: Uint8Array;
}

function fillIn(
  routing: Routing,
  lookup: FibLookup,
  { route, hop }: FoundRoute,
  device: Device,
  request: Request,
): number {
  const isIpv6 = lookup.family === AF_INET6;
  const mtu = mtuOf(route, device, isIpv6);
  if (request.mustCheckMtu && lookup.totalLength > mtu) {
    lookup.mtuResult = mtu;
    return Result.FragNeeded;
  }
  const { gateway } = hop;
  lookup.metric = route.metric;
  lookup.ifindex = device.ifindex;
  if (gateway !== undefined) {
    if (gateway.length === 16) lookup.family = AF_INET6;
    lookup.destination = gateway;
  }
  if ((request.flags & Flag.Src) !== 0) {
    const source = route.source ?? chooseSource(routing, device, gateway, request.destination);
    if (source === undefined) return Result.NoSource;
    lookup.source = source;
  }
  if ((request.flags & Flag.SkipNeigh) === 0) {
    const address = neighbourAddress(lookup.destination, device);
    const neighbour = routing.neighbours.find(device.ifindex, address);
    if (neighbour === undefined || neighbour.isValid === false) return Result.NoNeighbour;
    lookup.dmac = neighbour.linkAddress;
    lookup.smac = device.address;
  }
  lookup.vlan = { protocol: 0, tci: 0 };
  if (request.mustCheckMtu && mtu !== 0) lookup.mtuResult = mtu;
  return Result.Success;
}

/** net/ipv4/route.c, ip_mtu_from_fib_result, and net/ipv6/route.c, ip6_mtu_from_fib6. */
function mtuOf(route: Route, device: Device, isIpv6: boolean): number {
  if (route.mtu !== undefined && route.mtu !== 0) return route.mtu;
  if (!isIpv6) return Math.min(device.mtu, IPV4_MAX_MTU);
  return Math.min(Math.max(device.ipv6Mtu ?? device.mtu, IPV6_MIN_MTU), IPV6_MAX_MTU);
}

function chooseSource(
  routing: Routing,
  device: Device,
  gateway: Uint8Array | undefined,
  destination: Uint8Array,
): Uint8Array | undefined {
  if (destination.length === 16) return selectIpv6Source(routing.devices, device, destination);
  // A route to a router reaches as far as any; one to the link itself no farther than that.
  const scope = gateway === undefined ? Scope.Link : Scope.Universe;
  const onLink = gateway?.length === 4 ? gateway : undefined;
  return selectIpv4Source(routing.devices, device, onLink, scope);
}

/** Who is at the other end of a line without addresses stands in the table as 0.0.0.0. */
function neighbourAddress(address: Uint8Array, device: Device): Uint8Array {
  return address.length === 4 && device.isPointToPoint === true ? ANY_IPV4 : address;
}
