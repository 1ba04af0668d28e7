import { type Device, type DeviceAddress, Scope } from "./device.js";
import { commonBits, isSameAddress, isWithin } from "./prefix.js";

const IPV4_LENGTH = 4;

/** The addresses of a family that a device has. */
function addressesOf(device: Device, length: number): DeviceAddress[] {
  return (device.addresses ?? []).filter(({ address }) => address.length === length);
}

/**
 * The IPv4 source address for packets that leave by a device to a gateway, 0.0.0.0 where there is none
 * (net/ipv4/devinet.c, inet_select_addr). `scope` is the route's.
 */
export function selectIpv4Source(
  devices: Iterable<Device>,
  device: Device,
  gateway: Uint8Array | undefined,
  scope: number,
): Uint8Array {
  let first: Uint8Array | undefined;
  for (const entry of addressesOf(device, IPV4_LENGTH)) {
    if (entry.isSecondary === true || (entry.scope ?? Scope.Universe) > scope) continue;
    if (gateway === undefined || isWithin(gateway, entry.address, entry.prefixLength)) return entry.address;
    first ??= entry.address;
  }
  if (first !== undefined) return first;
  for (const other of devices) {
    const found = addressesOf(other, IPV4_LENGTH).find(
      (entry) =>
        entry.isSecondary !== true && entry.scope !== Scope.Link && (entry.scope ?? Scope.Universe) <= scope,
    );
    if (found !== undefined) return found.address;
  }
  return new Uint8Array(IPV4_LENGTH);
}

/** IPV6_ADDR_SCOPE_*: the larger, the farther. */
const Ipv6Scope = { None: 0, Node: 1, Link: 2, Site: 5, Global: 14 } as const;

function ipv6Scope(address: Uint8Array): number {
  if (address[0] === 0xff) return address[1] & 0xf;
  if (isSameAddress(address, ANY)) return Ipv6Scope.None;
  if (isSameAddress(address, LOOPBACK)) return Ipv6Scope.Link;
  if (address[0] === 0xfe && (address[1] & 0xc0) === 0x80) return Ipv6Scope.Link;
  if (address[0] === 0xfe && (address[1] & 0xc0) === 0xc0) return Ipv6Scope.Site;
  return Ipv6Scope.Global;
}

const ANY = new Uint8Array(16);
const LOOPBACK = Uint8Array.from([...new Array(15).fill(0), 1]);
const prefix = (...bytes: number[]) => Uint8Array.from([...bytes, ...new Array(16 - bytes.length).fill(0)]);

/** The labels that Linux starts with (net/ipv6/addrlabel.c, after RFC 6724 §2.1), longest prefix first. */
const LABELS: readonly (readonly [range: Uint8Array, length: number, label: number])[] = [
  [LOOPBACK, 128, 0],
  [prefix(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff), 96, 4],
  [prefix(), 96, 3],
  [prefix(0x20, 0x01, 0, 0), 32, 6],
  [prefix(0x20, 0x01, 0, 0x10), 28, 7],
  [prefix(0x20, 0x02), 16, 2],
  [prefix(0x3f, 0xfe), 16, 12],
  [prefix(0xfe, 0xc0), 10, 11],
  [prefix(0xfc), 7, 5],
  [prefix(), 0, 1],
];

function labelOf(address: Uint8Array): number {
  return LABELS.find(([range, length]) => isWithin(address, range, length))?.[2] ?? 1;
}

/** How well a source address suits, rule by rule of RFC 6724 §5; the first difference decides. */
function score(entry: DeviceAddress, device: Device, out: Device, destination: Uint8Array): number[] {
  const scope = ipv6Scope(entry.address);
  const wanted = ipv6Scope(destination);
  const isPreferred = entry.isDeprecated !== true;
  return [
    Number(isSameAddress(entry.address, destination)),
    // A scope that is enough: the smaller the better; one that is not is worse than any that is.
    scope >= wanted ? -scope : scope - 128,
    Number(isPreferred),
    Number(device.ifindex === out.ifindex),
    Number(labelOf(entry.address) === labelOf(destination)),
    Math.min(commonBits(entry.address, destination), entry.prefixLength),
  ];
}

/**
 * The IPv6 source address for packets that leave by a device (net/ipv6/addrconf.c, ipv6_dev_get_saddr);
 * undefined where there is none. Temporary and home addresses are not told apart.
 */
export function selectIpv6Source(
  devices: Iterable<Device>,
  out: Device,
  destination: Uint8Array,
): Uint8Array | undefined {
  const isOnLink = destination[0] === 0xff || ipv6Scope(destination) <= Ipv6Scope.Link;
  let best: { readonly address: Uint8Array; readonly points: number[] } | undefined;
  for (const device of isOnLink ? [out] : devices) {
    for (const entry of addressesOf(device, 16)) {
      if (entry.isTentative === true || entry.address[0] === 0xff) continue;
      const points = score(entry, device, out, destination);
      if (best === undefined || isBetter(points, best.points)) best = { address: entry.address, points };
    }
  }
  return best?.address;
}

function isBetter(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && a[at] > b[at];
}
