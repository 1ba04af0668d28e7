import { Errno } from "../../uapi/index.js";
import { TUNNEL_OPTIONS_MAX, type TunnelKey } from "../context/tunnel-key.js";
import type { HelperFunction, Machine } from "../machine.js";
import { flags, memory, skb } from "./argument.js";

/** sizeof(struct bpf_tunnel_key), and the sizes that it had before. */
const KEY_SIZE = 44;
const OLD_SIZES = [8, 22, 24, 28];
const TUNINFO_IPV6 = 1 << 0;
const ZERO_CSUM_TX = 1 << 1;
const DONT_FRAGMENT = 1 << 2;
const SEQ_NUMBER = 1 << 3;
/** The same bit: one for reading, the other for writing. */
const TUNINFO_FLAGS = 1 << 4;
const NO_TUNNEL_KEY = 1 << 4;
/** IP_TUNNEL_*_BIT as the 16 bits that BPF_F_TUNINFO_FLAGS shows, in network byte order. */
const TunnelFlag = {
  Csum: 0x0001,
  Key: 0x0004,
  Seq: 0x0008,
  DontFragment: 0x0100,
  NoCache: 0x2000,
  /** Options of Geneve, VXLAN, ERSPAN and GTP: a program does not say whose its options are. */
  Options: 0xd800,
};
const FLOW_LABEL_MASK = 0xfffff;

function setTunnelKey(machine: Machine): void {
  const packet = skb(machine);
  const { address, length } = memory(machine, 2, "struct bpf_tunnel_key");
  const flagBits = flags(machine, 4);
  const known = TUNINFO_IPV6 | ZERO_CSUM_TX | DONT_FRAGMENT | SEQ_NUMBER | NO_TUNNEL_KEY;
  if ((flagBits & ~known) !== 0 || (length !== KEY_SIZE && !OLD_SIZES.includes(length))) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const bytes = new Uint8Array(KEY_SIZE);
  bytes.set(machine.arena.u8.subarray(address, address + length));
  const view = new DataView(bytes.buffer);
  const isIpv6 = (flagBits & TUNINFO_IPV6) !== 0;
  const label = view.getUint32(24, true);
  if ((!isIpv6 && label !== 0) || view.getUint16(22, true) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  packet.tunnel = {
    id: view.getUint32(0, true),
    isIpv6,
    remote: isIpv6 ? bytes.slice(4, 20) : hostOrder(view, 4),
    local: isIpv6 ? bytes.slice(28, 44) : hostOrder(view, 28),
    tos: bytes[20],
    ttl: bytes[21],
    label: label & FLOW_LABEL_MASK,
    flags:
      TunnelFlag.NoCache |
      ((flagBits & DONT_FRAGMENT) !== 0 ? TunnelFlag.DontFragment : 0) |
      ((flagBits & ZERO_CSUM_TX) === 0 ? TunnelFlag.Csum : 0) |
      ((flagBits & SEQ_NUMBER) !== 0 ? TunnelFlag.Seq : 0) |
      ((flagBits & NO_TUNNEL_KEY) === 0 ? TunnelFlag.Key : 0),
    options: undefined,
    isTransmit: true,
  };
  machine.returns(0);
}

/** A u32 in host byte order as four address bytes. */
function hostOrder(view: DataView, offset: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, view.getUint32(offset, true), false);
  return out;
}

function getTunnelKey(machine: Machine): void {
  const { tunnel } = skb(machine);
  const { address, length } = memory(machine, 2, "struct bpf_tunnel_key");
  const flagBits = flags(machine, 4);
  const error = refuseKey(tunnel, length, flagBits);
  const { u8 } = machine.arena;
  if (error !== 0 || tunnel === undefined) {
    u8.fill(0, address, address + length);
    machine.returns(error);
    return;
  }
  u8.set(encodeKey(tunnel, flagBits).subarray(0, length), address);
  machine.returns(0);
}

function refuseKey(tunnel: TunnelKey | undefined, length: number, flagBits: number): number {
  if (tunnel === undefined || (flagBits & ~(TUNINFO_IPV6 | TUNINFO_FLAGS)) !== 0) return -Errno.EINVAL;
  if (tunnel.isIpv6 !== ((flagBits & TUNINFO_IPV6) !== 0)) return -Errno.EPROTO;
  if (length !== KEY_SIZE && !OLD_SIZES.includes(length)) return -Errno.EINVAL;
  return length === 8 && tunnel.isIpv6 ? -Errno.EINVAL : 0;
}

/** The receiver sees the sender's view mirrored: remote is the outer source. */
function encodeKey(tunnel: TunnelKey, flagBits: number): Uint8Array {
  const bytes = new Uint8Array(KEY_SIZE);
  const view = new DataView(bytes.buffer);
  const source = tunnel.isTransmit ? tunnel.local : tunnel.remote;
  const destination = tunnel.isTransmit ? tunnel.remote : tunnel.local;
  view.setUint32(0, tunnel.id, true);
  bytes[20] = tunnel.tos;
  bytes[21] = tunnel.ttl;
  if ((flagBits & TUNINFO_FLAGS) !== 0) view.setUint16(22, tunnel.flags, false);
  if (tunnel.isIpv6) {
    bytes.set(source, 4);
    bytes.set(destination, 28);
    view.setUint32(24, tunnel.label, true);
  } else {
    view.setUint32(4, new DataView(source.buffer, source.byteOffset).getUint32(0, false), true);
    view.setUint32(28, new DataView(destination.buffer, destination.byteOffset).getUint32(0, false), true);
  }
  return bytes;
}

function setTunnelOptions(machine: Machine): void {
  const packet = skb(machine);
  const { address, length } = memory(machine, 2, "the options");
  const { tunnel } = packet;
  if (tunnel === undefined || !tunnel.isTransmit || length % 4 !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  if (length > TUNNEL_OPTIONS_MAX) {
    machine.returns(-Errno.ENOMEM);
    return;
  }
  packet.tunnel = {
    ...tunnel,
    flags: tunnel.flags | TunnelFlag.Options,
    options: machine.arena.u8.slice(address, address + length),
  };
  machine.returns(0);
}

function getTunnelOptions(machine: Machine): void {
  const options = skb(machine).tunnel?.options;
  const { address, length } = memory(machine, 2, "the buffer");
  const { u8 } = machine.arena;
  u8.fill(0, address, address + length);
  if (options === undefined || length < options.length) {
    machine.returns(options === undefined ? -Errno.ENOENT : -Errno.ENOMEM);
    return;
  }
  u8.set(options, address);
  machine.returns(options.length);
}

/** Tunnel metadata of an sk_buff (net/core/filter.c, bpf_skb_*_tunnel_*). */
export const tunnelHelpers: readonly [id: number, HelperFunction][] = [
  [20, getTunnelKey],
  [21, setTunnelKey],
  [29, getTunnelOptions],
  [30, setTunnelOptions],
];
