import { Attributes } from "./sys/attributes.js";
import { BpfCommand } from "./sys/bpf-command.js";
import { isLittleEndian } from "./sys/libc.js";

/** What the kernel says of a map: struct bpf_map_info. */
export interface MapInfo {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  /** Bytes; the value's is one CPU's. */
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly mapExtra: bigint;
  /** BTF that describes key and value; 0 where there is none. */
  readonly btfId: number;
  readonly keyTypeId: number;
  readonly valueTypeId: number;
}

/** struct bpf_map_info up to map_extra; a kernel that has less leaves the rest zero. */
const MAP_INFO_SIZE = 88;

/** BPF_OBJ_GET_INFO_BY_FD: fills `info` with what the kernel knows, and returns how much it filled. */
export function objectInfo(fd: number, info: Uint8Array): number {
  const attributes = new Attributes(16).u32(0, fd).u32(4, info.length).pointer(8, info);
  attributes.call(BpfCommand.ObjGetInfoByFd);
  return attributes.readU32(4);
}

/** Text that ends with a NUL, or with the field. */
export function fieldText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

export function mapInfo(fd: number): MapInfo {
  const info = new Uint8Array(MAP_INFO_SIZE);
  objectInfo(fd, info);
  const view = new DataView(info.buffer);
  const u32 = (offset: number) => view.getUint32(offset, isLittleEndian);
  return {
    type: u32(0),
    id: u32(4),
    keySize: u32(8),
    valueSize: u32(12),
    maxEntries: u32(16),
    flags: u32(20),
    name: fieldText(info.subarray(24, 40)),
    btfId: u32(64),
    keyTypeId: u32(68),
    valueTypeId: u32(72),
    mapExtra: view.getBigUint64(80, isLittleEndian),
  };
}
