import { Errno } from "../uapi/index.js";
import type { FibLookup } from "../vm/index.js";
import type { Device } from "./device.js";
import { fibLookup } from "./fib-lookup.js";
import type { Flow } from "./flow.js";
import { type Neighbour, NeighbourTable } from "./neighbour.js";
import { type PolicyRule, PolicyRules, type Verdict } from "./policy-rule.js";
import { type NextHop, type Route, Table } from "./route.js";
import { type FoundRoute, lookupIpv4, lookupIpv6, RouteTable } from "./route-table.js";

const ETH_HLEN = 14;
const IPV4_LENGTH = 4;
const F_INGRESS = 1;
/** Nobody took a received packet; a queue of a device that is down took a sent one, to drop it. */
const NET_RX_DROP = 1;
const NET_XMIT_CN = 2;

type Family = PolicyRule["family"];

/** Devices, routes, rules and neighbours of one network namespace, and what programs ask of them. */
export class Routing {
  readonly neighbours = new NeighbourTable();
  readonly #devices = new Map<number, Device>();
  readonly #tables: Record<Family, Map<number, RouteTable>> = { ipv4: new Map(), ipv6: new Map() };
  readonly #rules: Record<Family, PolicyRules> = {
    ipv4: new PolicyRules("ipv4"),
    ipv6: new PolicyRules("ipv6"),
  };
  /** Receives what bpf_clone_redirect sends. */
  onClone: ((packet: Uint8Array, ifindex: number, flags: number) => void) | undefined;

  constructor() {
    for (const family of ["ipv4", "ipv6"] as const) {
      for (const table of [Table.Local, Table.Main]) this.#tables[family].set(table, new RouteTable());
    }
  }

  addDevice(device: Device): void {
    this.#devices.set(device.ifindex, device);
  }

  addRoute(route: Route): void {
    const tables = this.#tables[route.destination.length === IPV4_LENGTH ? "ipv4" : "ipv6"];
    let table = tables.get(route.table);
    if (table === undefined) tables.set(route.table, (table = new RouteTable()));
    table.add(route);
  }

  /** A policy rule (`ip rule`), besides those that ask the local, main and default tables. */
  addRule(rule: PolicyRule): void {
    this.#rules[rule.family].add(rule);
  }

  addNeighbour(neighbour: Neighbour): void {
    this.neighbours.add(neighbour);
  }

  get devices(): Iterable<Device> {
    return this.#devices.values();
  }

  hasDevice(ifindex: number): boolean {
    return this.#devices.has(ifindex);
  }

  deviceAt(ifindex: number): Device | undefined {
    return this.#devices.get(ifindex);
  }

  device(
    ifindex: number,
  ): { readonly mtu: number; readonly hardHeaderLength: number; readonly isUp: boolean } | undefined {
    const device = this.#devices.get(ifindex);
    if (device === undefined) return undefined;
    const { mtu, hardHeaderLength = ETH_HLEN, isUp = true } = device;
    return { mtu, hardHeaderLength, isUp };
  }

  /** bpf_clone_redirect: 0, NET_RX_DROP or NET_XMIT_CN where the device is down, or -EINVAL without one. */
  cloneRedirect(packet: Uint8Array, ifindex: number, flags: number): number {
    const device = this.device(ifindex);
    if (device === undefined) return -Errno.EINVAL;
    if (!device.isUp) return (flags & F_INGRESS) !== 0 ? NET_RX_DROP : NET_XMIT_CN;
    this.onClone?.(packet, ifindex, flags);
    return 0;
  }

  readonly #isAlive = (hop: NextHop): boolean => this.#devices.get(hop.ifindex)?.isUp ?? true;

  /** One table's answer. `preferred` is the device that IPv6 prefers among equals. */
  lookupTable(family: Family, table: number, flow: Flow, preferred: number): Verdict<FoundRoute> {
    // fib_get_table: 0 is the main table.
    const id = table === 0 ? Table.Main : table;
    const found = this.#tables[family].get(id);
    if (found === undefined) return "again";
    if (family === "ipv6") return lookupIpv6(found, flow, preferred, this.#isAlive);
    return lookupIpv4(this.#sharedTrie(id, found), flow, this.#isAlive);
  }

  /** Until there are rules of one's own, the local and main IPv4 tables are one trie (fib_trie_unmerge). */
  #sharedTrie(table: number, found: RouteTable): RouteTable[] {
    const { ipv4 } = this.#tables;
    const isShared = (table === Table.Main || table === Table.Local) && !this.#rules.ipv4.isCustom;
    const other = isShared ? ipv4.get(table === Table.Main ? Table.Local : Table.Main) : undefined;
    return other === undefined ? [found] : [found, other];
  }

  /** The route for a flow by all rules (fib_lookup, fib6_lookup). */
  lookup(family: Family, flow: Flow, preferred: number): Verdict<FoundRoute> {
    const rules = this.#rules[family];
    const ask = (table: number) => this.lookupTable(family, table, flow, preferred);
    if (rules.isCustom) return rules.lookup(flow, ask);
    if (family === "ipv6") {
      const local = ask(Table.Local);
      return local === "again" ? ask(Table.Main) : local;
    }
    const main = ask(Table.Main);
    const found = main === "again" ? ask(Table.Default) : main;
    return found === "again" ? "net unreachable" : found;
  }

  /** bpf_fib_lookup: fills `lookup` and returns BPF_FIB_LKUP_RET_* or a negative error number. */
  fibLookup(lookup: FibLookup, flags: number, mustCheckMtu: boolean): number {
    return fibLookup(this, lookup, flags, mustCheckMtu);
  }
}
