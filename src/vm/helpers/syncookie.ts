import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine, Services } from "../machine.js";
import { checkMemory, u32 } from "./argument.js";
import { type SipKey, siphash32 } from "./siphash.js";

const TCP_HEADER = 20;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
/** The upper 8 bits of a cookie count minutes. */
const COOKIE_BITS = 24;
const COOKIE_MASK = 0xffffff;
/** MAX_SYNCOOKIE_AGE, in units of TCP_SYNCOOKIE_PERIOD. */
const MAX_AGE = 2;
const NS_PER_PERIOD = 60_000_000_000n;
const TCP_OPTION = { End: 0, Nop: 1, Mss: 2 } as const;
const MSS_OPTION_SIZE = 4;

interface Family {
  readonly headerSize: number;
  /** The values that a cookie's two bits of data stand for, in order. */
  readonly sizes: readonly number[];
  /** The segment size of who does not tell. */
  readonly defaultMss: number;
  /** Hashes addresses, ports and a count with one of two keys. */
  hash(connection: Connection, count: number, key: SipKey): number;
}

/** A connection as its first segments tell it. */
interface Connection {
  readonly addresses: Uint8Array;
  /** Source and destination, as they stand in the header. */
  readonly ports: Uint8Array;
  readonly sequence: number;
  readonly acknowledgement: number;
}

/** net/ipv4/syncookies.c: what is hashed are words of the machine's byte order. */
const ipv4: Family = {
  headerSize: IPV4_HEADER,
  sizes: [536, 1300, 1440, 1460],
  defaultMss: 536,
  hash({ addresses, ports }, count, key) {
    const bytes = new Uint8Array(16);
    bytes.set(addresses);
    // (sport << 16 | dport), both as they lie in memory.
    bytes.set([ports[2], ports[3], ports[0], ports[1]], 8);
    new DataView(bytes.buffer).setUint32(12, count, true);
    return siphash32(bytes, key);
  },
};

/** net/ipv6/syncookies.c. */
const ipv6: Family = {
  headerSize: IPV6_HEADER,
  sizes: [1220, 1420, 1440, 8940],
  defaultMss: 1220,
  hash({ addresses, ports }, count, key) {
    const bytes = new Uint8Array(40);
    bytes.set(addresses);
    new DataView(bytes.buffer).setUint32(32, count, true);
    bytes.set(ports, 36);
    return siphash32(bytes, key);
  },
};

const secrets = new WeakMap<Services, readonly [SipKey, SipKey]>();

/** Two keys of a kernel, made at random when they are first needed (net_get_random_once). */
function secretOf(services: Services): readonly [SipKey, SipKey] {
  let keys = secrets.get(services);
  if (keys === undefined) {
    const key = (): SipKey => [
      services.random32(),
      services.random32(),
      services.random32(),
      services.random32(),
    ];
    secrets.set(services, (keys = [key(), key()]));
  }
  return keys;
}

/** tcp_cookie_time: periods since the machine started. */
function period({ monotonicNs }: Services): number {
  return Number(BigInt.asUintN(32, monotonicNs() / NS_PER_PERIOD));
}

function readConnection(machine: Machine, family: Family): Connection {
  const header = u32(machine, 1);
  const segment = u32(machine, 2);
  checkMemory(machine, header, family.headerSize, "the IP header");
  checkMemory(machine, segment, TCP_HEADER, "the TCP header");
  const { u8, view } = machine.arena;
  const from = header + (family === ipv4 ? 12 : 8);
  return {
    addresses: u8.slice(from, header + family.headerSize),
    ports: u8.slice(segment, segment + 4),
    sequence: view.getUint32(segment + 4, false),
    acknowledgement: view.getUint32(segment + 8, false),
  };
}

/** net/ipv4/tcp_input.c, tcp_parse_mss_option: 0 where the SYN has none. */
function mssOption(machine: Machine, segment: number): number {
  const { u8, view } = machine.arena;
  let at = segment + TCP_HEADER;
  let left = (u8[segment + 12] >> 4) * 4 - TCP_HEADER;
  let mss = 0;
  while (left > 0) {
    const kind = u8[at];
    if (kind === TCP_OPTION.End) break;
    if (kind === TCP_OPTION.Nop) {
      at++;
      left--;
      continue;
    }
    const size = left < 2 ? 0 : u8[at + 1];
    if (size < 2 || size > left) break;
    if (kind === TCP_OPTION.Mss && size === MSS_OPTION_SIZE) mss = view.getUint16(at + 2, false) || mss;
    at += size;
    left -= size;
  }
  return mss;
}

/** bpf_tcp_raw_gen_syncookie_ipv4 and _ipv6: the sequence number to answer a SYN with, and its MSS. */
function generate(family: Family): HelperFunction {
  return (machine) => {
    const segment = u32(machine, 2);
    const length = u32(machine, 3);
    if (length < TCP_HEADER || length !== (machine.arena.u8[segment + 12] >> 4) * 4) {
      machine.returns(-Errno.EINVAL);
      return;
    }
    checkMemory(machine, segment, length, "the TCP header");
    const connection = readConnection(machine, family);
    const wanted = mssOption(machine, segment) || family.defaultMss;
    const index = Math.max(
      0,
      family.sizes.findLastIndex((size) => wanted >= size),
    );
    const [first, second] = secretOf(machine.services);
    const count = period(machine.services);
    const low = (family.hash(connection, count, second) + index) & COOKIE_MASK;
    const cookie =
      (family.hash(connection, 0, first) + connection.sequence + (count << COOKIE_BITS) + low) >>> 0;
    machine.returns64((BigInt(family.sizes[index]) << 32n) | BigInt(cookie));
  };
}

/** bpf_tcp_raw_check_syncookie_ipv4 and _ipv6: 0 where an ACK confirms a cookie of ours. */
function check(family: Family): HelperFunction {
  return (machine) => {
    const connection = readConnection(machine, family);
    const [first, second] = secretOf(machine.services);
    const count = period(machine.services);
    const cookie =
      connection.acknowledgement - 1 - family.hash(connection, 0, first) - (connection.sequence - 1);
    const age = (count - (cookie >>> COOKIE_BITS)) & (0xffffffff >>> COOKIE_BITS);
    const data = (cookie - family.hash(connection, count - age, second)) & COOKIE_MASK;
    const isOurs = age < MAX_AGE && data < family.sizes.length;
    machine.returns(isOurs ? 0 : -Errno.EACCES);
  };
}

/** SYN cookies without a socket (net/core/filter.c, bpf_tcp_raw_*). */
export const syncookieHelpers: readonly [id: number, HelperFunction][] = [
  [204, generate(ipv4)],
  [205, generate(ipv6)],
  [206, check(ipv4)],
  [207, check(ipv6)],
];
