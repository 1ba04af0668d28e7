import type { ProgramSpec } from "../../object/index.js";
import {
  AttachType,
  ProgramType,
  TcAction,
  tcActionName,
  XdpAction,
  xdpActionName,
} from "../../uapi/index.js";
import type { Colour } from "../show/palette.js";

/** What becomes of a packet after a verdict: it goes up, it goes out of a device, or it is gone. */
export type Fate = "up" | "out" | "gone";

/** Stands for every number that is no verdict of the hook's. */
export const INVALID = -2;

/** What a verdict of one kind of program means. */
export interface Hook {
  /** As interfaces of the output file are called: "xdp", "tc". */
  readonly name: string;
  /** As headings say it. */
  readonly title: string;
  /** Name of the type in epb_verdict, where the format has one for it. */
  readonly verdictType: "xdp" | "tc" | undefined;
  /** Whether the packet comes from the machine rather than from the wire; undefined where there is no such thing. */
  readonly isEgress: boolean | undefined;
  /** Whether the program sees the packet from the Ethernet header on. */
  readonly seesEthernet: boolean;
  /** What counts as one: all that is no verdict, or how much a socket filter keeps. */
  verdictOf(retval: number): number;
  /** What Linux takes INVALID for. */
  readonly invalidIs: string;
  nameOf(verdict: number): string;
  fateOf(verdict: number): Fate;
  isRedirect(verdict: number): boolean;
}

const xdp: Hook = {
  name: "xdp",
  title: "XDP",
  verdictType: "xdp",
  isEgress: undefined,
  seesEthernet: true,
  verdictOf: (retval) => (retval > XdpAction.Redirect ? INVALID : retval),
  // net/core/filter.c, bpf_warn_invalid_xdp_action.
  invalidIs: xdpActionName(XdpAction.Aborted),
  nameOf: (verdict) => (verdict === INVALID ? "invalid" : xdpActionName(verdict)),
  fateOf(verdict) {
    if (verdict === XdpAction.Pass) return "up";
    return verdict === XdpAction.Tx || verdict === XdpAction.Redirect ? "out" : "gone";
  },
  isRedirect: (verdict) => verdict === XdpAction.Redirect,
};

/**
 * Verdicts of direct-action classifiers: net/sched/cls_bpf.c, cls_bpf_exec_opcode, and for tcx
 * include/net/tcx.h, tcx_action_code, to which STOLEN and TRAP are as good as UNSPEC.
 */
function tc(isEgress: boolean, isTcx: boolean): Hook {
  const gone: readonly number[] = isTcx ? [TcAction.Shot] : [TcAction.Shot, TcAction.Stolen, TcAction.Trap];
  return {
    name: "tc",
    title: isEgress ? "TC egress" : "TC ingress",
    verdictType: "tc",
    isEgress,
    seesEthernet: true,
    verdictOf(retval) {
      const verdict = retval | 0;
      return verdict >= TcAction.Unspec && verdict <= TcAction.Trap ? verdict : INVALID;
    },
    invalidIs: tcActionName(TcAction.Unspec),
    nameOf: (verdict) => (verdict === INVALID ? "invalid" : tcActionName(verdict)),
    fateOf(verdict) {
      if (gone.includes(verdict)) return "gone";
      return isEgress || verdict === TcAction.Redirect ? "out" : "up";
    },
    isRedirect: (verdict) => verdict === TcAction.Redirect,
  };
}

/** Programs that answer how much of a packet to keep, or whether it may go on. */
function filter(
  name: string,
  title: string,
  isEgress: boolean | undefined,
  isAllowed: (retval: number) => boolean,
): Hook {
  return {
    name,
    title,
    verdictType: undefined,
    isEgress,
    seesEthernet: false,
    verdictOf: (retval) => (isAllowed(retval) ? 1 : 0),
    invalidIs: "",
    nameOf: (verdict) => (verdict === 0 ? "DROP" : "ACCEPT"),
    fateOf: (verdict) => (verdict === 0 ? "gone" : isEgress === true ? "out" : "up"),
    isRedirect: () => false,
  };
}

/** The hook of a program; undefined for types that see no packets. */
export function hookOf(spec: ProgramSpec, isEgress?: boolean): Hook | undefined {
  switch (spec.type) {
    case ProgramType.Xdp:
      return xdp;
    case ProgramType.SchedCls:
    case ProgramType.SchedAct:
      return tc(isEgress ?? spec.attachType === AttachType.TcxEgress, spec.section.startsWith("tcx/"));
    case ProgramType.SocketFilter:
      return filter("socket", "socket filter", undefined, (retval) => retval !== 0);
    case ProgramType.CgroupSkb: {
      const isOut = isEgress ?? spec.attachType === AttachType.CgroupInetEgress;
      // kernel/bpf/cgroup.c: bit 0 lets the packet go on, bit 1 of an egress verdict is congestion.
      return filter(
        "cgroup_skb",
        isOut ? "cgroup egress" : "cgroup ingress",
        isOut,
        (retval) => (retval & 1) === 1,
      );
    }
    default:
      return undefined;
  }
}

/** Verdicts in the colours of traffic lights; what leaves by another way stands out. */
export function verdictColour(hook: Hook, verdict: number): Colour {
  if (hook.isRedirect(verdict)) return "cyan";
  const fate = hook.fateOf(verdict);
  if (fate === "gone") return "red";
  return fate === "out" && hook.isEgress !== true ? "yellow" : "green";
}
