import { EtherType } from "../../ether-type.js";
import type { Expression } from "../language/expression.js";
import { compare, equals, not, type Predicate } from "../program/predicate.js";
import { broadcast, multicast } from "./address-test.js";
import { relation } from "./arithmetic.js";
import { encapsulation } from "./encapsulation.js";
import type { FilterContext } from "./filter-context.js";
import { linkProtocol, llc } from "./link-test.js";
import { namedProtocol } from "./protocol-test.js";
import { valueTest } from "./value-test.js";

/**
 * What an expression asks of a packet. Its primitives are taken in the order of the text, for each
 * may move the headers that the next ones look at. Throws SyntaxProblem for what has no meaning.
 */
export function generate(context: FilterContext, expression: Expression): Predicate {
  const { values } = context;
  if ("column" in expression) context.column = expression.column;
  switch (expression.kind) {
    case "sequence": {
      const first = generate(context, expression.first);
      const rest = expression.rest.map(({ operator, operand }) => ({
        operator,
        operand: generate(context, operand),
      }));
      return { kind: "sequence", first, rest };
    }
    case "not":
      return not(generate(context, expression.operand));
    case "value":
      return valueTest(context, expression.qualifiers, expression.value);
    case "protocol":
      return namedProtocol(context, expression.protocol);
    case "relation":
      return relation(context, expression.operator, expression.left, expression.right);
    case "broadcast":
      return broadcast(context, expression.protocol);
    case "multicast":
      return multicast(context, expression.protocol);
    case "less":
      return not(compare("gt", values.length(), values.number(expression.length)));
    case "greater":
      return compare("ge", values.length(), values.number(expression.length));
    case "byte":
      return byte(context, expression);
    case "encapsulation":
      return encapsulation(context, expression.header, expression.id);
    case "pppoed":
      return linkProtocol(context, EtherType.PppoeDiscovery);
    case "llc":
      return llc(context, expression.type);
  }
}

/** `byte INDEX OPERATOR VALUE`, of the link header; `&` and `|` ask whether the result is other than 0. */
function byte(context: FilterContext, { index, operator, value }: Expression & { kind: "byte" }): Predicate {
  const { values } = context;
  const field = context.load("link header", index, 1);
  switch (operator) {
    case "=":
      return equals(values, field, value);
    case ">":
      return compare("gt", field, values.number(value));
    case "<":
      return not(compare("ge", field, values.number(value)));
    default:
      return not(equals(values, values.binary(operator, field, values.number(value)), 0));
  }
}
