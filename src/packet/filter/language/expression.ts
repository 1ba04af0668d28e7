import type { Protocol, ValueType } from "./keyword.js";

/** Which address or port is meant; one that is not said means either. */
export type Direction = "src" | "dst" | "src or dst" | "src and dst";

/** What stands before a value, and holds for the values after it until others are given. */
export interface Qualifiers {
  readonly protocol: Protocol | undefined;
  readonly direction: Direction | undefined;
  readonly type: ValueType | undefined;
}

/** A value as it was written; what it means goes by its qualifiers. */
export type FilterValue = { readonly text: string } & (
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "mac" | "ipv6" | "ipv4" }
  /** "10.1/16", "10/8", "2001:db8::/32". */
  | { readonly kind: "prefix"; readonly address: string; readonly length: number }
  /** "10.1 mask 255.255". */
  | { readonly kind: "mask"; readonly address: string; readonly mask: string }
);

/** A header that holds another, whose keyword moves on what the rest of the expression looks at. */
export type Encapsulation = "vlan" | "mpls" | "pppoes" | "geneve" | "vxlan";

/** A filter expression, taken apart. Columns are 0-based and those of the word that may be at fault. */
export type Expression =
  | { readonly kind: "sequence"; readonly first: Expression; readonly rest: readonly SequencePart[] }
  | { readonly kind: "not"; readonly operand: Expression }
  | {
      readonly kind: "value";
      readonly qualifiers: Qualifiers;
      readonly value: FilterValue;
      readonly column: number;
    }
  | { readonly kind: "protocol"; readonly protocol: Protocol; readonly column: number }
  | {
      readonly kind: "relation";
      readonly operator: Relation;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
    }
  | {
      readonly kind: "broadcast" | "multicast";
      readonly protocol: Protocol | undefined;
      readonly column: number;
    }
  | { readonly kind: "less" | "greater"; readonly length: number }
  | { readonly kind: "byte"; readonly index: number; readonly operator: ByteOperator; readonly value: number }
  | {
      readonly kind: "encapsulation";
      readonly header: Encapsulation;
      readonly id: number | undefined;
      readonly column: number;
    }
  | { readonly kind: "pppoed"; readonly column: number }
  | { readonly kind: "llc"; readonly type: string | undefined; readonly column: number };

/** `and` and `or` have one precedence and associate to the left, so that a row of them is flat. */
export interface SequencePart {
  readonly operator: "and" | "or";
  readonly operand: Expression;
}

export type Relation = "=" | "!=" | ">" | ">=" | "<" | "<=";

/** Of the old primitive `byte INDEX OPERATOR VALUE`. */
export type ByteOperator = "=" | "<" | ">" | "&" | "|";

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^" | "<<" | ">>";

/** A number reckoned from the packet; `depth` is the most operations that lie within one another. */
export type Arithmetic = { readonly column: number; readonly depth: number } & (
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "length" }
  /** `protocol[offset:size]`. */
  | {
      readonly kind: "index";
      readonly protocol: Protocol;
      readonly offset: Arithmetic;
      readonly size: number;
    }
  | {
      readonly kind: "binary";
      readonly operator: ArithmeticOperator;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
    }
  | { readonly kind: "negate"; readonly operand: Arithmetic }
);
