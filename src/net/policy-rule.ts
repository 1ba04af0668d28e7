import type { Flow } from "./flow.js";
import { isWithin, type Prefix } from "./prefix.js";
import { Table } from "./route.js";

/** A rule that says which table is asked for a packet: `ip rule`. What is not told matches anything. */
export interface PolicyRule {
  readonly family: "ipv4" | "ipv6";
  /** Smaller comes first. */
  readonly priority: number;
  readonly action: "table" | "blackhole" | "unreachable" | "prohibit" | "nop" | "goto";
  /** For "table". */
  readonly table?: number;
  /** For "goto": the priority of the rule to go on with. */
  readonly goto?: number;
  readonly source?: Prefix;
  readonly destination?: Prefix;
  readonly mark?: { readonly value: number; readonly mask: number };
  readonly tos?: number;
  readonly iif?: number;
  readonly oif?: number;
  readonly protocol?: number;
  /** First and last, host byte order. */
  readonly sourcePorts?: readonly [first: number, last: number];
  readonly destinationPorts?: readonly [first: number, last: number];
  /** IPv4: routes of prefixes no longer than this do not count (fib4_rule_suppress). */
  readonly suppressPrefixLength?: number;
  /** Whether it applies to what does not match. */
  readonly isInverted?: boolean;
}

/** The type of service bits that rules and IPv4 routes go by (INET_DSCP_LEGACY_TOS_MASK). */
const LEGACY_TOS = 0x1c;
const DSCP = 0xfc;

/** What a table, or all rules, came to; "again" where there is no answer. */
export type Verdict<R> = R | "again" | "blackhole" | "unreachable" | "prohibit" | "net unreachable";

function matches(rule: PolicyRule, flow: Flow): boolean {
  const { source, destination, mark, tos, iif, oif, protocol, sourcePorts, destinationPorts } = rule;
  const tosMask = rule.family === "ipv4" ? LEGACY_TOS : DSCP;
  return (
    (iif === undefined || iif === flow.iif) &&
    (oif === undefined || oif === flow.oif) &&
    (mark === undefined || ((mark.value ^ flow.mark) & mark.mask) === 0) &&
    (source === undefined || isWithin(flow.source, source.address, source.prefixLength)) &&
    (destination === undefined ||
      isWithin(flow.destination, destination.address, destination.prefixLength)) &&
    (tos === undefined || tos === 0 || tos === (flow.tos & tosMask)) &&
    (protocol === undefined || protocol === flow.protocol) &&
    isInRange(flow.sourcePort, sourcePorts) &&
    isInRange(flow.destinationPort, destinationPorts)
  );
}

function isInRange(port: number, range: readonly [number, number] | undefined): boolean {
  return range === undefined || (port >= range[0] && port <= range[1]);
}

/** The policy rules of one family (net/core/fib_rules.c): at first those that ask the known tables. */
export class PolicyRules {
  readonly #rules: PolicyRule[];
  #isCustom = false;

  constructor(family: PolicyRule["family"]) {
    const ask = (priority: number, table: number): PolicyRule => ({
      family,
      priority,
      action: "table",
      table,
    });
    this.#rules = [ask(0, Table.Local), ask(32766, Table.Main)];
    if (family === "ipv4") this.#rules.push(ask(32767, Table.Default));
  }

  /** Whether there was ever a rule besides those of the start. */
  get isCustom(): boolean {
    return this.#isCustom;
  }

  add(rule: PolicyRule): void {
    this.#isCustom = true;
    const at = this.#rules.findIndex((each) => each.priority > rule.priority);
    this.#rules.splice(at < 0 ? this.#rules.length : at, 0, rule);
  }

  /** Goes through the rules until one has an answer; `ask` looks a flow up in a table. */
  lookup<R extends { readonly prefixLength: number }>(
    flow: Flow,
    ask: (table: number) => Verdict<R>,
  ): Verdict<R> {
    for (let i = 0; i < this.#rules.length; i++) {
      const rule = this.#rules[i];
      if (matches(rule, flow) === (rule.isInverted ?? false)) continue;
      if (rule.action === "goto") {
        const target = this.#rules.findIndex((each) => each.priority === rule.goto);
        if (target > i) i = target - 1;
        continue;
      }
      const verdict = apply(rule, ask);
      if (verdict !== "again") return verdict;
    }
    return "net unreachable";
  }
}

function apply<R extends { readonly prefixLength: number }>(
  rule: PolicyRule,
  ask: (table: number) => Verdict<R>,
): Verdict<R> {
  switch (rule.action) {
    case "table": {
      const found = ask(rule.table ?? Table.Main);
      // The IPv6 look-up that bpf_fib_lookup makes leaves nothing behind for suppression to judge by.
      const isSuppressed =
        rule.family === "ipv4" &&
        typeof found === "object" &&
        rule.suppressPrefixLength !== undefined &&
        found.prefixLength <= rule.suppressPrefixLength;
      return isSuppressed ? "again" : found;
    }
    case "unreachable":
      return "net unreachable";
    case "blackhole":
    case "prohibit":
      return rule.action;
    default:
      return "again";
  }
}
