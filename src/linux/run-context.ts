import { NotSupportedError, SyntaxProblem } from "../errors.js";
import type { RunOptions } from "../kernel.js";
import type { ProgramSpec } from "../object/index.js";
import { ProgramType, programTypeName } from "../uapi/index.js";
import { SKB_CONTEXT_SIZE, SkbField, type SkbFields } from "../vm/index.js";
import { isLittleEndian } from "./sys/libc.js";

/** Byte offsets of struct xdp_md's fields. */
const XdpMd = { Data: 0, DataEnd: 4, DataMeta: 8, IngressIfindex: 12, RxQueueIndex: 16, EgressIfindex: 20 };
const XDP_MD_SIZE = 24;
const ETH_HLEN = 14;

/** Fields of struct __sk_buff that BPF_PROG_TEST_RUN takes (net/bpf/test_run.c, convert___skb_to_skb). */
const WORDS = [
  ["mark", SkbField.Mark],
  ["priority", SkbField.Priority],
  ["ingressIfindex", SkbField.IngressIfindex],
  ["ifindex", SkbField.Ifindex],
  ["wireLen", SkbField.WireLen],
  ["gsoSegs", SkbField.GsoSegs],
  ["gsoSize", SkbField.GsoSize],
] as const;
const CB_WORDS = 5;
/** Those that it does not take. */
const REFUSED = ["queueMapping", "deviceAddress", "metadataLength"] as const;

/** Types that run on an sk_buff (bpf_prog_test_run_skb): those that see it from the Ethernet header on. */
const FROM_ETHERNET: readonly number[] = [ProgramType.SchedCls, ProgramType.SchedAct];
/** And those that see it from the network header on. */
const FROM_NETWORK: readonly number[] = [
  ProgramType.SocketFilter,
  ProgramType.CgroupSkb,
  ProgramType.LwtIn,
  ProgramType.LwtOut,
  ProgramType.LwtXmit,
  ProgramType.LwtSeg6local,
];

/** The context for a run. Throws NotSupportedError for a type that no packet is for. */
export function runContext(program: ProgramSpec, packet: Uint8Array, options: RunOptions): Uint8Array {
  if (program.type === ProgramType.Xdp) return xdpContext(packet, options);
  const isOnSkbs = FROM_ETHERNET.includes(program.type) || FROM_NETWORK.includes(program.type);
  if (isOnSkbs) return skbContext(options.skb);
  const type = programTypeName(program.type);
  throw new NotSupportedError(
    `running programs of type ${type}`,
    `program ${program.name}: Linux runs programs of type ${type} for no packet`,
  );
}

/** The context for an XDP program's run: struct xdp_md with offsets in place of pointers. */
function xdpContext(packet: Uint8Array, options: RunOptions): Uint8Array {
  const context = new Uint8Array(XDP_MD_SIZE);
  const view = new DataView(context.buffer);
  const set = (offset: number, value: number) => view.setUint32(offset, value, isLittleEndian);
  set(XdpMd.Data, options.metadataLength ?? 0);
  set(XdpMd.DataEnd, packet.length);
  set(XdpMd.IngressIfindex, options.ingressIfindex ?? 0);
  set(XdpMd.RxQueueIndex, options.rxQueueIndex ?? 0);
  set(XdpMd.EgressIfindex, options.egressIfindex ?? 0);
  return context;
}

/** Bytes of metadata in front of the packet that a run gave back. */
export function metadataLength(type: ProgramType, context: Uint8Array): number {
  if (type !== ProgramType.Xdp) return 0;
  return new DataView(context.buffer, context.byteOffset).getUint32(XdpMd.Data, isLittleEndian);
}

/** Bytes in front of it that the program did not see: a zeroed Ethernet header (bpf_prog_test_run_skb). */
export function unseenLength(type: ProgramType): number {
  return FROM_NETWORK.includes(type) ? ETH_HLEN : 0;
}

/** The context for a run on an sk_buff. Throws NotSupportedError for a field that cannot be chosen. */
function skbContext(fields: SkbFields = {}): Uint8Array {
  for (const field of REFUSED) {
    const value = fields[field];
    if (value === undefined || value === 0) continue;
    throw new NotSupportedError(
      `skb.${field}`,
      `Linux runs programs on sk_buffs without a ${field} of choice`,
    );
  }
  const cb = fields.cb ?? [];
  if (cb.length > CB_WORDS) throw new SyntaxProblem(`skb.cb has ${CB_WORDS} words, not ${cb.length}`);
  const context = new Uint8Array(SKB_CONTEXT_SIZE);
  const view = new DataView(context.buffer);
  for (const [name, offset] of WORDS) view.setUint32(offset, fields[name] ?? 0, isLittleEndian);
  for (const [index, word] of cb.entries()) {
    view.setUint32(SkbField.Cb + index * 4, word, isLittleEndian);
  }
  view.setBigUint64(SkbField.Tstamp, fields.tstamp ?? 0n, isLittleEndian);
  view.setBigUint64(SkbField.Hwtstamp, fields.hwtstamp ?? 0n, isLittleEndian);
  return context;
}
