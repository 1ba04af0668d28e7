import { MapFlag } from "../uapi/index.js";
import { Attributes } from "./sys/attributes.js";
import { BpfCommand } from "./sys/bpf-command.js";

/** What BPF_MAP_CREATE takes; sizes in bytes, the value's for one CPU. */
export interface MapShape {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly mapExtra?: bigint | undefined;
  readonly numaNode?: number | undefined;
  /** A map of the shape of the inner ones. */
  readonly innerFd?: number | undefined;
  /** Types of key and value: the file descriptor of their BTF, and their ids. */
  readonly types?: { readonly btfFd: number; readonly key: number; readonly value: number } | undefined;
}

/** union bpf_attr up to map_extra. */
const SIZE = 72;

/** BPF_MAP_CREATE: a file descriptor. Throws KernelError. */
export function createMap(shape: MapShape): number {
  const hasNode = shape.numaNode !== undefined && (shape.flags & MapFlag.NumaNode) !== 0;
  const attributes = new Attributes(SIZE)
    .u32(0, shape.type)
    .u32(4, shape.keySize)
    .u32(8, shape.valueSize)
    .u32(12, shape.maxEntries)
    .u32(16, shape.flags)
    .u32(20, shape.innerFd ?? 0)
    .u32(24, hasNode ? (shape.numaNode ?? 0) : 0)
    .name(28, shape.name)
    .u64(64, shape.mapExtra ?? 0n);
  if (shape.types !== undefined) {
    attributes.u32(48, shape.types.btfFd).u32(52, shape.types.key).u32(56, shape.types.value);
  }
  return attributes.call(BpfCommand.MapCreate, `map ${shape.name}`);
}
