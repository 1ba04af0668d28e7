/**
 * Every code of classic BPF that Linux takes (net/core/filter.c, chk_code_allowed), as
 * include/uapi/linux/bpf_common.h composes it of class, size, mode, operation and source. A is the
 * accumulator, X the index register, K the constant of the instruction.
 */
export const ClassicBpfCode = {
  LdWordAbs: 0x20,
  LdHalfAbs: 0x28,
  LdByteAbs: 0x30,
  LdWordInd: 0x40,
  LdHalfInd: 0x48,
  LdByteInd: 0x50,
  LdImm: 0x00,
  LdMem: 0x60,
  LdLen: 0x80,
  LdxImm: 0x01,
  LdxMem: 0x61,
  LdxLen: 0x81,
  /** X = 4 * (packet[K] & 15): the length of an IPv4 header. */
  LdxMsh: 0xb1,
  St: 0x02,
  Stx: 0x03,
  AddK: 0x04,
  AddX: 0x0c,
  SubK: 0x14,
  SubX: 0x1c,
  MulK: 0x24,
  MulX: 0x2c,
  DivK: 0x34,
  DivX: 0x3c,
  OrK: 0x44,
  OrX: 0x4c,
  AndK: 0x54,
  AndX: 0x5c,
  LshK: 0x64,
  LshX: 0x6c,
  RshK: 0x74,
  RshX: 0x7c,
  Neg: 0x84,
  ModK: 0x94,
  ModX: 0x9c,
  XorK: 0xa4,
  XorX: 0xac,
  Ja: 0x05,
  JeqK: 0x15,
  JeqX: 0x1d,
  JgtK: 0x25,
  JgtX: 0x2d,
  JgeK: 0x35,
  JgeX: 0x3d,
  JsetK: 0x45,
  JsetX: 0x4d,
  RetK: 0x06,
  RetA: 0x16,
  Tax: 0x07,
  Txa: 0x87,
} as const;

const JUMP_CLASS = 0x05;
const CLASS_MASK = 0x07;
/** BPF_X: the second operand is register X. */
export const SOURCE_X = 0x08;

/** A jump that goes by a condition: all of the class but `ja`. */
export function isConditional(code: number): boolean {
  return (code & CLASS_MASK) === JUMP_CLASS && code !== ClassicBpfCode.Ja;
}

/** RET K or RET A: the program ends here. */
export function isReturn(code: number): boolean {
  return code === ClassicBpfCode.RetK || code === ClassicBpfCode.RetA;
}

/** Does it read (`ld`, `ldx`) or write (`st`, `stx`) the word M[K] of scratch memory? */
export function scratchAccess(code: number): "read" | "write" | undefined {
  if (code === ClassicBpfCode.LdMem || code === ClassicBpfCode.LdxMem) return "read";
  return code === ClassicBpfCode.St || code === ClassicBpfCode.Stx ? "write" : undefined;
}
