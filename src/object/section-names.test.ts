import { describe, expect, test } from "vitest";
import { AttachType as A, ProgramType as P } from "../uapi/index.js";
import { isSaidBy, type SectionKind, sectionKind, sectionNameFor } from "./section-names.js";

const kind = (facts: Partial<SectionKind> & { readonly type: P }): SectionKind => ({
  attachType: undefined,
  target: undefined,
  isSleepable: false,
  hasFrags: false,
  isAutoloaded: true,
  ...facts,
});

/** As libbpf 1.5 and later read them (section_defs and sec_def_matches of its libbpf.c). */
const cases: readonly [section: string, kind: SectionKind | undefined][] = [
  ["xdp", kind({ type: P.Xdp, attachType: A.Xdp })],
  ["xdp.frags", kind({ type: P.Xdp, attachType: A.Xdp, hasFrags: true })],
  ["xdp/devmap", kind({ type: P.Xdp, attachType: A.XdpDevmap })],
  ["xdp.frags/devmap", kind({ type: P.Xdp, attachType: A.XdpDevmap, hasFrags: true })],
  ["xdp/cpumap", kind({ type: P.Xdp, attachType: A.XdpCpumap })],
  ["?xdp", kind({ type: P.Xdp, attachType: A.Xdp, isAutoloaded: false })],
  // Before 1.0 these were programs of type XDP; now they say nothing.
  ["xdp/", undefined],
  ["xdp/anything", undefined],
  ["xdp_filter", undefined],
  ["xdp.", undefined],
  ["tc", kind({ type: P.SchedCls })],
  ["classifier", kind({ type: P.SchedCls })],
  ["classifier/ingress", undefined],
  ["tc/ingress", kind({ type: P.SchedCls, attachType: A.TcxIngress })],
  ["tc/egress", kind({ type: P.SchedCls, attachType: A.TcxEgress })],
  ["tcx/ingress", kind({ type: P.SchedCls, attachType: A.TcxIngress })],
  ["tcx/egress", kind({ type: P.SchedCls, attachType: A.TcxEgress })],
  ["netkit/peer", kind({ type: P.SchedCls, attachType: A.NetkitPeer })],
  ["action", kind({ type: P.SchedAct })],
  ["socket", kind({ type: P.SocketFilter })],
  ["socket/filter", undefined],
  ["freplace/entry", kind({ type: P.Ext, target: "entry" })],
  ["freplace", kind({ type: P.Ext })],
  ["fentry/do_exit", kind({ type: P.Tracing, attachType: A.TraceFentry, target: "do_exit" })],
  ["fentry.s", kind({ type: P.Tracing, attachType: A.TraceFentry, isSleepable: true })],
  ["tracepoint/net/netif_rx", kind({ type: P.Tracepoint, target: "net/netif_rx" })],
  ["tp_btf/", kind({ type: P.Tracing, attachType: A.TraceRawTp, target: "" })],
  ["kprobe.multi/tcp_*", kind({ type: P.Kprobe, attachType: A.TraceKprobeMulti, target: "tcp_*" })],
  ["cgroup_skb/ingress", kind({ type: P.CgroupSkb, attachType: A.CgroupInetIngress })],
  ["cgroup/connect4", kind({ type: P.CgroupSockAddr, attachType: A.CgroupInet4Connect })],
  ["cgroup/connect", undefined],
  ["struct_ops.s/init", kind({ type: P.StructOps, target: "init", isSleepable: true })],
  ["syscall", kind({ type: P.Syscall, isSleepable: true })],
  ["netfilter", kind({ type: P.Netfilter, attachType: A.Netfilter })],
  ["sk_lookup", kind({ type: P.SkLookup, attachType: A.SkLookup })],
  ["", undefined],
  ["?", undefined],
  ["prog", undefined],
  ["2/1", undefined],
];

describe("section names", () => {
  test.each(cases)("%s", (section, expected) => {
    expect(sectionKind(section)).toEqual(expected);
  });

  test.each(cases.filter(([, facts]) => facts !== undefined))("a name for what %s says", (section, facts) => {
    if (facts === undefined) throw new Error("filtered out");
    const name = sectionNameFor(facts);
    expect(isSaidBy(name ?? "", facts)).toBe(true);
    expect(isSaidBy(section.replace("?", ""), facts)).toBe(true);
    expect(isSaidBy("sk_msg", facts)).toBe(false);
  });

  test("without an attach type the plainest name is taken", () => {
    expect(sectionNameFor(kind({ type: P.Xdp }))).toBe("xdp");
    expect(sectionNameFor(kind({ type: P.Xdp, hasFrags: true }))).toBe("xdp.frags");
    expect(sectionNameFor(kind({ type: P.SchedCls }))).toBe("tc");
  });

  test("facts that no section states have no name", () => {
    expect(sectionNameFor(kind({ type: P.SchedCls, hasFrags: true }))).toBeUndefined();
    expect(sectionNameFor(kind({ type: P.Xdp, attachType: A.Xdp, target: "eth0" }))).toBeUndefined();
  });
});
