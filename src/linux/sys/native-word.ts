import { isLittleEndian } from "./libc.js";

/** A 32-bit number as the kernel has it in memory: indices, CPUs and file descriptors in maps. */
export function nativeWord(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, isLittleEndian);
  return bytes;
}
