import fc from "fast-check";
import { formatIpv4, formatIpv6, formatMac, type PacketRecord } from "../../src/packet/index.js";

/** Addresses and ports that packets have, so that random expressions select some of them. */
export interface Pool {
  readonly mac: readonly string[];
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly port: readonly number[];
}

export function poolOf(frames: readonly PacketRecord[]): Pool {
  const pool = {
    mac: new Set<string>(),
    ipv4: new Set<string>(),
    ipv6: new Set<string>(),
    port: new Set<number>(),
  };
  for (let i = 0; i < frames.length; i += 5) {
    const bytes = frames[i].buffer;
    if (bytes.length < 14) continue;
    pool.mac.add(formatMac(bytes, 6));
    const type = (bytes[12] << 8) | bytes[13];
    if (type === 0x0800 && bytes.length >= 38) {
      pool.ipv4.add(formatIpv4(bytes, 26)).add(formatIpv4(bytes, 30));
      if (bytes[23] === 6 || bytes[23] === 17) pool.port.add((bytes[34] << 8) | bytes[35]);
    }
    if (type === 0x86dd && bytes.length >= 54)
      pool.ipv6.add(formatIpv6(bytes, 22)).add(formatIpv6(bytes, 38));
  }
  return { mac: [...pool.mac], ipv4: [...pool.ipv4], ipv6: [...pool.ipv6], port: [...pool.port] };
}

const words = (list: string): fc.Arbitrary<string> => fc.constantFrom(...list.split(" "));
const maybe = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(""), arbitrary);
/** Parts with a space between; empty ones leave none. */
const phrase = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((texts) => texts.filter((text) => text !== "").join(" "));
const number = (largest: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.integer({ min: 0, max: largest }).map(String),
    fc.integer({ min: 0, max: largest }).map((value) => `0x${value.toString(16)}`),
    fc.integer({ min: 0, max: Math.min(largest, 20) }).map(String),
  );

const direction = maybe(
  fc.constantFrom("src", "dst", "src or dst", "src and dst", "dst or src", "dst && src"),
);
const bare = words(
  `ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp igrp pim vrrp carp ah esp atalk aarp decnet lat sca moprc
mopdl iso clnp esis isis l1 l2 iih lsp snp csnp psnp stp ipx netbeui llc pppoed broadcast multicast`.replace(
    "\n",
    " ",
  ),
);

/** Primitives that leave the headers where they are. */
function plainPrimitive(pool: Pool): fc.Arbitrary<string> {
  const ipv4 = fc.constantFrom(...pool.ipv4);
  const ipv6 = fc.constantFrom(...pool.ipv6);
  const port = fc.oneof(fc.constantFrom(...pool.port.map(String)), number(65535));
  const network = fc.tuple(ipv4, fc.integer({ min: 1, max: 4 })).map(([address, parts]) => {
    const prefix = address.split(".").slice(0, parts).join(".");
    // A single number has a mask of its own only behind `net`, and no prefix in libpcap.
    return parts === 1 ? `net ${Number(prefix)}` : `net ${prefix}${parts % 2 === 0 ? `/${parts * 8}` : ""}`;
  });
  return fc.oneof(
    { weight: 4, arbitrary: bare },
    phrase(maybe(words("ip arp rarp")), direction, maybe(fc.constant("host")), ipv4).filter(hasQualifier),
    phrase(maybe(words("ip arp rarp")), direction, network),
    phrase(direction, fc.constant("net"), ipv4, fc.constant("mask 255.255.255.255")),
    phrase(maybe(fc.constant("ip6")), direction, fc.constant("host"), ipv6),
    phrase(
      direction,
      fc.constant("net"),
      fc.constantFrom("fe80::/10", "ff00::/8", "2001::/16", "::/96", "::/0"),
    ),
    phrase(words("ether link"), direction, maybe(fc.constant("host")), fc.constantFrom(...pool.mac)).filter(
      hasQualifier,
    ),
    phrase(maybe(words("tcp udp sctp")), direction, fc.constant("port"), port),
    phrase(
      maybe(words("tcp udp sctp")),
      direction,
      fc.constant("portrange"),
      fc.tuple(port, port).map(([a, b]) => `${Number(a)}-${Number(b)}`),
    ),
    phrase(
      fc.constant("ether proto"),
      fc.oneof(number(65535), fc.constantFrom("\\ip", "\\arp", "\\iso", "\\ipx", "\\stp", "loopback")),
    ),
    phrase(
      maybe(words("ip ip6")),
      fc.constant("proto"),
      fc.oneof(number(255), fc.constantFrom("\\tcp", "\\udp", "\\icmp", "ospf", "gre")),
    ),
    phrase(fc.constant("iso proto"), fc.oneof(number(255), fc.constantFrom("\\esis", "\\isis", "\\clnp"))),
    phrase(fc.constant("isis proto"), number(31)),
    phrase(words("ip6 ether link ip"), words("multicast broadcast")).filter(
      (text) => !/^(ip6 b|ip m)/.test(text),
    ),
    phrase(words("less greater"), number(1600)),
    phrase(fc.constant("byte"), number(60), words("= < >"), number(255)),
    phrase(fc.constant("llc"), words("i s u rr rnr rej ui ua disc dm sabme test xid frmr")),
    phrase(
      fc.constant("decnet"),
      maybe(words("src dst")),
      fc.constant("host"),
      fc.constantFrom("1.1", "10.123", "63.1023"),
    ),
    relation(),
  );
}

