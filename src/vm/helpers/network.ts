import { Errno } from "../../uapi/index.js";
import type { SkBuff } from "../context/sk-buff.js";
import { SkbField } from "../context/skb-field.js";
import type { FibLookup, HelperFunction, Machine, NetworkServices } from "../machine.js";
import { checkMemory, flags, s32, u32 } from "./argument.js";

/** sizeof(struct bpf_fib_lookup). */
const FIB_LOOKUP_SIZE = 64;
const AF_INET = 2;
const AF_INET6 = 10;
/** BPF_FIB_LOOKUP_DIRECT, _OUTPUT, _SKIP_NEIGH, _TBID, _SRC and _MARK. */
const FIB_FLAGS = 0x3f;
const FIB_SUCCESS = 0;
const FIB_FRAG_NEEDED = 8;
const MTU_CHK_SEGS = 1;
const MTU_SUCCESS = 0;
const MTU_FRAG_NEEDED = 1;
const MTU_SEGS_TOOBIG = 2;
const VLAN_HLEN = 4;

function readFibLookup(machine: Machine, at: number): FibLookup {
  const { view, u8 } = machine.arena;
  const family = u8[at];
  const size = family === AF_INET6 ? 16 : 4;
  return {
    family,
    l4Protocol: u8[at + 1],
    sport: view.getUint16(at + 2, false),
    dport: view.getUint16(at + 4, false),
    totalLength: view.getUint16(at + 6, true),
    mtuResult: undefined,
    ifindex: view.getUint32(at + 8, true),
    tos: u8[at + 12],
    flowinfo: view.getUint32(at + 12, false),
    metric: undefined,
    source: u8.slice(at + 16, at + 16 + size),
    destination: u8.slice(at + 32, at + 32 + size),
    table: view.getUint32(at + 48, true),
    mark: view.getUint32(at + 52, true),
    vlan: undefined,
    smac: undefined,
    dmac: undefined,
  };
}

function writeFibLookup(machine: Machine, at: number, lookup: FibLookup): void {
  const { view, u8 } = machine.arena;
  u8[at] = lookup.family;
  if (lookup.mtuResult !== undefined) view.setUint16(at + 6, lookup.mtuResult, true);
  view.setUint32(at + 8, lookup.ifindex, true);
  if (lookup.metric !== undefined) view.setUint32(at + 12, lookup.metric, true);
  u8.set(lookup.source, at + 16);
  u8.set(lookup.destination, at + 32);
  if (lookup.vlan !== undefined) {
    view.setUint16(at + 48, lookup.vlan.protocol, false);
    view.setUint16(at + 50, lookup.vlan.tci, false);
  }
  if (lookup.smac !== undefined) u8.set(lookup.smac, at + 52);
  if (lookup.dmac !== undefined) u8.set(lookup.dmac, at + 58);
}

/** bpf_fib_lookup (net/core/filter.c, bpf_xdp_fib_lookup and bpf_skb_fib_lookup). */
function fibLookup(machine: Machine): void {
  const address = u32(machine, 2);
  const flagBits = u32(machine, 4);
  if (s32(machine, 3) < FIB_LOOKUP_SIZE || (flagBits & ~FIB_FLAGS) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  checkMemory(machine, address, FIB_LOOKUP_SIZE, "struct bpf_fib_lookup");
  const lookup = readFibLookup(machine, address);
  if (lookup.family !== AF_INET && lookup.family !== AF_INET6) {
    machine.returns(-Errno.EAFNOSUPPORT);
    return;
  }
  const { packet } = machine;
  const { network } = machine.services;
  const mustCheckMtu = packet.kind === "xdp" || lookup.totalLength !== 0;
  let result = network.fibLookup(lookup, flagBits, mustCheckMtu);
  const device = network.device(lookup.ifindex);
  if (result === FIB_SUCCESS && packet.kind === "skb" && !mustCheckMtu && device !== undefined) {
    // Without a length to check, the packet itself is checked against the device it will leave by.
    if (!isForwardable(packet, device)) result = FIB_FRAG_NEEDED;
    lookup.mtuResult = device.mtu;
  }
  writeFibLookup(machine, address, lookup);
  machine.returns(result);
}

type DeviceFacts = NonNullable<ReturnType<NetworkServices["device"]>>;

/** include/linux/netdevice.h, is_skb_forwardable. */
function isForwardable(packet: SkBuff, device: DeviceFacts): boolean {
  return device.isUp && (packet.isGso || packet.length <= device.mtu + device.hardHeaderLength + VLAN_HLEN);
}

/** Whether the packets that a GSO packet is cut into fit (net/core/gso.c, skb_gso_validate_network_len). */
function checkSegments(packet: SkBuff, mtu: number): number {
  const { transportOffset, networkOffset } = packet;
  if (transportOffset === undefined) return -Errno.EINVAL;
  const length = transportOffset - networkOffset + packet.get(SkbField.GsoSize);
  return length <= mtu ? MTU_SUCCESS : MTU_SEGS_TOOBIG;
}

/** bpf_check_mtu (net/core/filter.c, bpf_xdp_check_mtu and bpf_skb_check_mtu). */
function checkMtu(machine: Machine): void {
  const { packet } = machine;
  const address = u32(machine, 3);
  checkMemory(machine, address, 4, "the MTU");
  const { view } = machine.arena;
  const given = view.getUint32(address, true);
  const difference = s32(machine, 4);
  const flagBits = flags(machine, 5);
  const isXdp = packet.kind === "xdp";
  const checksSegments = !isXdp && (flagBits & MTU_CHK_SEGS) !== 0;
  const known = isXdp ? 0 : MTU_CHK_SEGS;
  if ((flagBits & ~known) !== 0 || (checksSegments && (difference !== 0 || given !== 0))) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const current = isXdp ? packet.origin.ingressIfindex : packet.get(SkbField.Ifindex);
  const device = machine.services.network.device(u32(machine, 2) || current);
  if (device === undefined) {
    machine.returns(-Errno.ENODEV);
    return;
  }
  // The sum is one of 32 bits with a sign.
  const length = ((given !== 0 ? given + device.hardHeaderLength : packet.length) + difference) | 0;
  let result: number = length <= device.mtu + device.hardHeaderLength ? MTU_SUCCESS : MTU_FRAG_NEEDED;
  if (result === MTU_FRAG_NEEDED && packet.kind === "skb" && packet.isGso) {
    result = checksSegments ? checkSegments(packet, device.mtu) : MTU_SUCCESS;
    if (result < 0) {
      machine.returns(result);
      return;
    }
  }
  view.setUint32(address, device.mtu, true);
  machine.returns(result);
}

/** What asks the network (net/core/filter.c). */
export const networkHelpers: readonly [id: number, HelperFunction][] = [
  [69, fibLookup],
  [163, checkMtu],
];
