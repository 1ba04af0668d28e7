import { checkClassicBpf } from "./check-program.js";
import { ClassicBpfCode, isConditional } from "./code.js";
import { SCRATCH_WORDS, type SockFilter } from "./sock-filter.js";
import { unsetScratchReads } from "./unset-scratch.js";

/** Numbers an instruction occupies once decoded: its case below, K, and where to go on (true, false). */
const STRIDE = 4;

/**
 * Codes in the order of the machine's cases: small numbers without gaps, written out, are what engines
 * make one jump of. Names in their place would be compared one after the other.
 */
const cases: readonly number[] = [
  ClassicBpfCode.LdWordAbs,
  ClassicBpfCode.LdHalfAbs,
  ClassicBpfCode.LdByteAbs,
  ClassicBpfCode.LdWordInd,
  ClassicBpfCode.LdHalfInd,
  ClassicBpfCode.LdByteInd,
  ClassicBpfCode.LdxMsh,
  ClassicBpfCode.LdImm,
  ClassicBpfCode.LdxImm,
  ClassicBpfCode.LdLen,
  ClassicBpfCode.LdxLen,
  ClassicBpfCode.LdMem,
  ClassicBpfCode.LdxMem,
  ClassicBpfCode.St,
  ClassicBpfCode.Stx,
  ClassicBpfCode.Tax,
  ClassicBpfCode.Txa,
  ClassicBpfCode.AddX,
  ClassicBpfCode.AddK,
  ClassicBpfCode.SubX,
  ClassicBpfCode.SubK,
  ClassicBpfCode.MulX,
  ClassicBpfCode.MulK,
  ClassicBpfCode.DivX,
  ClassicBpfCode.DivK,
  ClassicBpfCode.ModX,
  ClassicBpfCode.ModK,
  ClassicBpfCode.AndX,
  ClassicBpfCode.AndK,
  ClassicBpfCode.OrX,
  ClassicBpfCode.OrK,
  ClassicBpfCode.XorX,
  ClassicBpfCode.XorK,
  ClassicBpfCode.LshX,
  ClassicBpfCode.LshK,
  ClassicBpfCode.RshX,
  ClassicBpfCode.RshK,
  ClassicBpfCode.Neg,
  ClassicBpfCode.JeqK,
  ClassicBpfCode.JeqX,
  ClassicBpfCode.JgtK,
  ClassicBpfCode.JgtX,
  ClassicBpfCode.JgeK,
  ClassicBpfCode.JgeX,
  ClassicBpfCode.JsetK,
  ClassicBpfCode.JsetX,
  ClassicBpfCode.Ja,
  ClassicBpfCode.RetK,
  ClassicBpfCode.RetA,
];

/**
 * Rounds of loops in one run, after which the packet is rejected. The headers that a loop of ours
 * walks are 8 bytes long at least, so that no packet comes near it; a loop that does not move on is
 * stopped by it.
 */
const MOST_ROUNDS = 1 << 16;

/**
 * The machine of classic BPF, as libpcap's interpreter runs it (bpf_filter.c) and Linux with it: a
 * load that is not wholly within the captured bytes rejects the packet, and so does a division by
 * zero; loads are of network byte order, `len` is the length on the wire. Linux differs in this: it
 * takes a shift by X modulo 32, where here X of 32 and more gives 0; it adds X and K modulo 2³², where
 * here neither may be past the packet's end; and it has metadata at offsets from 0xfff00000 on.
 */
export class ClassicBpfMachine {
  readonly #code: Int32Array;
  readonly #scratch = new Int32Array(SCRATCH_WORDS);
  readonly #readsUnsetScratch: boolean;

  /** Throws InstructionError where the program is none; see `checkClassicBpf`. */
  constructor(program: readonly SockFilter[]) {
    checkClassicBpf(program);
    this.#code = decode(program);
    this.#readsUnsetScratch = unsetScratchReads(program) !== 0;
  }

