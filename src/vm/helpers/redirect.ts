import { RedirectMap } from "../../maps/index.js";
import { Errno, TcAction, XdpAction } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { Trap } from "../trap.js";
import { flags, memory, skb, u32 } from "./argument.js";

const F_INGRESS = 1;
const F_BROADCAST = 1 << 3;
const F_EXCLUDE_INGRESS = 1 << 4;
/** The low bits of bpf_redirect_map's flags are the verdict where there is no such entry. */
const ACTION_MASK = 3;
/** sizeof(struct bpf_redir_neigh). */
const REDIR_NEIGH_SIZE = 20;

/** bpf_redirect: the two program types have different verdicts and flags. */
function redirect(machine: Machine): void {
  const ifindex = u32(machine, 1);
  const flagBits = flags(machine, 2);
  if (machine.packet.kind === "xdp") {
    if (flagBits !== 0) {
      machine.returns(XdpAction.Aborted);
      return;
    }
    machine.redirect.target = { kind: "device", ifindex, flags: 0 };
    machine.returns(XdpAction.Redirect);
    return;
  }
  if ((flagBits & ~F_INGRESS) !== 0) {
    machine.returns(TcAction.Shot);
    return;
  }
  machine.redirect.target = { kind: "device", ifindex, flags: flagBits };
  machine.returns(TcAction.Redirect);
}

/** bpf_redirect_map (include/linux/filter.h, __bpf_xdp_redirect_map). */
function redirectMap(machine: Machine): void {
  const map = machine.mapAt(u32(machine, 1));
  if (!(map instanceof RedirectMap)) {
    throw new Trap("invalid argument", "bpf_redirect_map needs a DEVMAP, DEVMAP_HASH, CPUMAP or XSKMAP");
  }
  const key = u32(machine, 2);
  const flagBits = flags(machine, 3);
  const allowed = ACTION_MASK | (map.canBroadcast ? F_BROADCAST | F_EXCLUDE_INGRESS : 0);
  if ((flagBits & ~allowed) !== 0) {
    machine.returns(XdpAction.Aborted);
    return;
  }
  const isBroadcast = (flagBits & F_BROADCAST) !== 0;
  if (!isBroadcast && !map.hasTarget(key)) {
    // A failed look-up forgets an earlier redirect: the last one counts.
    machine.redirect.reset();
    machine.returns(flagBits & ACTION_MASK);
    return;
  }
  machine.redirect.target = { kind: "map", map, key, flags: isBroadcast ? flagBits : 0 };
  machine.returns(XdpAction.Redirect);
}

function redirectPeer(machine: Machine): void {
  if (flags(machine, 2) !== 0) {
    machine.returns(TcAction.Shot);
    return;
  }
  machine.redirect.target = { kind: "peer", ifindex: u32(machine, 1) };
  machine.returns(TcAction.Redirect);
}

function redirectNeigh(machine: Machine): void {
  const { address, length } = memory(machine, 2, "the next hop");
  if ((length !== 0 && length < REDIR_NEIGH_SIZE) || flags(machine, 4) !== 0) {
    machine.returns(TcAction.Shot);
    return;
  }
  const nexthop = length === 0 ? undefined : machine.arena.u8.slice(address, address + REDIR_NEIGH_SIZE);
  machine.redirect.target = { kind: "neighbour", ifindex: u32(machine, 1), nexthop };
  machine.returns(TcAction.Redirect);
}

function cloneRedirect(machine: Machine): void {
  const packet = skb(machine);
  const flagBits = flags(machine, 3);
  if ((flagBits & ~F_INGRESS) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  if (packet.isGso) {
    machine.returns(-Errno.EBADMSG);
    return;
  }
  machine.returns(machine.services.network.cloneRedirect(packet.copy(), u32(machine, 2), flagBits));
}

/** Sending a packet elsewhere (net/core/filter.c). */
export const redirectHelpers: readonly [id: number, HelperFunction][] = [
  [23, redirect],
  [51, redirectMap],
  [155, redirectPeer],
  [152, redirectNeigh],
  [13, cloneRedirect],
];
