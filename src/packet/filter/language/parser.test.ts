import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SyntaxProblem } from "../../../errors.js";
import type { Arithmetic, Expression, Qualifiers } from "./expression.js";
import { parseFilter } from "./parser.js";

/** A tree with every pair of parentheses that it means. */
function show(expression: Expression): string {
  switch (expression.kind) {
    case "sequence":
      return expression.rest.reduce(
        (text, { operator, operand }) => `(${text} ${operator} ${show(operand)})`,
        show(expression.first),
      );
    case "not":
      return `!${show(expression.operand)}`;
    case "value":
      return `${showQualifiers(expression.qualifiers)}<${expression.value.kind} ${expression.value.text}>`;
    case "protocol":
      return expression.protocol;
    case "relation":
      return `${showNumber(expression.left)} ${expression.operator} ${showNumber(expression.right)}`;
    case "broadcast":
    case "multicast":
      return `${expression.protocol ?? "any"} ${expression.kind}`;
    case "less":
    case "greater":
      return `${expression.kind} ${expression.length}`;
    case "byte":
      return `byte ${expression.index} ${expression.operator} ${expression.value}`;
    case "encapsulation":
      return `${expression.header} ${expression.id ?? "any"}`;
    case "pppoed":
      return "pppoed";
    case "llc":
      return `llc ${expression.type ?? "any"}`;
  }
}

function showQualifiers({ protocol, direction, type }: Qualifiers): string {
  return [protocol, direction, type].filter((word) => word !== undefined).join(" ");
}

function showNumber(node: Arithmetic): string {
  switch (node.kind) {
    case "number":
      return String(node.value);
    case "length":
      return "len";
    case "negate":
      return `-${showNumber(node.operand)}`;
    case "index":
      return `${node.protocol}[${showNumber(node.offset)}:${node.size}]`;
    case "binary":
      return `(${showNumber(node.left)} ${node.operator} ${showNumber(node.right)})`;
  }
}

const shown = (text: string): string => {
  const expression = parseFilter(text);
  return expression === undefined ? "" : show(expression);
};

