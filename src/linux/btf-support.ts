import { BtfBuilder, BtfKind, type BtfType } from "../btf/index.js";
import { loadBtfBytes } from "./load-btf.js";
import { isLittleEndian, libc } from "./sys/libc.js";

/** What BTF has that older kernels refuse. */
export type BtfFeature =
  | "global function"
  | "float"
  | "declaration tag"
  | "type tag"
  | "enum64"
  | "? section";

const encoding = { signed: true, char: false, bool: false };
const INT: BtfType = { kind: BtfKind.Int, name: "int", size: 4, bits: 32, bitOffset: 0, encoding };
const VARIABLE: BtfType = { kind: BtfKind.Var, name: "x", type: 1, linkage: "static" };

/** The smallest BTF with each, behind an integer, which is type 1. */
const PROBES: Readonly<Record<BtfFeature, readonly BtfType[]>> = {
  // Linux 5.6.
  "global function": [
    { kind: BtfKind.FuncProto, name: "", returnType: 0, params: [] },
    { kind: BtfKind.Func, name: "x", type: 2, linkage: "global" },
  ],
  // 5.13.
  float: [{ kind: BtfKind.Float, name: "x", size: 4 }],
  // 5.16.
  "declaration tag": [VARIABLE, { kind: BtfKind.DeclTag, name: "x", type: 2, componentIndex: -1 }],
  // 5.17.
  "type tag": [
    { kind: BtfKind.TypeTag, name: "x", type: 1 },
    { kind: BtfKind.Ptr, name: "", type: 2 },
  ],
  // 6.0.
  enum64: [{ kind: BtfKind.Enum64, name: "x", size: 8, signed: false, values: [{ name: "y", value: 0n }] }],
  // 6.9.
  "? section": [
    VARIABLE,
    { kind: BtfKind.Datasec, name: "?x", size: 4, variables: [{ type: 2, offset: 0, size: 4 }] },
  ],
};

const known = new Map<BtfFeature, boolean>();

/** Whether the running kernel takes BTF that has a feature. */
export function supportsBtf(feature: BtfFeature): boolean {
  let isSupported = known.get(feature);
  if (isSupported === undefined) {
    isSupported = isTaken(PROBES[feature]);
    known.set(feature, isSupported);
  }
  return isSupported;
}

function isTaken(types: readonly BtfType[]): boolean {
  const builder = new BtfBuilder({ littleEndian: isLittleEndian });
  for (const type of [INT, ...types]) builder.add(type);
  const { fd } = loadBtfBytes(builder.toBytes());
  if (fd === undefined) return false;
  libc().close(fd);
  return true;
}
