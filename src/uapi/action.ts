/** Verdicts of an XDP program: enum xdp_action of include/uapi/linux/bpf.h. */
export const XdpAction = { Aborted: 0, Drop: 1, Pass: 2, Tx: 3, Redirect: 4 } as const;
export type XdpAction = (typeof XdpAction)[keyof typeof XdpAction];

/** Verdicts of a TC program: TC_ACT_* of include/uapi/linux/pkt_cls.h; Unspec is -1. */
export const TcAction = {
  Unspec: -1,
  Ok: 0,
  Reclassify: 1,
  Shot: 2,
  Pipe: 3,
  Stolen: 4,
  Queued: 5,
  Repeat: 6,
  Redirect: 7,
  Trap: 8,
} as const;
export type TcAction = (typeof TcAction)[keyof typeof TcAction];

const xdpNames = ["ABORTED", "DROP", "PASS", "TX", "REDIRECT"];
const tcNames = ["OK", "RECLASSIFY", "SHOT", "PIPE", "STOLEN", "QUEUED", "REPEAT", "REDIRECT", "TRAP"];

/** "XDP_DROP"; `XDP 17 (unknown)` for a number that is no verdict (Linux then treats it as ABORTED). */
export function xdpActionName(verdict: number): string {
  const name = xdpNames[verdict];
  return name === undefined ? `XDP ${verdict} (unknown)` : `XDP_${name}`;
}

/** "TC_ACT_SHOT"; takes the signed or the unsigned form of TC_ACT_UNSPEC. */
export function tcActionName(verdict: number): string {
  if ((verdict | 0) === TcAction.Unspec) return "TC_ACT_UNSPEC";
  const name = tcNames[verdict];
  return name === undefined ? `TC_ACT ${verdict} (unknown)` : `TC_ACT_${name}`;
}