function hasQualifier(text: string): boolean {
  return /\b(src|dst|host)\b/.test(text);
}

const index = words("ether ip ip6 arp rarp tcp udp sctp icmp igmp pim vrrp icmp6 atalk decnet lat");
const sign = words("+ - * / % & | ^ << >>");

/** Comparisons of arithmetic, in which nothing is divided by a constant zero or shifted by one too far. */
function relation(): fc.Arbitrary<string> {
  const { expression } = fc.letrec<{ expression: string; operand: string }>((tie) => ({
    operand: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      number(0xffff),
      words("len length tcpflags tcp-syn icmp-echo icmp6type"),
      fc
        .tuple(index, number(60), fc.constantFrom("", ":1", ":2", ":4"))
        .map(([name, at, size]) => `${name}[${at}${size}]`),
      fc
        .tuple(index, tie("expression"), fc.constantFrom("", ":1", ":2", ":4"))
        .map(([name, at, size]) => `${name}[${at}${size}]`),
      tie("expression").map((text) => `(${text})`),
      tie("operand").map((text) => `- ${text}`),
    ),
    expression: fc.oneof(
      { depthSize: "small" },
      tie("operand"),
      fc.tuple(tie("operand"), sign, tie("operand")).map((parts) => parts.join(" ")),
      fc.tuple(tie("operand"), sign, tie("operand"), sign, tie("operand")).map((parts) => parts.join(" ")),
    ),
  }));
  const simple = fc
    .tuple(index, number(20), fc.constantFrom("", ":2", ":4"), words("= != < > <= >="), number(255))
    .map(([name, at, size, operator, value]) => `${name}[${at}${size}] ${operator} ${value}`);
  // Of few numbers, so that one comparison decides another.
  const narrow = fc
    .tuple(words("ip[1] ip[6:2] ether[13]"), words("= != < > <= >="), fc.nat(5))
    .map((parts) => parts.join(" "));
  return fc.oneof(simple, narrow, narrow, phrase(expression, words("= == != < > <= >="), expression));
}

const encapsulation = fc.oneof(
  phrase(fc.constant("vlan"), maybe(number(0xfff))),
  phrase(fc.constant("mpls"), maybe(number(0xfffff))),
  phrase(fc.constant("pppoes"), maybe(number(0xffff))),
);

/** Expressions that mean something, mostly. */
export function randomExpression(pool: Pool): fc.Arbitrary<string> {
  const primitive = fc.oneof({ weight: 8, arbitrary: plainPrimitive(pool) }, encapsulation);
  const { expression } = fc.letrec<{ expression: string; term: string }>((tie) => ({
    term: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 4, arbitrary: primitive },
      fc.tuple(words("not !"), tie("term")).map(([not, text]) => `${not} ${text}`),
      tie("expression").map((text) => `(${text})`),
    ),
    expression: fc.oneof(
      { depthSize: "small" },
      tie("term"),
      fc.tuple(tie("term"), words("and or && ||"), tie("expression")).map((parts) => parts.join(" ")),
    ),
  }));
  const geneve = fc
    .tuple(maybe(number(0xff)), expression)
    .map(([vni, text]) => `geneve ${vni} and (${text})`);
  return fc.oneof({ weight: 12, arbitrary: expression }, geneve, bareValues(pool));
}

/** Values that take their qualifiers from before. */
function bareValues(pool: Pool): fc.Arbitrary<string> {
  const lists = fc.oneof(
    fc
      .tuple(words("port tcp udp"), fc.array(number(1000), { minLength: 2, maxLength: 4 }))
      .map(([name, ports]): [string, string[]] => [name === "port" ? name : `${name} port`, ports]),
    fc.tuple(words("host src dst"), fc.array(fc.constantFrom(...pool.ipv4), { minLength: 2, maxLength: 4 })),
  );
  return fc
    .tuple(lists, words("and or"), fc.boolean(), fc.boolean())
    .map(([[name, values], operator, isList, isNot]) => {
      const list = values.join(` ${operator} ${isNot ? "not " : ""}`);
      return isList ? `${name} (${list})` : `${name} ${list}`;
    });
}

/** Words to put where they do not belong. No names: tcpdump would ask the DNS for them. */
const vocabulary = words(
  "and or not ( ) ! && || = < >= + - * / % & | ^ << >> [ ] : host net port proto src dst ip tcp ether 5 0x10 10.0.0.1 1.2 ::1 0:1:2:3:4:5 len mask vlan mpls less byte multicast icmp-echo 10.0.0.0/8",
);

/** Expressions with a word or two taken away, put in or doubled. */
export function damagedExpression(pool: Pool): fc.Arbitrary<string> {
  const damage = fc.tuple(fc.nat(), fc.constantFrom("delete", "insert", "double", "replace"), vocabulary);
  return fc
    .tuple(randomExpression(pool), fc.array(damage, { minLength: 1, maxLength: 2 }))
    .map(([text, damages]) => {
      const parts = text.split(/(?<!proto)\s+(?!\\)|(?=[()[\]:])|(?<=[()[\]])/);
      for (const [at, kind, word] of damages) {
        const i = at % (parts.length + 1);
        if (kind === "delete") parts.splice(i, 1);
        else if (kind === "insert") parts.splice(i, 0, word);
        else if (kind === "replace") parts.splice(i, 1, word);
        else parts.splice(i, 0, parts[i] ?? word);
      }
      return parts.join(" ");
    });
}
