import { SLOT_SIZE } from "./opcodes.js";

/**
 * One eBPF instruction as its fields. A 64-bit immediate load takes two slots of code and is one
 * Instruction whose `nextImm` is the second slot's immediate.
 */
export interface Instruction {
  /** The opcode byte. */
  readonly opcode: number;
  /** Destination register, 0 to 10. */
  readonly dst: number;
  /** Source register, 0 to 10, or a PseudoLd or PseudoCall number. */
  readonly src: number;
  /** Signed 16-bit offset. */
  readonly offset: number;
  /** Signed 32-bit immediate. */
  readonly imm: number;
  /** Signed 32-bit immediate of the second slot; only 64-bit immediate loads have it. */
  readonly nextImm?: number | undefined;
}

/** The opcode of a 64-bit immediate load: BPF_LD | BPF_IMM | BPF_DW. */
export const LD_IMM64 = 0x18;

/**
 * Code as a kernel takes it, read and written slot by slot in place: little endian, 8 bytes a slot
 * (RFC 9669 §3.1). Nothing is checked; `decode` does that.
 */
export class CodeView {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Slots of 8 bytes. */
  get length(): number {
    return Math.floor(this.bytes.length / SLOT_SIZE);
  }

  opcode(slot: number): number {
    return this.bytes[slot * SLOT_SIZE];
  }

  dst(slot: number): number {
    return this.bytes[slot * SLOT_SIZE + 1] & 0x0f;
  }

  src(slot: number): number {
    return this.bytes[slot * SLOT_SIZE + 1] >> 4;
  }

  offset(slot: number): number {
    return this.#view.getInt16(slot * SLOT_SIZE + 2, true);
  }

  imm(slot: number): number {
    return this.#view.getInt32(slot * SLOT_SIZE + 4, true);
  }

  isWide(slot: number): boolean {
    return this.opcode(slot) === LD_IMM64;
  }

  setSrc(slot: number, src: number): void {
    this.bytes[slot * SLOT_SIZE + 1] = (src << 4) | this.dst(slot);
  }

  setOffset(slot: number, offset: number): void {
    this.#view.setInt16(slot * SLOT_SIZE + 2, offset, true);
  }

  setImm(slot: number, imm: number): void {
    this.#view.setInt32(slot * SLOT_SIZE + 4, imm, true);
  }

  /** Writes a whole slot; a wide instruction's second slot is written too. */
  set(slot: number, insn: Instruction): void {
    const at = slot * SLOT_SIZE;
    this.bytes[at] = insn.opcode;
    this.bytes[at + 1] = (insn.src << 4) | insn.dst;
    this.#view.setInt16(at + 2, insn.offset, true);
    this.#view.setInt32(at + 4, insn.imm, true);
    if (insn.nextImm !== undefined) {
      this.#view.setUint32(at + 8, 0, true);
      this.#view.setInt32(at + 12, insn.nextImm, true);
    }
  }
}
