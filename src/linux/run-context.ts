import { NotSupportedError } from "../errors.js";
import type { RunOptions } from "../kernel.js";
import { SKB_CONTEXT_SIZE, SkbField, type SkbFields } from "../vm/index.js";
import { isLittleEndian } from "./sys/libc.js";

/** Byte offsets of struct xdp_md's fields. */
const XdpMd = { Data: 0, DataEnd: 4, DataMeta: 8, IngressIfindex: 12, RxQueueIndex: 16, EgressIfindex: 20 };
const XDP_MD_SIZE = 24;

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
/** Those that it does not take. */
const REFUSED = ["queueMapping", "deviceAddress", "metadataLength"] as const;

/** The context for an XDP program's run: struct xdp_md with offsets in place of pointers. */
export function xdpContext(packet: Uint8Array, options: RunOptions): Uint8Array {
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

/** Bytes of metadata in what a run gave back. */
export function metadataLength(context: Uint8Array): number {
  return new DataView(context.buffer, context.byteOffset).getUint32(XdpMd.Data, isLittleEndian);
}

/** The context for a run on an sk_buff. Throws NotSupportedError for a field that cannot be chosen. */
export function skbContext(fields: SkbFields = {}): Uint8Array {
  for (const field of REFUSED) {
    const value = fields[field];
    if (value === undefined || value === 0) continue;
    throw new NotSupportedError(
      `skb.${field}`,
      `Linux runs programs on sk_buffs without a ${field} of choice`,
    );
  }
  const context = new Uint8Array(SKB_CONTEXT_SIZE);
  const view = new DataView(context.buffer);
  for (const [name, offset] of WORDS) view.setUint32(offset, fields[name] ?? 0, isLittleEndian);
  for (const [index, word] of (fields.cb ?? []).entries()) {
    view.setUint32(SkbField.Cb + index * 4, word, isLittleEndian);
  }
  view.setBigUint64(SkbField.Tstamp, fields.tstamp ?? 0n, isLittleEndian);
  view.setBigUint64(SkbField.Hwtstamp, fields.hwtstamp ?? 0n, isLittleEndian);
  return context;
}