describe("filter expressions", () => {
  test.each([
    ["", ""],
    [" \t\r\n", ""],
    ["tcp", "tcp"],
    ["es-is or is-is", "(esis or isis)"],
    ["fddi broadcast && slip multicast", "(ether broadcast and ether multicast)"],
    ["broadcast", "any broadcast"],
    // One precedence for both, from left to right.
    ["ip and tcp or udp and arp", "(((ip and tcp) or udp) and arp)"],
    ["ip && (tcp || udp)", "(ip and (tcp or udp))"],
    ["not tcp and udp", "(!tcp and udp)"],
    ["!(tcp and udp)", "!(tcp and udp)"],
    ["not not ! tcp", "!!!tcp"],
    // Qualifiers hold on.
    ["host 10.0.0.1", "host<ipv4 10.0.0.1>"],
    ["src 10.0.0.1", "src<ipv4 10.0.0.1>"],
    ["ip src or dst host 10.0.0.1", "ip src or dst host<ipv4 10.0.0.1>"],
    ["dst && src port 80", "src and dst port<number 80>"],
    [
      "tcp dst port ftp or ftp-data or 80",
      "((tcp dst port<name ftp> or tcp dst port<name ftp-data>) or tcp dst port<number 80>)",
    ],
    ["not host 10.0.0.1 and 10.0.0.2", "(!host<ipv4 10.0.0.1> and host<ipv4 10.0.0.2>)"],
    ["host 10.0.0.1 and not 10.0.0.2", "(host<ipv4 10.0.0.1> and !host<ipv4 10.0.0.2>)"],
    [
      "port 80 and (udp port 53 or 443)",
      "(port<number 80> and (udp port<number 53> or udp port<number 443>))",
    ],
    ["port 80 and (tcp) or 443", "((port<number 80> and tcp) or port<number 443>)"],
    ["port (80 or (443 and not 22))", "(port<number 80> or (port<number 443> and !port<number 22>))"],
    ["port ((80) or (22 or 443))", "(port<number 80> or (port<number 22> or port<number 443>))"],
    ["port (not (80 or 22) and 5)", "(!(port<number 80> or port<number 22>) and port<number 5>)"],
    ["port 80 or (443 or 22)", "(port<number 80> or (port<number 443> or port<number 22>))"],
    ["port 80 or (443)", "(port<number 80> or port<number 443>)"],
    ["port not (80)", "!port<number 80>"],
    ["ip proto \\tcp", "ip proto<name \\tcp>"],
    ["ether proto 0x0800", "ether proto<number 2048>"],
    ["ip6 protochain 6", "ip6 protochain<number 6>"],
    // Values of every kind.
    ["net 10", "net<number 10>"],
    ["net 10/8", "net<prefix 10/8>"],
    ["net 10.1/16", "net<prefix 10.1/16>"],
    ["net 10.1 mask 255.255", "net<mask 10.1 mask 255.255>"],
    ["net 2001:db8::/32", "net<prefix 2001:db8::/32>"],
    ["host ::", "host<ipv6 ::>"],
    ["host ::ffff:10.0.0.1", "host<ipv6 ::ffff:10.0.0.1>"],
    ["host 1:2:3:4:5:6:7:8", "host<ipv6 1:2:3:4:5:6:7:8>"],
    ["ether host 1:2:3:4:5:6", "ether host<mac 1:2:3:4:5:6>"],
    ["ether src 02-00-00-00-00-01", "ether src<mac 02-00-00-00-00-01>"],
    ["ether dst 0180.c200.0000", "ether dst<mac 0180.c200.0000>"],
    ["ether dst 0180c2000000", "ether dst<mac 0180c2000000>"],
    ["ether dst 1.2.3.4.5.6", "ether dst<mac 1.2.3.4.5.6>"],
    ["portrange 1-10", "portrange<name 1-10>"],
    ["portrange ftp-http", "portrange<name ftp-http>"],
    // Words of their own.
    ["less 60 or greater 0x100", "(less 60 or greater 256)"],
    ["byte 13 > 010", "byte 13 > 8"],
    ["vlan and vlan 5 and mpls (7)", "((vlan any and vlan 5) and mpls 7)"],
    ["pppoed or pppoes 0x27 or geneve or vxlan 9", "(((pppoed or pppoes 39) or geneve any) or vxlan 9)"],
    ["llc or llc UI or llc rnr", "((llc any or llc ui) or llc rnr)"],
    // Arithmetic.
    ["1 + 2 * 3 = 7", "(1 + (2 * 3)) = 7"],
    ["1 | 2 & 3 << 4 - 5 = 0", "(1 | (2 & (3 << (4 - 5)))) = 0"],
    ["8 - 4 - 2 = 2", "((8 - 4) - 2) = 2"],
    ["- 1 + - 2 = 3", "(-1 + -2) = 3"],
    ["- - ip[0] = 3", "--ip[0:1] = 3"],
    // Operators that libpcap's grammar gives no precedence.
    ["5 % 3 + 1 = 2", "(5 % (3 + 1)) = 2"],
    ["2 * 5 ^ 3 = 2", "(2 * (5 ^ 3)) = 2"],
    ["- 5 % 3 = 2", "-(5 % 3) = 2"],
    ["5 ^ 3 % 2 ^ 1 = 2", "(5 ^ (3 % (2 ^ 1))) = 2"],
    ["ip[0] & 0xf != 5", "(ip[0:1] & 15) != 5"],
    ["tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "(tcp[13:1] & (2 | 1)) != 0"],
    ["ip[ip[0] & 0xf:2] >= len", "ip[(ip[0:1] & 15):2] >= len"],
    ["(ip[0]) == ((5))", "ip[0:1] = 5"],
    ["(ip[0] + 1) * 2 = 5", "((ip[0:1] + 1) * 2) = 5"],
    ["tcp and (5 + 3) < 9", "(tcp and (5 + 3) < 9)"],
    ["port 80 or 443 + 1 = 444", "(port<number 80> or (443 + 1) = 444)"],
    ["icmp[icmptype] = icmp-echo", "icmp[0:1] = 8"],
    ["ether[6:4]<=length", "ether[6:4] <= len"],
  ])("%s", (text, tree) => {
    expect(shown(text)).toBe(tree);
  });

  test.each([
    ["1.2.3.4", 0, "a qualifier such as host, net or port is wanted"],
    ["host", 4, "a value is wanted, but the expression ends"],
    ["host and tcp", 5, 'a value is wanted, but there is "and"'],
    ["tcp and", 7, "a primitive"],
    ["tcp)", 3, 'there is ")"'],
    ["(tcp", 4, '")" is wanted'],
    ["tcp tcp", 4, 'there is "tcp"'],
    ["ip 1.2.3.4", 3, 'there is "1.2.3.4"'],
    ["tcp and 80", 8, '"80" needs a qualifier'],
    ["(host 10.0.0.1) or 10.0.0.2", 19, '"10.0.0.2" needs a qualifier'],
    ["host 10.0.0.1 and (10.0.0.2 or tcp)", 31, 'a value is wanted, but there is "tcp"'],
    ["host (tcp)", 6, "a value is wanted"],
    ["host ((10.0.0.1 or 10.0.0.2))", 6, "a value is wanted first"],
    ["port 80 or ((443 or 22) or 5)", 12, "a value is wanted first"],
    ["src or src 10.0.0.1", 7, '"dst" is wanted after "src or"'],
    ["src proto 6", 4, '"proto" has no direction'],
    ["ip[0", 4, '"]" is wanted'],
    ["ip[0:3] = 1", 5, "3 bytes cannot be read at once"],
    ["ip[0]", 5, "a comparison"],
    ["ip[0] = tcp", 11, '"[" is wanted after "tcp"'],
    ["len-14 > 5", 0, '"len-14"'],
    ["5 = 5 = 5", 6, 'there is "="'],
    ["not 5", 5, "a comparison is wanted"],
    ["vlan (5", 7, '")" is wanted'],
    ["byte 1 ! 2", 7, 'one of "="'],
    ["less foo", 5, "a length"],
    ["net 10.1 mask 8", 14, "a mask"],
    ["net 10.1/x", 9, "the length of the prefix"],
    ["host 1:2:3", 5, "neither an Ethernet nor an IPv6 address"],
    ["089 = 1", 0, "octal"],
    ["4294967296 = 1", 0, "32 bits"],
    ["0x100000000 = 1", 0, "32 bits"],
    ["$a1", 0, "ARCnet"],
    ["tcp # comment", 4, '"#" is no part'],
    ["tcp or 😀", 7, '"😀" is no part'],
    ["gateway snup", 0, '"gateway" cannot be asked'],
    ["inbound", 0, '"inbound" cannot be asked'],
    ["ifindex 3", 0, '"ifindex" cannot be asked'],
    ["tcp and on eth0", 8, '"on" cannot be asked'],
    ["type mgt", 0, "IEEE 802.11"],
    ["wlan addr2 02:00:00:00:00:01", 5, "IEEE 802.11"],
    ["vpi 5", 0, "ATM"],
    ["hopc 5", 0, "signalling system 7"],
    ["tcp.port == 80", 0, '"tcp.port"'],
  ])("refuses %s", (text, column, message) => {
    const error = problemOf(text);
    expect(error?.message).toContain(message);
    expect(error?.column).toBe(column);
  });

  test.each<[string, string]>([
    ["parentheses", "(".repeat(1_000_000)],
    ["closed parentheses", `${"(".repeat(400_000)}tcp${")".repeat(400_000)}`],
    ["negations", "not ".repeat(250_000)],
    ["signs", `${"-".repeat(1_000_000)}1 = 1`],
    ["indices", "ip[".repeat(300_000)],
    ["a row of sums", `${"len + ".repeat(150_000)}1 = 1`],
    ["powers", `${"len ^ ".repeat(150_000)}1 = 1`],
    ["a number", `${"9".repeat(1_000_000)} = 1`],
    ["a name", `host ${"a".repeat(1_000_000)}`],
    ["colons", `host ${":".repeat(1_000_000)}`],
    ["an address", `host ${"1:".repeat(500_000)}1.2.3.4`],
    ["hyphens", `host a${"-".repeat(1_000_000)}`],
    ["backslashes", "\\".repeat(1_000_000)],
    ["dots", `host 1${".1".repeat(500_000)}`],
  ])("a megabyte of %s is refused, in a line", (_name, text) => {
    expect(problemOf(text)?.message.length ?? 0).toBeLessThan(200);
  });

  test("a megabyte of tests in a row is read", () => {
    const expression = parseFilter(`tcp${" and udp or icmp".repeat(62_500)}`);
    expect(expression?.kind === "sequence" && expression.rest.length).toBe(125_000);
  });

  test("any text gives a tree or a SyntaxProblem with a column within it", () => {
    const words = fc.constantFrom(
      ..."host net port proto src dst and or not ( ) [ ] : / mask ip tcp ether vlan len 5 0x1 - + ! = < \\tcp 10.1 ::1 a-b".split(
        " ",
      ),
    );
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.array(words, { maxLength: 20 }).map((parts) => parts.join(" ")),
    );
    fc.assert(
      fc.property(text, (input) => {
        const problem = problemOf(input);
        if (problem?.column !== undefined) expect(problem.column).toBeLessThanOrEqual(input.length);
      }),
      { numRuns: 1500 },
    );
  });
});

/** What a text is refused with; any other error passes on. */
function problemOf(text: string): SyntaxProblem | undefined {
  try {
    parseFilter(text);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxProblem) return error;
    throw error;
  }
}
