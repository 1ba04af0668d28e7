import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import {
  type DeviceAddress,
  type NextHop,
  type PolicyRule,
  type Route,
  type RouteType,
  Routing,
  Scope,
} from "../../../src/net/index.js";
import { parseIpv4, parseIpv6, parseMac } from "../../../src/packet/index.js";

/*
 * The network namespace of this thread, which the tests made for themselves: configured by ip(8), and
 * what Linux says of it read back as the tables of a Routing.
 */

/** Runs lines of `ip -batch`; throws where one fails. */
export function ip(lines: string, ...options: string[]): void {
  execFileSync("ip", [...options, "-batch", "-"], { input: lines, stdio: ["pipe", "pipe", "inherit"] });
}

/** As `ip`, for lines of which Linux may refuse some: two routes that are the same, say. */
export function ipWhatCanBe(lines: string, ...options: string[]): void {
  spawnSync("ip", [...options, "-force", "-batch", "-"], { input: lines });
}

/** A sysctl under net: `ipv4/conf/v0/forwarding`. */
export function sysctl(name: string, value: number): void {
  writeFileSync(`/proc/sys/net/${name}`, String(value));
}

const readSysctl = (name: string) => Number(readFileSync(`/proc/sys/net/${name}`, "utf8"));

// biome-ignore lint/suspicious/noExplicitAny: what ip prints has no type.
const show = (...args: string[]): any[] =>
  JSON.parse(execFileSync("ip", ["-j", ...args], { encoding: "utf8" }) || "[]");

const addressBytes = (text: string) => (text.includes(":") ? parseIpv6(text) : parseIpv4(text));
const SCOPES: Record<string, number> = { global: Scope.Universe, link: Scope.Link, host: Scope.Host };
const TABLES: Record<string, number> = { local: 255, main: 254, default: 253 };
const PROTOCOLS: Record<string, number> = { tcp: 6, udp: 17, icmp: 1 };
const VALID = ["PERMANENT", "NOARP", "REACHABLE", "PROBE", "STALE", "DELAY"];

/** The namespace's devices, routes, rules and neighbours, as Linux has them now. */
export function readRouting(): Routing {
  const routing = new Routing();
  const indices = new Map<string, number>();
  for (const link of show("addr")) {
    indices.set(link.ifname, link.ifindex);
    const conf = (family: string, key: string) => readSysctl(`${family}/conf/${link.ifname}/${key}`);
    routing.addDevice({
      ifindex: link.ifindex,
      name: link.ifname,
      mtu: link.mtu,
      address: parseMac(link.address),
      forwarding: conf("ipv4", "forwarding") !== 0,
      ipv6Forwarding: conf("ipv6", "forwarding") !== 0,
      ipv6Mtu: conf("ipv6", "mtu"),
      isUp: link.flags.includes("UP"),
      isPointToPoint: link.flags.includes("LOOPBACK") || link.flags.includes("POINTOPOINT"),
      addresses: link.addr_info.map(
        (entry: Record<string, string & number>): DeviceAddress => ({
          address: addressBytes(entry.local),
          prefixLength: entry.prefixlen,
          scope: SCOPES[entry.scope],
          isSecondary: entry.secondary !== undefined,
          isDeprecated: entry.deprecated !== undefined,
          isTentative: entry.tentative !== undefined,
        }),
      ),
    });
  }
  const indexOf = (name: string) => indices.get(name) ?? 0;
  for (const family of ["-4", "-6"]) readRoutes(routing, family, indexOf);
  for (const family of ["ipv4", "ipv6"] as const) readRules(routing, family, indexOf);
  for (const entry of show("neigh", "show", "nud", "all")) {
    routing.addNeighbour({
      ifindex: indexOf(entry.dev),
      address: addressBytes(entry.dst),
      linkAddress: parseMac(entry.lladdr ?? "00:00:00:00:00:00"),
      isValid: entry.state.some((state: string) => VALID.includes(state)),
    });
  }
  return routing;
}

