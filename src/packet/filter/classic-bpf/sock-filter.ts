/** One instruction of classic BPF: struct sock_filter of include/uapi/linux/filter.h. */
export interface SockFilter {
  /** One of `ClassicBpfCode`. */
  readonly code: number;
  /** Instructions to skip where the condition holds; 0 .. 255. */
  readonly jt: number;
  /** Instructions to skip where it does not. */
  readonly jf: number;
  /** Constant, offset in bytes, word of scratch memory or distance; unsigned, 32 bits. */
  readonly k: number;
}

/** Words of scratch memory, M[0] .. M[15]: BPF_MEMWORDS. */
export const SCRATCH_WORDS = 16;

/** What a `struct sock_filter` occupies. */
const SIZE = 8;

/**
 * The program as Linux takes it in struct sock_fprog (SO_ATTACH_FILTER), in the byte order of the
 * machine that it is given to.
 */
export function encodeSockFilters(program: readonly SockFilter[], littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(program.length * SIZE));
  for (const [i, { code, jt, jf, k }] of program.entries()) {
    view.setUint16(i * SIZE, code, littleEndian);
    view.setUint8(i * SIZE + 2, jt);
    view.setUint8(i * SIZE + 3, jf);
    view.setUint32(i * SIZE + 4, k, littleEndian);
  }
  return new Uint8Array(view.buffer);
}
