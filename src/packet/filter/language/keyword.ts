/** Keywords by which headers are named, each with the name that is used here. */
const protocols = {
  ether: "ether",
  link: "ether",
  fddi: "ether",
  tr: "ether",
  wlan: "ether",
  ppp: "ether",
  slip: "ether",
  ip: "ip",
  arp: "arp",
  rarp: "rarp",
  sctp: "sctp",
  tcp: "tcp",
  udp: "udp",
  icmp: "icmp",
  igmp: "igmp",
  igrp: "igrp",
  pim: "pim",
  vrrp: "vrrp",
  carp: "carp",
  ip6: "ip6",
  icmp6: "icmp6",
  ah: "ah",
  esp: "esp",
  atalk: "atalk",
  aarp: "aarp",
  decnet: "decnet",
  lat: "lat",
  sca: "sca",
  moprc: "moprc",
  mopdl: "mopdl",
  iso: "iso",
  esis: "esis",
  "es-is": "esis",
  isis: "isis",
  "is-is": "isis",
  clnp: "clnp",
  l1: "l1",
  l2: "l2",
  iih: "iih",
  lsp: "lsp",
  snp: "snp",
  csnp: "csnp",
  psnp: "psnp",
  stp: "stp",
  ipx: "ipx",
  netbeui: "netbeui",
  radio: "radio",
} as const;

/** A header that an expression may name; all words for the link layer are `ether`. */
export type Protocol = (typeof protocols)[keyof typeof protocols];

const types = {
  host: "host",
  net: "net",
  port: "port",
  portrange: "portrange",
  proto: "proto",
  protochain: "protochain",
  gateway: "gateway",
} as const;

/** What a value is: the type qualifiers, and `proto` with its like. */
export type ValueType = keyof typeof types;

const grammar = [
  ..."src dst mask less greater byte broadcast multicast and or not len length".split(" "),
  ..."vlan mpls pppoed pppoes geneve vxlan llc".split(" "),
];

/** Words of the language that ask for what frames of Ethernet do not hold, and why that is so. */
const elsewhere: readonly (readonly [words: string, reason: string])[] = [
  ["inbound outbound", "captured frames of Ethernet do not say which way they went"],
  ["ifindex", "captured frames of Ethernet do not say which interface they came by"],
  [
    "on ifname rset ruleset rnr rulenum srnr subrulenum reason action",
    "it is about packets logged by OpenBSD's pf",
  ],
  [
    "type subtype direction dir addr1 addr2 addr3 addr4 address1 address2 address3 address4 ra ta",
    "it is about frames of IEEE 802.11",
  ],
  [
    "lane metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci connectmsg metaconnect",
    "it is about cells of ATM",
  ],
  [
    "fisu lssu lsu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls",
    "it is about signalling system 7",
  ],
];

const protocolNames: ReadonlyMap<string, Protocol> = new Map(Object.entries(protocols));
const valueTypes: ReadonlyMap<string, ValueType> = new Map(Object.entries(types));
const reasons: ReadonlyMap<string, string> = new Map(
  elsewhere.flatMap(([words, reason]) => words.split(" ").map((word): [string, string] => [word, reason])),
);
const keywords = new Set([...protocolNames.keys(), ...valueTypes.keys(), ...reasons.keys(), ...grammar]);

/** Is the word one of the language, so that a name must be written as \word? */
export function isKeyword(word: string): boolean {
  return keywords.has(word);
}

/** The header that a keyword names. */
export function protocolOf(word: string): Protocol | undefined {
  return protocolNames.get(word);
}

/** The type of value that a keyword announces. */
export function valueTypeOf(word: string): ValueType | undefined {
  return valueTypes.get(word);
}

/** Why a keyword of the language cannot be asked of Ethernet; undefined for all others. */
export function whyNotEthernet(word: string): string | undefined {
  return reasons.get(word);
}
