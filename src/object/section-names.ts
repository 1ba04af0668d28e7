import { AttachType as A, ProgramType as P } from "../uapi/index.js";

/** What a section's name says of the programs in it. */
export interface SectionKind {
  readonly type: P;
  readonly attachType: A | undefined;
  /** What stands behind the name and a slash: the function, tracepoint or device to attach to. */
  readonly target: string | undefined;
  /** Whether the program may sleep (BPF_F_SLEEPABLE). */
  readonly isSleepable: boolean;
  /** Whether it handles packets in several buffers (BPF_F_XDP_HAS_FRAGS). */
  readonly hasFrags: boolean;
  /** False where the name begins with "?": it is loaded only on demand. */
  readonly isAutoloaded: boolean;
}

type Row = readonly [name: string, type: P, attachType?: A | undefined, flag?: "sleepable" | "frags"];

/** Names as libbpf knows them, in its order; "+" stands for an optional "/target". */
const rows: readonly Row[] = [
  ["socket", P.SocketFilter],
  ["sk_reuseport/migrate", P.SkReuseport, A.SkReuseportSelectOrMigrate],
  ["sk_reuseport", P.SkReuseport, A.SkReuseportSelect],
  ["kprobe+", P.Kprobe],
  ["uprobe+", P.Kprobe],
  ["uprobe.s+", P.Kprobe, undefined, "sleepable"],
  ["kretprobe+", P.Kprobe],
  ["uretprobe+", P.Kprobe],
  ["uretprobe.s+", P.Kprobe, undefined, "sleepable"],
  ["kprobe.multi+", P.Kprobe, A.TraceKprobeMulti],
  ["kretprobe.multi+", P.Kprobe, A.TraceKprobeMulti],
  ["kprobe.session+", P.Kprobe, A.TraceKprobeSession],
  ["uprobe.multi+", P.Kprobe, A.TraceUprobeMulti],
  ["uretprobe.multi+", P.Kprobe, A.TraceUprobeMulti],
  ["uprobe.session+", P.Kprobe, A.TraceUprobeSession],
  ["uprobe.multi.s+", P.Kprobe, A.TraceUprobeMulti, "sleepable"],
  ["uretprobe.multi.s+", P.Kprobe, A.TraceUprobeMulti, "sleepable"],
  ["uprobe.session.s+", P.Kprobe, A.TraceUprobeSession, "sleepable"],
  ["ksyscall+", P.Kprobe],
  ["kretsyscall+", P.Kprobe],
  ["usdt+", P.Kprobe],
  ["usdt.s+", P.Kprobe, undefined, "sleepable"],
  ["tc/ingress", P.SchedCls, A.TcxIngress],
  ["tc/egress", P.SchedCls, A.TcxEgress],
  ["tcx/ingress", P.SchedCls, A.TcxIngress],
  ["tcx/egress", P.SchedCls, A.TcxEgress],
  ["tc", P.SchedCls],
  ["classifier", P.SchedCls],
  ["action", P.SchedAct],
  ["netkit/primary", P.SchedCls, A.NetkitPrimary],
  ["netkit/peer", P.SchedCls, A.NetkitPeer],
  ["tracepoint+", P.Tracepoint],
  ["tp+", P.Tracepoint],
  ["tracepoint.s+", P.Tracepoint, undefined, "sleepable"],
  ["tp.s+", P.Tracepoint, undefined, "sleepable"],
  ["raw_tracepoint+", P.RawTracepoint],
  ["raw_tp+", P.RawTracepoint],
  ["raw_tracepoint.s+", P.RawTracepoint, undefined, "sleepable"],
  ["raw_tp.s+", P.RawTracepoint, undefined, "sleepable"],
  ["raw_tracepoint.w+", P.RawTracepointWritable],
  ["raw_tp.w+", P.RawTracepointWritable],
  ["tp_btf+", P.Tracing, A.TraceRawTp],
  ["tp_btf.s+", P.Tracing, A.TraceRawTp, "sleepable"],
  ["fentry+", P.Tracing, A.TraceFentry],
  ["fmod_ret+", P.Tracing, A.ModifyReturn],
  ["fexit+", P.Tracing, A.TraceFexit],
  ["fentry.s+", P.Tracing, A.TraceFentry, "sleepable"],
  ["fmod_ret.s+", P.Tracing, A.ModifyReturn, "sleepable"],
  ["fexit.s+", P.Tracing, A.TraceFexit, "sleepable"],
  ["fsession+", P.Tracing, A.TraceFsession],
  ["fsession.s+", P.Tracing, A.TraceFsession, "sleepable"],
  ["fsession.multi+", P.Tracing, A.TraceFsessionMulti],
  ["fsession.multi.s+", P.Tracing, A.TraceFsessionMulti, "sleepable"],
  ["fentry.multi+", P.Tracing, A.TraceFentryMulti],
  ["fexit.multi+", P.Tracing, A.TraceFexitMulti],
  ["fentry.multi.s+", P.Tracing, A.TraceFentryMulti, "sleepable"],
  ["fexit.multi.s+", P.Tracing, A.TraceFexitMulti, "sleepable"],
  ["freplace+", P.Ext],
  ["lsm+", P.Lsm, A.LsmMac],
  ["lsm.s+", P.Lsm, A.LsmMac, "sleepable"],
  ["lsm_cgroup+", P.Lsm, A.LsmCgroup],
  ["iter+", P.Tracing, A.TraceIter],
  ["iter.s+", P.Tracing, A.TraceIter, "sleepable"],
  ["syscall", P.Syscall, undefined, "sleepable"],
  ["xdp.frags/devmap", P.Xdp, A.XdpDevmap, "frags"],
  ["xdp/devmap", P.Xdp, A.XdpDevmap],
  ["xdp.frags/cpumap", P.Xdp, A.XdpCpumap, "frags"],
  ["xdp/cpumap", P.Xdp, A.XdpCpumap],
  ["xdp.frags", P.Xdp, A.Xdp, "frags"],
  ["xdp", P.Xdp, A.Xdp],
  ["perf_event", P.PerfEvent],
  ["lwt_in", P.LwtIn],
  ["lwt_out", P.LwtOut],
  ["lwt_xmit", P.LwtXmit],
  ["lwt_seg6local", P.LwtSeg6local],
  ["sockops", P.SockOps, A.CgroupSockOps],
  ["sk_skb/stream_parser", P.SkSkb, A.SkSkbStreamParser],
  ["sk_skb/stream_verdict", P.SkSkb, A.SkSkbStreamVerdict],
  ["sk_skb/verdict", P.SkSkb, A.SkSkbVerdict],
  ["sk_skb", P.SkSkb],
  ["sk_msg", P.SkMsg, A.SkMsgVerdict],
  ["lirc_mode2", P.LircMode2, A.LircMode2],
  ["flow_dissector", P.FlowDissector, A.FlowDissector],
  ["cgroup_skb/ingress", P.CgroupSkb, A.CgroupInetIngress],
  ["cgroup_skb/egress", P.CgroupSkb, A.CgroupInetEgress],
  ["cgroup/skb", P.CgroupSkb],
  ["cgroup/sock_create", P.CgroupSock, A.CgroupInetSockCreate],
  ["cgroup/sock_release", P.CgroupSock, A.CgroupInetSockRelease],
  ["cgroup/sock", P.CgroupSock, A.CgroupInetSockCreate],
  ["cgroup/post_bind4", P.CgroupSock, A.CgroupInet4PostBind],
  ["cgroup/post_bind6", P.CgroupSock, A.CgroupInet6PostBind],
  ["cgroup/bind4", P.CgroupSockAddr, A.CgroupInet4Bind],
  ["cgroup/bind6", P.CgroupSockAddr, A.CgroupInet6Bind],
  ["cgroup/connect4", P.CgroupSockAddr, A.CgroupInet4Connect],
  ["cgroup/connect6", P.CgroupSockAddr, A.CgroupInet6Connect],
  ["cgroup/connect_unix", P.CgroupSockAddr, A.CgroupUnixConnect],
  ["cgroup/sendmsg4", P.CgroupSockAddr, A.CgroupUdp4Sendmsg],
  ["cgroup/sendmsg6", P.CgroupSockAddr, A.CgroupUdp6Sendmsg],
  ["cgroup/sendmsg_unix", P.CgroupSockAddr, A.CgroupUnixSendmsg],
  ["cgroup/recvmsg4", P.CgroupSockAddr, A.CgroupUdp4Recvmsg],
  ["cgroup/recvmsg6", P.CgroupSockAddr, A.CgroupUdp6Recvmsg],
  ["cgroup/recvmsg_unix", P.CgroupSockAddr, A.CgroupUnixRecvmsg],
  ["cgroup/getpeername4", P.CgroupSockAddr, A.CgroupInet4Getpeername],
  ["cgroup/getpeername6", P.CgroupSockAddr, A.CgroupInet6Getpeername],
  ["cgroup/getpeername_unix", P.CgroupSockAddr, A.CgroupUnixGetpeername],
  ["cgroup/getsockname4", P.CgroupSockAddr, A.CgroupInet4Getsockname],
  ["cgroup/getsockname6", P.CgroupSockAddr, A.CgroupInet6Getsockname],
  ["cgroup/getsockname_unix", P.CgroupSockAddr, A.CgroupUnixGetsockname],
  ["cgroup/sysctl", P.CgroupSysctl, A.CgroupSysctl],
  ["cgroup/getsockopt", P.CgroupSockopt, A.CgroupGetsockopt],
  ["cgroup/setsockopt", P.CgroupSockopt, A.CgroupSetsockopt],
  ["cgroup/dev", P.CgroupDevice, A.CgroupDevice],
  ["struct_ops+", P.StructOps],
  ["struct_ops.s+", P.StructOps, undefined, "sleepable"],
  ["sk_lookup", P.SkLookup, A.SkLookup],
  ["netfilter", P.Netfilter, A.Netfilter],
];

