import { type Instruction, insn } from "../../../src/asm/index.js";
import { FRAME_POINTER, type FunctionWriter } from "./function-writer.js";
import type { HelperStep } from "./step.js";

const CSUM_DIFF = 28;
const LOOPBACK = 1;
const VLAN_PROTOCOL = 0x0081;

/** Helpers by id, with their arguments from r2 on; r1 is the context. */
interface Call {
  readonly id: number;
  readonly args: readonly number[];
}

/**
 * Helpers that move the packet's ends, or change it otherwise. Those that grow an sk_buff's head take
 * little, and come in no code that may run often: where its 64 bytes of headroom are not enough, Linux
 * doubles the buffer, has no memory for the tenth time, and takes a transport header for set that is
 * not (net/core/skbuff.c, skb_headers_offset_update).
 */
function adjustments({ hook, isRepeated }: FunctionWriter, delta: number): readonly Call[] {
  if (hook === "xdp") {
    return [
      { id: 44, args: [delta] }, // bpf_xdp_adjust_head
      { id: 54, args: [delta] }, // bpf_xdp_adjust_meta
      { id: 54, args: [delta & -4] },
      { id: 65, args: [delta] }, // bpf_xdp_adjust_tail
    ];
  }
  const growing = [
    { id: 43, args: [delta & 3, 0] }, // bpf_skb_change_head
    { id: 18, args: [VLAN_PROTOCOL, delta & 0xffff] }, // bpf_skb_vlan_push
  ];
  return [
    { id: 38, args: [60 + delta, 0] }, // bpf_skb_change_tail
    { id: 39, args: [Math.abs(delta)] }, // bpf_skb_pull_data
    { id: 19, args: [] }, // bpf_skb_vlan_pop
    ...(isRepeated ? [] : growing),
  ];
}

/** Helpers that tell or set something of the packet and leave its bytes alone. */
function facts(hook: FunctionWriter["hook"], argument: number): readonly Call[] {
  if (hook === "xdp") return [{ id: 188, args: [] }]; // bpf_xdp_get_buff_len
  return [
    { id: 41, args: [] }, // bpf_set_hash_invalid
    { id: 48, args: [argument * 0x01020304] }, // bpf_set_hash
    { id: 32, args: [argument % 5] }, // bpf_skb_change_type
    { id: 135, args: [argument % 5] }, // bpf_csum_level
    { id: 40, args: [argument * 7919] }, // bpf_csum_update
  ];
}

const withContext = (w: FunctionWriter, { id, args }: Call): Instruction[] => [
  insn.mov64Reg(1, w.context as number),
  ...args.map((value, index) => insn.mov64Imm(index + 2, value | 0)),
  insn.call(id),
];

export function writeAdjust(w: FunctionWriter, step: Extract<HelperStep, { kind: "adjust" }>): void {
  if (w.context === undefined || w.known.hasPacketPointer) return;
  const calls = adjustments(w, step.delta);
  w.code.emit(...withContext(w, calls[step.which % calls.length]));
  w.known.called(true);
}

export function writePacketFact(w: FunctionWriter, step: Extract<HelperStep, { kind: "packet fact" }>): void {
  const { which, argument } = step;
  if (which % 3 === 0) {
    // bpf_redirect; bpf_get_smp_processor_id.
    if (argument % 2 === 0)
      w.code.emit(insn.mov64Imm(1, LOOPBACK), insn.mov64Imm(2, argument % 3), insn.call(23));
    else w.code.emit(insn.call(8));
    w.known.called(true);
    return;
  }
  if (w.context === undefined) return;
  const calls = facts(w.hook, argument);
  w.code.emit(...withContext(w, calls[which % calls.length]));
  w.known.called(true);
}

/** Bytes from the packet to the stack or back. */
export function writeCopy(w: FunctionWriter, step: Extract<HelperStep, { kind: "copy" }>): void {
  // bpf_skb_store_bytes may move the packet.
  if (w.context === undefined || (step.isStore && w.known.hasPacketPointer)) return;
  const { isStore, offset, length } = step;
  w.fillData();
  const [load, store] = w.hook === "xdp" ? [189, 190] : [26, 9];
  w.code.emit(
    insn.mov64Reg(1, w.context),
    insn.mov64Imm(2, offset),
    insn.mov64Reg(3, FRAME_POINTER),
    insn.alu64Imm("Add", 3, w.dataOffset(0)),
    insn.mov64Imm(4, length),
    ...(isStore && w.hook === "tc" ? [insn.mov64Imm(5, 0)] : []),
    insn.call(isStore ? store : load),
  );
  w.known.called(true);
}

/** bpf_csum_diff of bytes of the stack and of the newest pointer's. */
export function writeChecksum(w: FunctionWriter, step: Extract<HelperStep, { kind: "checksum" }>): void {
  w.fillData();
  const seed = w.scalar(step.seed);
  const other = w.known.pointers.at(-1);
  const stackBytes = step.from * 4;
  const otherBytes = Math.min(step.to * 4, (other?.size ?? 0) & -4);
  w.code.emit(
    insn.mov64Reg(5, seed),
    ...(stackBytes === 0
      ? [insn.mov64Imm(1, 0)]
      : [insn.mov64Reg(1, FRAME_POINTER), insn.alu64Imm("Add", 1, w.dataOffset(0))]),
    insn.mov64Imm(2, stackBytes),
    other === undefined || otherBytes === 0 ? insn.mov64Imm(3, 0) : insn.mov64Reg(3, other.register),
    insn.mov64Imm(4, otherBytes),
    insn.call(CSUM_DIFF),
  );
  w.known.called(true);
}
