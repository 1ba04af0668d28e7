import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { Trap } from "../trap.js";
import { memory, u32 } from "./argument.js";

/**
 * Helpers on sockets. No packet here belongs to a socket yet, and no look-up finds one: what Linux
 * answers where there is none (net/core/filter.c). A helper that takes a socket cannot be reached, since
 * programs check what a look-up gave.
 */
function lookup(machine: Machine): void {
  memory(machine, 2, "struct bpf_sock_tuple");
  machine.returnsAddress(0);
}

function needsSocket(name: string): HelperFunction {
  return () => {
    throw new Trap("invalid argument", `${name}: there are no sockets that it could be given`);
  };
}

/** The cookie of the first network namespace (init_net): what stands for packets without a socket. */
const FIRST_NAMESPACE = 1n;

/** bpf_sk_assign: NULL is no socket. */
function assign(machine: Machine): void {
  if (u32(machine, 2) === 0) machine.returns(-Errno.EINVAL);
  else needsSocket("bpf_sk_assign")(machine);
}

function release(machine: Machine): void {
  if (u32(machine, 1) === 0) machine.returns(0);
  else needsSocket("bpf_sk_release")(machine);
}

/** bpf_skb_get_xfrm_state: no packet here came through IPsec. */
function getXfrmState(machine: Machine): void {
  const { address, length } = memory(machine, 3, "struct bpf_xfrm_state");
  machine.arena.u8.fill(0, address, address + length);
  machine.returns(-Errno.EINVAL);
}

export const socketHelpers: readonly [id: number, HelperFunction][] = [
  [84, lookup],
  [85, lookup],
  [99, lookup],
  [86, release],
  [95, needsSocket("bpf_sk_fullsock")],
  [96, needsSocket("bpf_tcp_sock")],
  [98, needsSocket("bpf_get_listener_sock")],
  [100, needsSocket("bpf_tcp_check_syncookie")],
  [110, needsSocket("bpf_tcp_gen_syncookie")],
  [124, assign],
  [136, needsSocket("bpf_skc_to_tcp6_sock")],
  [137, needsSocket("bpf_skc_to_tcp_sock")],
  [138, needsSocket("bpf_skc_to_tcp_timewait_sock")],
  [139, needsSocket("bpf_skc_to_tcp_request_sock")],
  [140, needsSocket("bpf_skc_to_udp6_sock")],
  [178, needsSocket("bpf_skc_to_unix_sock")],
  [196, needsSocket("bpf_skc_to_mptcp_sock")],
  [122, (m) => m.returns64(FIRST_NAMESPACE)],
  [66, getXfrmState],
];

export const socketKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_sk_assign_tcp_reqsk", needsSocket("bpf_sk_assign_tcp_reqsk")],
];