/**
 * The kind of program that a section holds, by libbpf's rules; undefined where no rule fits (such a
 * program needs its type from elsewhere).
 */
export function sectionKind(section: string): SectionKind | undefined {
  const isAutoloaded = !section.startsWith("?");
  const name = isAutoloaded ? section : section.slice(1);
  for (const [pattern, type, attachType, flag] of rows) {
    const takesTarget = pattern.endsWith("+");
    const prefix = takesTarget ? pattern.slice(0, -1) : pattern;
    const hasTarget = takesTarget && name.startsWith(`${prefix}/`);
    if (name !== prefix && !hasTarget) continue;
    return {
      type,
      attachType,
      target: hasTarget ? name.slice(prefix.length + 1) : undefined,
      isSleepable: flag === "sleepable",
      hasFrags: flag === "frags",
      isAutoloaded,
    };
  }
  return undefined;
}

/** What a section's name is to say. */
export type SectionFacts = Omit<SectionKind, "isAutoloaded">;

/**
 * A section's name that says these facts; undefined where libbpf knows none. A program without an attach
 * type may have any: the shortest name is taken.
 */
export function sectionNameFor(facts: SectionFacts): string | undefined {
  const names = rows
    .filter(([pattern]) => facts.target === undefined || pattern.endsWith("+"))
    .map(([pattern]) => pattern.replace(/\+$/, facts.target === undefined ? "" : `/${facts.target}`));
  const exact = names.find((name) => isSaidBy(name, facts));
  if (exact !== undefined || facts.attachType !== undefined) return exact;
  return names
    .filter((name) => isSaidBy(name, { ...facts, attachType: sectionKind(name)?.attachType }))
    .sort((a, b) => a.length - b.length)[0];
}

/** Whether a section's name says just these facts. */
export function isSaidBy(section: string, facts: SectionFacts): boolean {
  const kind = sectionKind(section);
  if (kind === undefined) return facts.type === P.Unspec;
  return (
    kind.type === facts.type &&
    (kind.attachType ?? 0) === (facts.attachType ?? 0) &&
    kind.target === facts.target &&
    kind.isSleepable === facts.isSleepable &&
    kind.hasFrags === facts.hasFrags
  );
}