function readRoutes(routing: Routing, family: string, indexOf: (name: string) => number): void {
  // The JSON does not tell which metrics are locked.
  const text = execFileSync("ip", [family, "route", "show", "table", "all"], { encoding: "utf8" });
  const any = family === "-4" ? "0.0.0.0" : "::";
  for (const entry of show(family, "route", "show", "table", "all")) {
    const [address, length] = (entry.dst === "default" ? `${any}/0` : entry.dst).split("/");
    // Some versions of ip show both families when all tables are asked for.
    if (address.includes(":") !== (family === "-6")) continue;
    const destination = addressBytes(address);
    const hop = (each: Record<string, string> & { via?: { host: string }; weight?: number }): NextHop => {
      const gateway = each.gateway ?? each.via?.host;
      return {
        ifindex: indexOf(each.dev),
        ...(gateway === undefined ? {} : { gateway: addressBytes(gateway) }),
        ...(each.weight === undefined ? {} : { weight: each.weight }),
      };
    };
    const mtu = entry.metrics?.[0].mtu;
    const isLocked = new RegExp(`${entry.dst} .*mtu lock ${mtu}`).test(text);
    const route: Route = {
      type: (entry.type ?? "unicast") as RouteType,
      destination,
      prefixLength: length === undefined ? destination.length * 8 : Number(length),
      metric: entry.metric ?? 0,
      table: TABLES[entry.table ?? "main"] ?? Number(entry.table),
      ...hop(entry),
      ...(entry.tos === undefined ? {} : { tos: Number(entry.tos) }),
      ...(entry.prefsrc === undefined ? {} : { source: addressBytes(entry.prefsrc) }),
      ...(mtu === undefined || !isLocked ? {} : { mtu }),
      ...(entry.nexthops === undefined ? {} : { nextHops: entry.nexthops.map(hop) }),
    };
    routing.addRoute(route);
  }
}

function readRules(routing: Routing, family: PolicyRule["family"], indexOf: (name: string) => number): void {
  for (const entry of show(family === "ipv4" ? "-4" : "-6", "rule")) {
    const isDefault = entry.priority === 0 || entry.priority === 32766 || entry.priority === 32767;
    if (isDefault) continue;
    const range = (name: string): readonly [number, number] | undefined => {
      if (entry[name] !== undefined) return [entry[name], entry[name]];
      const first = entry[`${name}_start`];
      return first === undefined ? undefined : [first, entry[`${name}_end`]];
    };
    const prefix = (name: "src" | "dst") => {
      if (entry[name] === undefined || entry[name] === "all") return undefined;
      const address = addressBytes(entry[name]);
      return { address, prefixLength: entry[`${name}len`] ?? address.length * 8 };
    };
    const [plain] = ["goto", "nop"].filter((name) => entry[name] !== undefined);
    const rule: Record<string, unknown> = {
      family,
      priority: entry.priority,
      action: entry.action ?? plain ?? "table",
      table: entry.table === undefined ? undefined : (TABLES[entry.table] ?? Number(entry.table)),
      goto: entry.goto,
      source: prefix("src"),
      destination: prefix("dst"),
      mark:
        entry.fwmark === undefined
          ? undefined
          : { value: Number(entry.fwmark), mask: Number(entry.fwmask ?? 0xffffffff) },
      tos: entry.tos === undefined ? undefined : Number(entry.tos),
      iif: entry.iif === undefined ? undefined : indexOf(entry.iif),
      oif: entry.oif === undefined ? undefined : indexOf(entry.oif),
      protocol: entry.ipproto === undefined ? undefined : PROTOCOLS[entry.ipproto],
      sourcePorts: range("sport"),
      destinationPorts: range("dport"),
      suppressPrefixLength: entry.suppress_prefixlen,
      isInverted: entry.not !== undefined,
    };
    for (const key of Object.keys(rule)) if (rule[key] === undefined) delete rule[key];
    routing.addRule(rule as unknown as PolicyRule);
  }
}
