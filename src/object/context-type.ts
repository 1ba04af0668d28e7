import { type Btf, BtfKind } from "../btf/index.js";
import { ProgramType } from "../uapi/index.js";
import type { ProgramSpec } from "./object-spec.js";

/** Structs that programs of one type alone are given; of all those that are given an sk_buff, the usual ones. */
const TYPES = new Map<string, ProgramType>([
  ["xdp_md", ProgramType.Xdp],
  ["__sk_buff", ProgramType.SchedCls],
  ["bpf_sock_addr", ProgramType.CgroupSockAddr],
  ["bpf_sock_ops", ProgramType.SockOps],
  ["bpf_sk_lookup", ProgramType.SkLookup],
  ["sk_msg_md", ProgramType.SkMsg],
  ["sk_reuseport_md", ProgramType.SkReuseport],
  ["bpf_sockopt", ProgramType.CgroupSockopt],
  ["bpf_sysctl", ProgramType.CgroupSysctl],
  ["bpf_cgroup_dev_ctx", ProgramType.CgroupDevice],
  ["bpf_nf_ctx", ProgramType.Netfilter],
  ["bpf_perf_event_data", ProgramType.PerfEvent],
]);

/**
 * The type that a program has by what its parameter points to, for a program whose section says none:
 * objects for iproute2 and libxdp, whose commands say it. undefined where that says nothing either.
 */
export function contextType(btf: Btf | undefined, program: ProgramSpec): ProgramType | undefined {
  const typeId = program.functions[0]?.typeId;
  if (btf === undefined || typeId === undefined) return undefined;
  const own = btf.type(typeId);
  const prototype = own.kind === BtfKind.Func ? btf.type(own.type) : own;
  const parameter = prototype.kind === BtfKind.FuncProto ? prototype.params[0] : undefined;
  const pointer = parameter === undefined ? undefined : btf.resolved(parameter.type);
  return pointer?.kind === BtfKind.Ptr ? TYPES.get(btf.resolved(pointer.type).name) : undefined;
}
