import type { ByteOrder } from "./decode.js";
import { CodeView, type Instruction } from "./instruction.js";
import { SLOT_SIZE } from "./opcodes.js";

/** Instructions as bytes, 8 a slot; a 64-bit immediate load takes two slots (RFC 9669 §3.1). */
export function encode(insns: readonly Instruction[], byteOrder: ByteOrder = "little"): Uint8Array {
  const slots = insns.reduce((sum, insn) => sum + (insn.nextImm === undefined ? 1 : 2), 0);
  const code = new CodeView(new Uint8Array(slots * SLOT_SIZE));
  let slot = 0;
  for (const insn of insns) {
    code.set(slot, insn);
    slot += insn.nextImm === undefined ? 1 : 2;
  }
  return byteOrder === "little" ? code.bytes : swapCode(code.bytes);
}

/**
 * The same code in the other byte order: offset and immediate are byte-swapped and the two register
 * nibbles change places (RFC 9669 §3.1).
 */
export function swapCode(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let at = 0; at + SLOT_SIZE <= bytes.length; at += SLOT_SIZE) {
    out[at] = bytes[at];
    out[at + 1] = (bytes[at + 1] >> 4) | ((bytes[at + 1] & 0x0f) << 4);
    out[at + 2] = bytes[at + 3];
    out[at + 3] = bytes[at + 2];
    for (let i = 0; i < 4; i++) out[at + 4 + i] = bytes[at + 7 - i];
  }
  return out;
}
