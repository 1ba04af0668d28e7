import { type CodeView, InsnClass, InsnSource, MemSize, SLOT_SIZE } from "../../asm/index.js";
import { BtfKind, type BtfType } from "../../btf/index.js";
import { ObjectFormatError } from "../../errors.js";

/** A helper that no kernel has: what relocations that failed make of their instruction, "bad relo". */
export const POISON_HELPER = 0xbad2310;

const CALL_HELPER = 0x85;
const MAX_OFFSET = 0x7fff;
const SIZES = new Map<number, number>([
  [1, MemSize.B],
  [2, MemSize.H],
  [4, MemSize.W],
  [8, MemSize.Dw],
]);
const SIZE_MASK = 0x18;

/** What a field is read as, before and after. */
export interface MemoryChange {
  readonly from: { readonly size: number; readonly type: BtfType };
  readonly to: { readonly size: number; readonly type: BtfType };
}

export interface Patch {
  /** What must stand there now; undefined where that is open. */
  readonly expected: bigint | undefined;
  readonly value: bigint;
  /** Whether both are of 32 bits, extended to 64 as the instruction has it. */
  readonly isWord: boolean;
  readonly memory: MemoryChange;
}

/** Makes an instruction a call that no verifier accepts, so that it may stand only where nobody comes. */
export function poison(code: CodeView, slot: number): void {
  const call = { opcode: CALL_HELPER, dst: 0, src: 0, offset: 0, imm: POISON_HELPER };
  // A load's second half alone would be an invalid instruction.
  if (code.isWide(slot) && slot + 1 < code.length) code.set(slot + 1, call);
  code.set(slot, call);
}

/**
 * Writes a relocation's value into its instruction: the immediate of an ALU instruction or of a 64-bit
 * load, the offset of a memory access, whose width follows the field's. Returns "out-of-range" where the
 * value has no room, and poisons an access that would read the field wrongly (libbpf's
 * bpf_core_patch_insn). Throws ObjectFormatError where the instruction is not what the compiler says.
 */
export function patchInstruction(code: CodeView, slot: number, patch: Patch): "patched" | "out-of-range" {
  const opcode = code.opcode(slot);
  switch (opcode & 7) {
    case InsnClass.Alu:
    case InsnClass.Alu64:
      if ((opcode & InsnSource.X) !== 0) return fail(slot, "has no immediate");
      expectValue(slot, BigInt(code.imm(slot)), patch, 32);
      code.setImm(slot, Number(BigInt.asIntN(32, patch.value)));
      return "patched";
    case InsnClass.Ldx:
    case InsnClass.St:
    case InsnClass.Stx:
      expectValue(slot, BigInt(code.offset(slot)), patch, 64);
      if (patch.value > MAX_OFFSET) return "out-of-range";
      patchAccess(code, slot, patch);
      return "patched";
    default:
      if (!isPlainLoad(code, slot))
        return fail(slot, `of opcode 0x${opcode.toString(16)} takes no relocation`);
      patchWideLoad(code, slot, patch);
      return "patched";
  }
}

function fail(slot: number, why: string): never {
  throw new ObjectFormatError(`CO-RE relocation: instruction ${slot} ${why}`, { section: ".BTF.ext" });
}

function expectValue(slot: number, found: bigint, patch: Patch, bits: number): void {
  const { expected } = patch;
  if (expected === undefined || BigInt.asUintN(bits, found) === BigInt.asUintN(bits, expected)) return;
  fail(slot, `has ${found} where the object's types say ${expected}`);
}

function isPlainLoad(code: CodeView, slot: number): boolean {
  if (!code.isWide(slot) || slot + 1 >= code.length) return false;
  const isPlain = code.src(slot) === 0 && code.offset(slot) === 0;
  const next = slot + 1;
  return (
    isPlain &&
    code.opcode(next) === 0 &&
    code.dst(next) === 0 &&
    code.src(next) === 0 &&
    code.offset(next) === 0
  );
}

function patchAccess(code: CodeView, slot: number, { value, memory }: Patch): void {
  if (memory.from.size !== memory.to.size) {
    if (!isWidthFree(memory)) {
      poison(code, slot);
      return;
    }
    const from = SIZES.get(memory.from.size);
    const to = SIZES.get(memory.to.size);
    const opcode = code.opcode(slot);
    if (from === undefined || (opcode & SIZE_MASK) !== from) {
      fail(slot, `does not access the ${memory.from.size} bytes that the field has`);
    }
    if (to === undefined)
      fail(slot, `cannot access the ${memory.to.size} bytes that the field has in the target`);
    code.bytes[slot * SLOT_SIZE] = (opcode & ~SIZE_MASK) | (to ?? 0);
  }
  code.setOffset(slot, Number(value));
}

/**
 * Whether a load of another width gives the same: of pointers, and of unsigned numbers, which are
 * extended by zeroes.
 */
function isWidthFree({ from, to }: MemoryChange): boolean {
  if (from.type.kind === BtfKind.Ptr && to.type.kind === BtfKind.Ptr) return true;
  const isUnsigned = (type: BtfType) => type.kind === BtfKind.Int && !type.encoding.signed;
  return isUnsigned(from.type) && isUnsigned(to.type);
}

function patchWideLoad(code: CodeView, slot: number, patch: Patch): void {
  const low = BigInt.asUintN(32, BigInt(code.imm(slot)));
  const high = BigInt(code.imm(slot + 1));
  expectValue(slot, low | (high << 32n), patch, patch.isWord ? 32 : 64);
  // An enumerator from 2^31 on stands there as what it is in C; libbpf refuses it.
  const isUnsigned = patch.isWord && high === 0n && low >= 1n << 31n;
  const value = isUnsigned ? BigInt.asUintN(32, patch.value) : patch.value;
  code.setImm(slot, Number(BigInt.asIntN(32, value)));
  code.setImm(slot + 1, Number(BigInt.asIntN(32, value >> 32n)));
}
