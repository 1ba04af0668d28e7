import { fieldText, objectInfo } from "./map-info.js";
import { isLittleEndian } from "./sys/libc.js";

/** What the kernel says of a program: struct bpf_prog_info. */
export interface ProgramInfo {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  /** 8 bytes that its code is known by, in hexadecimal digits. */
  readonly tag: string;
  /** Bytes of machine code, and of BPF code as the verifier rewrote it. */
  readonly jitedLength: number;
  readonly translatedLength: number;
  readonly btfId: number;
  /** Instructions that the verifier went through. */
  readonly verifiedInstructions: number;
}

/** struct bpf_prog_info up to attach_btf_id. */
const SIZE = 224;

export function programInfo(fd: number): ProgramInfo {
  const info = new Uint8Array(SIZE);
  objectInfo(fd, info);
  const view = new DataView(info.buffer);
  const u32 = (offset: number) => view.getUint32(offset, isLittleEndian);
  return {
    type: u32(0),
    id: u32(4),
    tag: Buffer.from(info.subarray(8, 16)).toString("hex"),
    jitedLength: u32(16),
    translatedLength: u32(20),
    name: fieldText(info.subarray(64, 80)),
    btfId: u32(128),
    verifiedInstructions: u32(216),
  };
}
