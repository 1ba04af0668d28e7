/**
 * The numbers of the eBPF instruction set: RFC 9669 §3 to §5, and include/uapi/linux/bpf.h for what
 * came after it.
 */

/** Instruction classes: the low three bits of an opcode (RFC 9669 §3.2). */
export const InsnClass = {
  Ld: 0x00,
  Ldx: 0x01,
  St: 0x02,
  Stx: 0x03,
  Alu: 0x04,
  Jmp: 0x05,
  Jmp32: 0x06,
  Alu64: 0x07,
} as const;

/** Operand source bit of ALU and JMP opcodes: K is the immediate, X the source register. */
export const InsnSource = { K: 0x00, X: 0x08 } as const;

/** Width of a memory access (RFC 9669 §5). */
export const MemSize = { W: 0x00, H: 0x08, B: 0x10, Dw: 0x18 } as const;

/** Mode of a memory access (RFC 9669 §5). */
export const MemMode = {
  Imm: 0x00,
  Abs: 0x20,
  Ind: 0x40,
  Mem: 0x60,
  Memsx: 0x80,
  Atomic: 0xc0,
} as const;

/** ALU operations: the high four bits of an opcode of class Alu or Alu64 (RFC 9669 §4.1). */
export const AluOp = {
  Add: 0x00,
  Sub: 0x10,
  Mul: 0x20,
  Div: 0x30,
  Or: 0x40,
  And: 0x50,
  Lsh: 0x60,
  Rsh: 0x70,
  Neg: 0x80,
  Mod: 0x90,
  Xor: 0xa0,
  Mov: 0xb0,
  Arsh: 0xc0,
  End: 0xd0,
} as const;

/** Jump operations: the high four bits of an opcode of class Jmp or Jmp32 (RFC 9669 §4.3). */
export const JmpOp = {
  Ja: 0x00,
  Jeq: 0x10,
  Jgt: 0x20,
  Jge: 0x30,
  Jset: 0x40,
  Jne: 0x50,
  Jsgt: 0x60,
  Jsge: 0x70,
  Call: 0x80,
  Exit: 0x90,
  Jlt: 0xa0,
  Jle: 0xb0,
  Jslt: 0xc0,
  Jsle: 0xd0,
  /** may_goto: BPF_JCOND with src 0 (Linux 6.10). */
  Jcond: 0xe0,
} as const;

/** The immediate of an atomic operation (RFC 9669 §5.3); load-acquire and store-release since 6.15. */
export const AtomicOp = {
  Add: 0x00,
  Or: 0x40,
  And: 0x50,
  Xor: 0xa0,
  Fetch: 0x01,
  Xchg: 0xe1,
  Cmpxchg: 0xf1,
  LoadAcq: 0x100,
  StoreRel: 0x110,
} as const;

/** What the src field of a 64-bit immediate load means (RFC 9669 §5.4, BPF_PSEUDO_* in uapi/bpf.h). */
export const PseudoLd = {
  /** A plain 64-bit number. */
  Imm64: 0,
  /** imm is a map's file descriptor. */
  MapFd: 1,
  /** imm is a map's file descriptor, next_imm an offset into its only value. */
  MapValue: 2,
  /** imm is the BTF id of a kernel variable; next_imm the module's BTF descriptor. */
  BtfId: 3,
  /** imm is the distance in slots to a subprogram, counted from the next instruction. */
  Func: 4,
  /** imm is an index into the fd_array of the load call. */
  MapIdx: 5,
  /** As MapValue, with an fd_array index. */
  MapIdxValue: 6,
} as const;

/** What the src field of a call means (RFC 9669 §4.3.1). */
export const PseudoCall = {
  /** imm is a helper's number. */
  Helper: 0,
  /** imm is the distance in slots to a subprogram, counted from the next instruction. */
  Local: 1,
  /** imm is a kfunc's BTF id; offset an index into fd_array. */
  Kfunc: 2,
} as const;

/** Offset of a mov that casts between address spaces: BPF_ADDR_SPACE_CAST (arena programs). */
export const ADDR_SPACE_CAST = 1;

/** Bytes of one instruction slot. */
export const SLOT_SIZE = 8;

/** Stack bytes of one function's frame (MAX_BPF_STACK). */
export const STACK_SIZE = 512;

/** Frames of bpf-to-bpf calls (MAX_CALL_FRAMES). */
export const MAX_CALL_FRAMES = 8;

/** Tail calls one run may make (MAX_TAIL_CALL_CNT). */
export const MAX_TAIL_CALLS = 33;
