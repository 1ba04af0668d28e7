import type { ArithmeticOperator } from "../language/expression.js";

/** Bytes that one load takes. */
export type LoadSize = 1 | 2 | 4;

/**
 * A 32-bit number that a program reckons. Two values of one ValueTable are equal just where they are
 * the same object, but for `scratch`, each of which stands for one assignment.
 */
export type Value = { readonly id: number } & (
  | { readonly kind: "number"; readonly value: number }
  /** The packet's length on the wire. */
  | { readonly kind: "length" }
  /** packet[base + offset], in network byte order. */
  | {
      readonly kind: "load";
      readonly size: LoadSize;
      readonly base: Value | undefined;
      readonly offset: number;
    }
  /** 4 * (packet[offset] & 15), the length of an IPv4 header: what `ldxb` loads. */
  | { readonly kind: "header-length"; readonly offset: number }
  /** A word of scratch memory that a `store` has set. */
  | { readonly kind: "scratch"; readonly slot: number }
  | {
      readonly kind: "binary";
      readonly operator: ArithmeticOperator;
      readonly left: Value;
      readonly right: Value;
    }
  | { readonly kind: "negate"; readonly operand: Value }
);

type WithoutId<V> = V extends Value ? Omit<V, "id"> : never;

/** Operators that leave their left operand as it is when the right one is this number. */
const neutral: Readonly<Record<ArithmeticOperator, number | undefined>> = {
  "+": 0,
  "-": 0,
  "*": 1,
  "/": 1,
  "%": undefined,
  "&": 0xffff_ffff,
  "|": 0,
  "^": 0,
  "<<": 0,
  ">>": 0,
};

/** The largest number that a load of so many bytes gives. */
const widest: Readonly<Record<LoadSize, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff };

/** What the machine makes of two numbers; undefined for a division by zero, which rejects the packet. */
export function reckon(operator: ArithmeticOperator, left: number, right: number): number | undefined {
  switch (operator) {
    case "+":
      return (left + right) >>> 0;
    case "-":
      return (left - right) >>> 0;
    case "*":
      return Math.imul(left, right) >>> 0;
    case "/":
      return right === 0 ? undefined : (left / right) >>> 0;
    case "%":
      return right === 0 ? undefined : left % right;
    case "&":
      return (left & right) >>> 0;
    case "|":
      return (left | right) >>> 0;
    case "^":
      return (left ^ right) >>> 0;
    case "<<":
      return right > 31 ? 0 : (left << right) >>> 0;
    case ">>":
      return right > 31 ? 0 : left >>> right;
  }
}

/** Makes values, each of them once, and reckons what is known without a packet. */
export class ValueTable {
  readonly #values = new Map<string, Value>();
  #count = 0;

  /** A number, taken modulo 2³². */
  number(value: number): Value {
    return this.#find(`n${value >>> 0}`, { kind: "number", value: value >>> 0 });
  }

  length(): Value {
    return this.#find("length", { kind: "length" });
  }

  /**
   * packet[base + offset]. A base that is a number joins the offset modulo 2³², so that `ip[-1]` is
   * the byte before the IP header: so libpcap's optimiser and Linux's machine have it. What goes past
   * the end in any other way rejects the packet, which is why nothing else joins.
   */
  load(size: LoadSize, base: Value | undefined, offset: number): Value {
    if (base?.kind === "number") return this.load(size, undefined, base.value + offset);
    const at = offset >>> 0;
    return this.#find(`l${size},${base?.id},${at}`, { kind: "load", size, base, offset: at });
  }

  headerLength(offset: number): Value {
    return this.#find(`h${offset >>> 0}`, { kind: "header-length", offset: offset >>> 0 });
  }

  /** What M[slot] is after one more assignment. */
  scratch(slot: number): Value {
    return { kind: "scratch", slot, id: this.#count++ };
  }

  /** Throws RangeError for a division by the number 0: the caller looks first. */
  binary(operator: ArithmeticOperator, left: Value, right: Value): Value {
    if (right.kind === "number") {
      if (right.value === neutral[operator]) return left;
      if (operator === "&" && left.kind === "load" && right.value === widest[left.size]) return left;
      if (left.kind === "number") {
        const value = reckon(operator, left.value, right.value);
        if (value === undefined) throw new RangeError("division by zero");
        return this.number(value);
      }
      // Linux takes no shift by a number of 32 and more (bpf_check_classic); its result is 0.
      if ((operator === "<<" || operator === ">>") && right.value > 31) {
        return this.binary("&", left, this.number(0));
      }
    }
    return this.#find(`${operator}${left.id},${right.id}`, { kind: "binary", operator, left, right });
  }

  negate(operand: Value): Value {
    if (operand.kind === "number") return this.number(-operand.value);
    return this.#find(`-${operand.id}`, { kind: "negate", operand });
  }

  #find(key: string, value: WithoutId<Value>): Value {
    let known = this.#values.get(key);
    if (known === undefined) {
      known = { ...value, id: this.#count++ } as Value;
      this.#values.set(key, known);
    }
    return known;
  }
}

/** Can reckoning it reject the packet: is there a load, or a division by what may be zero, in it? */
export function canReject(value: Value): boolean {
  switch (value.kind) {
    case "load":
    case "header-length":
      return true;
    case "binary": {
      const { operator, left, right } = value;
      const divides = (operator === "/" || operator === "%") && right.kind !== "number";
      return divides || canReject(left) || canReject(right);
    }
    case "negate":
      return canReject(value.operand);
    default:
      return false;
  }
}
