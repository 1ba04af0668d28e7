import type { Btf } from "./btf.js";
import { BtfKind } from "./types.js";

const IPV4 = 4;
const MAC = 6;
const IPV6 = 16;

/** Names of addresses: saddr, remote_ip4, h_dest … but not of anything that only has to do with one. */
const IP_NAME = /^(.*_)?(ip|ipv?4|ipv?6|in6?|[sd]?addr[46]?|[sd]ip[46]?)(_(src|dst|addr|saddr|daddr))?$/i;
/** Names that say which address, where a type in network byte order says that it is one. */
const END_NAME = /^(.*_)?(address|src|source|dst|dest|destination|gateway|next_?hop)$/i;
const MAC_NAME =
  /^(h_(dest|source)|(.*_)?([sd]?mac|[sd]?lladdr|[sd]?hwaddr|eth_?addr|mac_?addr|[sd]ha|ar_[st]ha))$/i;

/**
 * How many bytes of address a member is, if it is one: by a type that says so (`struct in_addr`,
 * `struct in6_addr`), or by a name that does with a type that fits: `__be32`, four, six or sixteen
 * bytes, four words of an IPv6 address. In doubt it is none.
 */
export function addressKind(btf: Btf, name: string, typeId: number): number | undefined {
  const type = btf.resolved(typeId);
  switch (type.kind) {
    case BtfKind.Struct:
      if (type.name === "in_addr" && type.size === IPV4) return IPV4;
      if (type.name === "in6_addr" && type.size === IPV6) return IPV6;
      return undefined;
    case BtfKind.Int:
      return (IP_NAME.test(name) || END_NAME.test(name)) && isBigEndian(btf, typeId) && type.size === IPV4
        ? IPV4
        : undefined;
    case BtfKind.Array: {
      const element = btf.resolved(type.type);
      if (element.kind !== BtfKind.Int) return undefined;
      if (element.size === 1 && type.length === MAC && MAC_NAME.test(name)) return MAC;
      if (!IP_NAME.test(name)) return undefined;
      if (element.size === 1 && (type.length === IPV4 || type.length === IPV6)) return type.length;
      // An IPv6 address has no other meaning as four words: bpf_sock's src_ip6 are __u32.
      const isWords = element.size === 4 && type.length === 4;
      return isWords && (/6/.test(name) || isBigEndian(btf, type.type)) ? IPV6 : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether a number is kept in network byte order by what it is called: __be32. */
function isBigEndian(btf: Btf, id: number): boolean {
  let current = id;
  for (let type = btf.type(current); "type" in type; type = btf.type(current)) {
    if (type.kind === BtfKind.Typedef && /^(__)?be(16|32)$/.test(type.name)) return true;
    current = type.type;
  }
  return false;
}