  /**
   * What the program returns for a packet: 0 rejects it, anything else is how many bytes to keep.
   * The packet is `bytes[at .. at + capturedLength)`, of which `wireLength` bytes were on the wire.
   * Allocates nothing.
   */
  run(bytes: Uint8Array, capturedLength: number, wireLength: number, at = 0): number {
    const code = this.#code;
    const scratch = this.#scratch;
    if (this.#readsUnsetScratch) scratch.fill(0);
    let a = 0;
    let x = 0;
    let rounds = 0;
    let pc = 0;
    for (;;) {
      const k = code[pc + 1];
      switch (code[pc]) {
        case 0: // LdWordAbs
          if (k < 0 || k > capturedLength - 4) return 0;
          a = word(bytes, at + k);
          break;
        case 1: // LdHalfAbs
          if (k < 0 || k > capturedLength - 2) return 0;
          a = (bytes[at + k] << 8) | bytes[at + k + 1];
          break;
        case 2: // LdByteAbs
          if (k < 0 || k >= capturedLength) return 0;
          a = bytes[at + k];
          break;
        // Neither X nor K may be past the packet's end, so that their sum cannot come round.
        case 3: // LdWordInd
          if (x < 0 || k < 0 || x + k > capturedLength - 4) return 0;
          a = word(bytes, at + x + k);
          break;
        case 4: // LdHalfInd
          if (x < 0 || k < 0 || x + k > capturedLength - 2) return 0;
          a = (bytes[at + x + k] << 8) | bytes[at + x + k + 1];
          break;
        case 5: // LdByteInd
          if (x < 0 || k < 0 || x + k >= capturedLength) return 0;
          a = bytes[at + x + k];
          break;
        case 6: // LdxMsh
          if (k < 0 || k >= capturedLength) return 0;
          x = (bytes[at + k] & 0xf) << 2;
          break;
        case 7: // LdImm
          a = k;
          break;
        case 8: // LdxImm
          x = k;
          break;
        case 9: // LdLen
          a = wireLength | 0;
          break;
        case 10: // LdxLen
          x = wireLength | 0;
          break;
        case 11: // LdMem
          a = scratch[k];
          break;
        case 12: // LdxMem
          x = scratch[k];
          break;
        case 13: // St
          scratch[k] = a;
          break;
        case 14: // Stx
          scratch[k] = x;
          break;
        case 15: // Tax
          x = a;
          break;
        case 16: // Txa
          a = x;
          break;
        case 17: // AddX
          a = (a + x) | 0;
          break;
        case 18: // AddK
          a = (a + k) | 0;
          break;
        case 19: // SubX
          a = (a - x) | 0;
          break;
        case 20: // SubK
          a = (a - k) | 0;
          break;
        case 21: // MulX
          a = Math.imul(a, x);
          break;
        case 22: // MulK
          a = Math.imul(a, k);
          break;
        case 23: // DivX
          if (x === 0) return 0;
          a = ((a >>> 0) / (x >>> 0)) | 0;
          break;
        case 24: // DivK
          a = ((a >>> 0) / (k >>> 0)) | 0;
          break;
        case 25: // ModX
          if (x === 0) return 0;
          a = ((a >>> 0) % (x >>> 0)) | 0;
          break;
        case 26: // ModK
          a = ((a >>> 0) % (k >>> 0)) | 0;
          break;
        case 27: // AndX
          a &= x;
          break;
        case 28: // AndK
          a &= k;
          break;
        case 29: // OrX
          a |= x;
          break;
        case 30: // OrK
          a |= k;
          break;
        case 31: // XorX
          a ^= x;
          break;
        case 32: // XorK
          a ^= k;
          break;
        case 33: // LshX
          a = x >>> 0 < 32 ? a << x : 0;
          break;
        case 34: // LshK
          a <<= k;
          break;
        case 35: // RshX
          a = x >>> 0 < 32 ? a >>> x : 0;
          break;
        case 36: // RshK
          a >>>= k;
          break;
        case 37: // Neg
          a = -a | 0;
          break;
        case 38: // JeqK
          pc = code[a === k ? pc + 2 : pc + 3];
          continue;
        case 39: // JeqX
          pc = code[a === x ? pc + 2 : pc + 3];
          continue;
        case 40: // JgtK
          pc = code[a >>> 0 > k >>> 0 ? pc + 2 : pc + 3];
          continue;
        case 41: // JgtX
          pc = code[a >>> 0 > x >>> 0 ? pc + 2 : pc + 3];
          continue;
        case 42: // JgeK
          pc = code[a >>> 0 >= k >>> 0 ? pc + 2 : pc + 3];
          continue;
        case 43: // JgeX
          pc = code[a >>> 0 >= x >>> 0 ? pc + 2 : pc + 3];
          continue;
        case 44: // JsetK
          pc = code[(a & k) !== 0 ? pc + 2 : pc + 3];
          continue;
        case 45: // JsetX
          pc = code[(a & x) !== 0 ? pc + 2 : pc + 3];
          continue;
        case 46: // Ja
          if (k < 0 && ++rounds > MOST_ROUNDS) return 0;
          pc = code[pc + 2];
          continue;
        case 47: // RetK
          return k >>> 0;
        default:
          // RetA: the constructor let no other code in.
          return a >>> 0;
      }
      pc += STRIDE;
    }
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

/** Four numbers for each instruction, jumps with the place that they go to. */
function decode(program: readonly SockFilter[]): Int32Array {
  const code = new Int32Array(program.length * STRIDE);
  for (const [slot, instruction] of program.entries()) {
    const at = slot * STRIDE;
    const jumps = isConditional(instruction.code);
    code[at] = cases.indexOf(instruction.code);
    code[at + 1] = instruction.k;
    code[at + 2] = (slot + 1 + (jumps ? instruction.jt : instruction.k | 0)) * STRIDE;
    code[at + 3] = (slot + 1 + instruction.jf) * STRIDE;
  }
  return code;
}
