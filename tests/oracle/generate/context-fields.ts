import { SkbField } from "../../../src/vm/index.js";
import type { Hook, SizeName } from "./step.js";

/** A field of a context, and the widths in which Linux lets programs read it. */
interface ReadableField {
  readonly offset: number;
  readonly sizes: readonly SizeName[];
}

const ANY_PART: readonly SizeName[] = ["B", "H", "W"];
const WHOLE: readonly SizeName[] = ["W"];

/** Fields that hold the same in every kernel: no pointers, no ids (net/core/filter.c, xdp_is_valid_access and tc_cls_act_is_valid_access). */
export const CONTEXT_READS: Readonly<Record<Hook, readonly ReadableField[]>> = {
  xdp: [
    { offset: 12, sizes: WHOLE },
    { offset: 16, sizes: WHOLE },
  ],
  tc: [
    ...[
      SkbField.Len,
      SkbField.PktType,
      SkbField.Mark,
      SkbField.QueueMapping,
      SkbField.Protocol,
      SkbField.VlanPresent,
      SkbField.VlanTci,
      SkbField.VlanProto,
      SkbField.Priority,
      SkbField.IngressIfindex,
      SkbField.Ifindex,
      SkbField.TcIndex,
      SkbField.Hash,
      SkbField.TcClassid,
      SkbField.WireLen,
      SkbField.GsoSegs,
    ].map((offset) => ({ offset, sizes: ANY_PART })),
    { offset: SkbField.GsoSize, sizes: WHOLE },
    ...[0, 1, 2, 3, 4].map((n) => ({ offset: SkbField.Cb + n * 4, sizes: ANY_PART })),
    { offset: SkbField.Cb, sizes: ["Dw"] },
    { offset: SkbField.Tstamp, sizes: ["Dw"] },
    { offset: SkbField.Hwtstamp, sizes: ["Dw"] },
    { offset: SkbField.TstampType, sizes: ["B"] },
  ],
};

/** Fields that programs may write. */
export const CONTEXT_WRITES: Readonly<
  Record<Hook, readonly { readonly offset: number; readonly size: SizeName }[]>
> = {
  xdp: [],
  tc: [
    ...[SkbField.Mark, SkbField.Priority, SkbField.TcIndex, SkbField.TcClassid, SkbField.QueueMapping].map(
      (offset) => ({ offset, size: "W" as const }),
    ),
    ...[0, 1, 2, 3, 4].map((n) => ({ offset: SkbField.Cb + n * 4, size: "W" as const })),
    { offset: SkbField.Tstamp, size: "Dw" },
  ],
};

/** Offsets of data, data_end and data_meta. */
export const PACKET_FIELDS: Readonly<
  Record<Hook, { readonly data: number; readonly dataEnd: number; readonly dataMeta: number }>
> = {
  xdp: { data: 0, dataEnd: 4, dataMeta: 8 },
  tc: { data: SkbField.Data, dataEnd: SkbField.DataEnd, dataMeta: SkbField.DataMeta },
};
