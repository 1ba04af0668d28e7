import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { Trap } from "../trap.js";
import { checkMemory, memory, u32 } from "./argument.js";

const TCP = 6;
const UDP = 17;
/** ENONET: there is no network namespace with that id. */
const ENONET = 64;
/** BPF_F_CURRENT_NETNS. */
const CURRENT_NAMESPACE = -1;
/** Sizes of struct bpf_sock_tuple for IPv4 and IPv6. */
const TUPLE_SIZES = [12, 36];
/** sizeof(struct bpf_ct_opts), and before Linux 6.11. */
const OPTIONS_SIZE = 16;
const OLD_OPTIONS_SIZE = 12;
/** Byte offsets of struct bpf_ct_opts. */
const Options = { Namespace: 0, Error: 4, Protocol: 8, Zone: 10, ZoneDirection: 12, Reserved: 13 };
/** NF_CT_DEFAULT_ZONE_DIR. */
const BOTH_DIRECTIONS = 3;

/**
 * bpf_xdp_ct_lookup and bpf_skb_ct_lookup (net/netfilter/nf_conntrack_bpf.c). No connection is tracked
 * here yet: after Linux's checks the answer is that there is no such entry.
 */
function lookup(machine: Machine): void {
  const tupleSize = u32(machine, 3);
  const options = u32(machine, 4);
  const size = u32(machine, 5);
  if (u32(machine, 2) !== 0) checkMemory(machine, u32(machine, 2), tupleSize, "struct bpf_sock_tuple");
  if (options !== 0) {
    checkMemory(machine, options, size, "struct bpf_ct_opts");
    const error = refuseLookup(machine, u32(machine, 2), tupleSize, options, size);
    // Whatever the size is: Linux looks at it only to judge the options.
    machine.arena.view.setInt32(options + Options.Error, error, true);
  }
  machine.returnsAddress(0);
}

function refuseLookup(
  machine: Machine,
  tuple: number,
  tupleSize: number,
  options: number,
  size: number,
): number {
  const { view, u8 } = machine.arena;
  if (tuple === 0 || (size !== OPTIONS_SIZE && size !== OLD_OPTIONS_SIZE)) return -Errno.EINVAL;
  if (size === OPTIONS_SIZE) {
    const reserved = u8.subarray(options + Options.Reserved, options + OPTIONS_SIZE);
    if (reserved.some((byte) => byte !== 0)) return -Errno.EINVAL;
  } else if (view.getUint16(options + Options.Zone, true) !== 0) {
    return -Errno.EINVAL;
  }
  const protocol = u8[options + Options.Protocol];
  if (protocol !== TCP && protocol !== UDP) return -Errno.EPROTO;
  const namespace = view.getInt32(options + Options.Namespace, true);
  if (namespace < CURRENT_NAMESPACE) return -Errno.EINVAL;
  if (!TUPLE_SIZES.includes(tupleSize)) return -Errno.EAFNOSUPPORT;
  if (namespace !== CURRENT_NAMESPACE) return -ENONET;
  const direction = options + Options.ZoneDirection;
  if (size === OPTIONS_SIZE && u8[direction] === 0) u8[direction] = BOTH_DIRECTIONS;
  return -Errno.ENOENT;
}

/** sizeof(struct bpf_xfrm_state_opts), and where its error and namespace stand. */
const XFRM_OPTIONS_SIZE = 36;
const Xfrm = { Error: 0, Namespace: 4 };

/** bpf_xdp_get_xfrm_state (net/xfrm/xfrm_state_bpf.c): there are no IPsec states here. */
function getXfrmState(machine: Machine): void {
  const { address, length } = memory(machine, 2, "struct bpf_xfrm_state_opts");
  machine.returnsAddress(0);
  if (address === 0 || length < 4) return;
  const { view } = machine.arena;
  const namespace = length === XFRM_OPTIONS_SIZE ? view.getInt32(address + Xfrm.Namespace, true) : -2;
  const error =
    namespace < CURRENT_NAMESPACE ? Errno.EINVAL : namespace === CURRENT_NAMESPACE ? Errno.ENOENT : ENONET;
  view.setInt32(address + Xfrm.Error, -error, true);
}

/** What takes an entry that a look-up gave cannot be reached. */
function needsEntry(name: string): [name: string, HelperFunction] {
  return [
    name,
    () => {
      throw new Trap("invalid argument", `${name}: there is no entry that it could be given`);
    },
  ];
}

/** Connection tracking and IPsec states, as far as they are looked up. */
export const conntrackKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_xdp_ct_lookup", lookup],
  ["bpf_skb_ct_lookup", lookup],
  needsEntry("bpf_ct_release"),
  needsEntry("bpf_ct_change_timeout"),
  needsEntry("bpf_ct_change_status"),
  ["bpf_xdp_get_xfrm_state", getXfrmState],
  needsEntry("bpf_xdp_xfrm_state_release"),
];
