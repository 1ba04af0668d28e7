import { ProgramType } from "../uapi/index.js";

/** What a process needs to load a program that calls a helper. */
export type Capability = "none" | "CAP_BPF" | "CAP_PERFMON";

/** For programs of every type (kernel/bpf/helpers.c, bpf_base_func_proto), by what they need. */
const BASE: readonly number[] = [
  1, 2, 3, 5, 7, 8, 12, 14, 15, 42, 87, 88, 89, 105, 106, 120, 125, 130, 131, 132, 133, 134, 182, 195, 208,
];
const BASE_CAP_BPF: readonly number[] = [
  17, 37, 80, 93, 94, 118, 123, 153, 154, 156, 157, 164, 169, 170, 171, 172, 181, 194, 197, 198, 199, 200,
  201, 202, 203, 209, 210, 211,
];
const BASE_CAP_PERFMON: readonly number[] = [
  6, 16, 22, 35, 55, 109, 112, 113, 114, 115, 117, 141, 148, 149, 158, 165, 175, 176, 177, 180, 191,
];
/** For programs of the network (net/core/filter.c, bpf_sk_base_func_proto). */
const NETWORK: readonly number[] = [160];
const NETWORK_CAP_PERFMON: readonly number[] = [136, 137, 138, 139, 140, 178, 196];

/** net/core/filter.c, sk_filter_func_proto. */
const SOCKET_FILTER: readonly number[] = [25, 26, 46, 47, 68, 122];
/** net/core/filter.c, cg_skb_func_proto, and kernel/bpf/cgroup.c, cgroup_common_func_proto. */
const CGROUP_SKB: readonly number[] = [
  ...SOCKET_FILTER,
  79,
  81,
  83,
  84,
  85,
  86,
  95,
  96,
  97,
  98,
  99,
  107,
  108,
  128,
  129,
];
/** net/core/filter.c, tc_cls_act_func_proto. */
const TC: readonly number[] = [
  9, 10, 11, 13, 18, 19, 20, 21, 23, 24, 25, 26, 28, 29, 30, 31, 32, 33, 34, 38, 39, 40, 41, 43, 46, 47, 48,
  50, 66, 68, 69, 79, 83, 84, 85, 86, 95, 96, 97, 98, 99, 100, 107, 108, 110, 122, 124, 135, 151, 152, 155,
  163, 192, 204, 205, 206, 207,
];
/** net/core/filter.c, xdp_func_proto. */
const XDP: readonly number[] = [
  23, 25, 28, 44, 51, 54, 65, 69, 84, 85, 86, 99, 100, 110, 163, 188, 189, 190, 204, 205, 206, 207,
];

const OWN = new Map<number, readonly number[]>([
  [ProgramType.SocketFilter, SOCKET_FILTER],
  [ProgramType.SchedCls, TC],
  [ProgramType.SchedAct, TC],
  [ProgramType.Xdp, XDP],
  [ProgramType.CgroupSkb, CGROUP_SKB],
]);

const needs = new Map<number, Capability>([
  ...BASE_CAP_BPF.map((id): [number, Capability] => [id, "CAP_BPF"]),
  ...[...BASE_CAP_PERFMON, ...NETWORK_CAP_PERFMON].map((id): [number, Capability] => [id, "CAP_PERFMON"]),
]);

const callable = new Map<number, ReadonlySet<number>>(
  [...OWN].map(([type, own]) => [
    type,
    new Set([...BASE, ...BASE_CAP_BPF, ...BASE_CAP_PERFMON, ...NETWORK, ...NETWORK_CAP_PERFMON, ...own]),
  ]),
);

const OPTIONS: readonly (readonly [option: string, ids: readonly number[]])[] = [
  ["CONFIG_CGROUP_NET_CLASSID", [17, 151]],
  ["CONFIG_XFRM", [66]],
  ["CONFIG_SOCK_CGROUP_DATA", [79, 83, 128, 129]],
  ["CONFIG_SYN_COOKIES", [204, 205, 206, 207]],
  ["CONFIG_CGROUPS", [37, 80, 123, 210, 211]],
  ["CONFIG_BPF_EVENTS", [6, 22, 55, 109, 112, 113, 114, 115, 117, 149, 177]],
];
const GET_CGROUP_CLASSID = 17;

/** The option of its configuration without which Linux lacks helper `id` for programs of a type. */
export function helperOption(id: number, type: number): string | undefined {
  // The class of a packet's socket needs none, other than the class of the task that runs.
  if (id === GET_CGROUP_CLASSID && OWN.get(type) === TC) return undefined;
  return OPTIONS.find(([, ids]) => ids.includes(id))?.[0];
}

/** The program types whose helpers are known here: those that see packets. */
export const knownProgramTypes: readonly ProgramType[] = [...OWN.keys()] as ProgramType[];

/**
 * The ids of the helpers that programs of a type may call in Linux 6.18; undefined for a type that is
 * not of `knownProgramTypes`.
 */
export function callableHelpers(type: number): ReadonlySet<number> | undefined {
  return callable.get(type);
}

/** What a process needs to load a program that calls helper `id`, beyond what its type needs. */
export function helperCapability(id: number): Capability {
  return needs.get(id) ?? "none";
}
