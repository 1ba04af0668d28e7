import type { Arithmetic, Relation } from "../language/expression.js";
import type { Protocol } from "../language/keyword.js";
import { and, compare, not, type Predicate } from "../program/predicate.js";
import type { LoadSize, Value } from "../program/value.js";
import type { FilterContext, Place } from "./filter-context.js";
import { isFirstFragment } from "./port-test.js";
import { namedProtocol } from "./protocol-test.js";

/** A number, and what must hold of the packet for it to mean anything. */
interface Guarded {
  readonly value: Value;
  readonly guard: Predicate | undefined;
}

/** `left RELATION right`, which holds of no packet that lacks one of their headers. */
export function relation(
  context: FilterContext,
  operator: Relation,
  left: Arithmetic,
  right: Arithmetic,
): Predicate {
  const a = reckonable(context, left);
  const b = reckonable(context, right);
  const guards = [a.guard, b.guard].filter((guard) => guard !== undefined);
  return and(...guards, related(operator, a.value, b.value));
}

function related(operator: Relation, left: Value, right: Value): Predicate {
  switch (operator) {
    case "=":
      return compare("eq", left, right);
    case "!=":
      return not(compare("eq", left, right));
    case ">":
      return compare("gt", left, right);
    case "<=":
      return not(compare("gt", left, right));
    case ">=":
      return compare("ge", left, right);
    case "<":
      return not(compare("ge", left, right));
  }
}

function reckonable(context: FilterContext, node: Arithmetic): Guarded {
  const { values } = context;
  switch (node.kind) {
    case "number":
      return { value: values.number(node.value), guard: undefined };
    case "length":
      return { value: values.length(), guard: undefined };
    case "negate": {
      const { value, guard } = reckonable(context, node.operand);
      return { value: values.negate(value), guard };
    }
    case "binary":
      return binary(context, node);
    case "index":
      return index(context, node);
  }
}

/**
 * Of an operation libpcap keeps what guards the left operand only (gencode.c, gen_arth), so that
 * `1 + tcp[0] = 5` looks at packets of all kinds; so do we, to select the same.
 */
function binary(context: FilterContext, node: Arithmetic & { kind: "binary" }): Guarded {
  const { operator, column } = node;
  const left = reckonable(context, node.left);
  const right = reckonable(context, node.right).value;
  context.column = column;
  if (right.kind === "number") {
    if ((operator === "/" || operator === "%") && right.value === 0)
      return context.refuse("division by zero");
    if ((operator === "<<" || operator === ">>") && node.right.kind === "number" && right.value > 31) {
      return context.refuse(`shift by ${right.value} bits: numbers have 32`);
    }
  }
  return { value: context.values.binary(operator, left.value, right), guard: left.guard };
}

/** `protocol[offset:size]`. */
function index(context: FilterContext, node: Arithmetic & { kind: "index" }): Guarded {
  const { protocol } = node;
  const offset = reckonable(context, node.offset);
  const size = node.size as LoadSize;
  context.column = node.column;
  const at = (place: Place): Value => loadAt(context, place, offset.value, size);
  const guarded = (value: Value, ...own: readonly Predicate[]): Guarded => ({
    value,
    guard: and(...(offset.guard === undefined ? [] : [offset.guard]), ...own),
  });
  switch (layerOf(protocol)) {
    case "link":
      return { value: at(context.place("link header")), guard: offset.guard };
    case "network":
      return guarded(at(context.place("network header")), namedProtocol(context, protocol));
    case "transport": {
      const value = at(context.place("transport header over IPv4"));
      const ip = namedProtocol(context, "ip");
      const { guard } = guarded(value, namedProtocol(context, protocol), isFirstFragment(context));
      return { value, guard: and(ip, guard!) };
    }
    case "icmp6": {
      const next = compare("eq", context.load("network header", 6, 1), context.values.number(58));
      return guarded(at(context.place("transport header over IPv6")), namedProtocol(context, "ip6"), next);
    }
    default:
      if (protocol === "radio") return context.refuse('"radio" headers are those of IEEE 802.11 captures');
      return context.refuse(`"${protocol}" cannot be indexed`);
  }
}

function layerOf(protocol: Protocol): "link" | "network" | "transport" | "icmp6" | undefined {
  switch (protocol) {
    case "ether":
      return "link";
    case "ip":
    case "ip6":
    case "arp":
    case "rarp":
    case "atalk":
    case "decnet":
    case "sca":
    case "lat":
    case "moprc":
    case "mopdl":
      return "network";
    case "tcp":
    case "udp":
    case "sctp":
    case "icmp":
    case "igmp":
    case "igrp":
    case "pim":
    case "vrrp":
    case "carp":
      return "transport";
    case "icmp6":
      return "icmp6";
    default:
      return undefined;
  }
}

/** Past this a sum with a place in the packet might come round to its beginning. */
const LARGEST_OFFSET = 0x7fff_ffff;

function loadAt(context: FilterContext, place: Place, offset: Value, size: LoadSize): Value {
  const { values } = context;
  const { variable, constant } = place;
  if (variable === undefined) return values.load(size, offset, constant);
  if (offset.kind === "number" && offset.value <= LARGEST_OFFSET) {
    return values.load(size, variable, constant + offset.value);
  }
  return values.load(size, values.binary("+", variable, offset), constant);
}
